"""The site is light, strict about what may run, and built the same every time."""

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pydata_sphinx_theme
import pytest
import repository
from book import ONE, OTHER, ROOT
from convbook_site import assets, pages, policy, styles
from PIL import Image
from playwright.sync_api import expect
from selectolax.lexbor import LexborHTMLParser, LexborNode


def test_nothing_is_published_that_no_page_loads(site):
    static = [path for path in (site / "_static").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in static) < 1_000_000
    assert not [path for path in static if path.suffix in {".map", ".po", ".ttf"}]


def test_each_reference_inside_a_picture_has_its_target(soups):
    for name, soup in soups.items():
        ids = [tag["id"] for tag in soup.find_all(id=True)]
        assert len(ids) == len(set(ids)), name
        text = str(soup)
        named = re.findall(r"url\(#([^)]+)\)", text) + re.findall(r'xlink:href="#([^"]+)"', text)
        assert set(named) <= set(ids), name


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_pictures_of_few_colors_lose_nothing():
    image = Image.new("RGB", (9, 7))
    image.putdata([(i * 7 % 256, i * 3 % 256, 200) for i in range(63)])
    again = Image.open(io.BytesIO(base64.b64decode(assets.webp(png(image)))))
    assert again.format == "WEBP"
    assert again.convert("RGB").tobytes() == image.tobytes()


def test_a_photograph_loses_little():
    from sklearn.datasets import load_sample_image

    image = Image.fromarray(load_sample_image("china.jpg")[100:200, 200:300])
    data = base64.b64decode(assets.webp(png(image)))
    assert len(data) < len(base64.b64decode(png(image))) / 4
    again = Image.open(io.BytesIO(data)).convert("RGB")
    pairs = zip(image.tobytes(), again.tobytes(), strict=True)
    assert sum(abs(one - other) for one, other in pairs) / len(image.tobytes()) < 8


def test_a_style_sheet_keeps_what_is_used():
    css = """
    .a { color: #123456 } .b { color: red } #c .a { margin: 0 } .set { margin: 1px }
    #d { bottom: 0 } .e { left: 0 } html:not(.never) p { padding: 0 } .a.b, .a p { top: 0 }
    """
    page = '<p class="a x"></p><b id=d class=e>'
    purged = styles.purge(css, page, 'list.add("set")')
    for kept in ("#d{", ".e{", ".a{color:#123456", ".set{", "p{padding:0", ".a p{top:0"):
        assert kept in purged, purged
    for gone in (".b{", "#c"):
        assert gone not in purged, purged


def test_the_style_sheet_of_the_site_lost_no_class_that_a_page_has(site, soups):
    def classes(css):
        return set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"url\([^)]*\)", "", css)))

    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static/styles"
    sheets = [theme / "pydata-sphinx-theme.css", *ROOT.glob("_ext/static/**/*.css")]
    styled = set().union(*(classes(path.read_text("utf-8")) for path in sheets))
    used = {
        name for soup in soups.values() for e in soup.find_all(class_=True) for name in e["class"]
    }
    kept = classes((site / "_static/site.css").read_text("utf-8"))
    assert {"katex", "admonition", "bd-main"} <= styled & used
    assert styled & used <= kept


LETTERS_IN_FORMULAS = """
() => {
  const seen = new Set();
  for (const part of document.querySelectorAll(".katex-html *")) {
    const own = [...part.childNodes].map(node => node.nodeType === 3 ? node.data : "").join("");
    const look = own + getComputedStyle(part).font;
    if (own.trim() && seen.size < seen.add(look).size) part.dataset.letter = own;
  }
}
"""


def test_fonts_of_formulas_have_the_letters_that_they_show(chromium, server, soups):
    """On pages with letters of each kind; no letter comes from a font of the system."""
    kinds = ("mathnormal", "mathsf", "mathcal")
    chosen = {next(page for page in soups if soups[page].select(f".{kind}")) for kind in kinds}
    used = set()
    for page in chosen:
        tab = chromium.new_page()
        tab.goto(server + page)
        tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        tab.evaluate("document.fonts.ready")
        tab.evaluate(LETTERS_IN_FORMULAS)
        ask = tab.context.new_cdp_session(tab).send
        for domain in ("DOM", "CSS"):
            ask(f"{domain}.enable")
        root = {"nodeId": ask("DOM.getDocument")["root"]["nodeId"], "selector": "[data-letter]"}
        for node in ask("DOM.querySelectorAll", root)["nodeIds"]:
            used |= {
                (font["familyName"], font["isCustomFont"])
                for font in ask("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
            }
        tab.close()
    assert all(custom and name.startswith("KaTeX") for name, custom in used), used
    assert {"KaTeX_Main", "KaTeX_Math", "KaTeX_SansSerif", "KaTeX_Caligraphic"} <= dict(used).keys()


def test_a_mend_that_finds_nothing_is_a_warning(monkeypatch):
    listeners, said = {}, []
    warn = SimpleNamespace(warning=lambda text, *values: said.append(text % values))
    monkeypatch.setattr(pages, "logger", warn)
    app = SimpleNamespace(
        connect=lambda event, function: listeners.setdefault(event, function),
        rendered={"one", "two"},
        env=SimpleNamespace(all_docs={"one": 0, "two": 0}),
    )
    pages.mend(app, {"i": LexborNode.unwrap, "b": pages.remove}, {"u": pages.remove})
    for name, body in (("one", "<i>1</i><b>2</b>"), ("two", "<i>3</i>")):
        page = pages.Page(name, LexborHTMLParser(body), {})
        listeners["page-rendered"](app, page)
    assert page.tree.body.inner_html == "3"
    listeners["build-finished"](app, None)
    assert len(said) == 2
    assert said[0].startswith("two: nothing to mend: b ")
    assert said[1].startswith("nothing to mend on any page: u ")


def test_the_policy_lets_only_known_code_run(soups):
    for name, soup in soups.items():
        first, tag = soup.head.find_all("meta")[:2]
        assert first.get("charset") and tag.get("http-equiv") == "Content-Security-Policy", name
        rules = {key: values for key, *values in map(str.split, tag["content"].split(";"))}
        assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == ["'none'"]
        for kind, element in (("script-src", "script"), ("style-src-elem", "style")):
            allowed = set(rules[kind])
            inside = [e for e in soup.find_all(element) if not e.get("src")]
            digests = [hashlib.sha256(e.string.encode()).digest() for e in inside]
            hashes = {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}
            assert allowed == {"'self'", *hashes}, f"{name}: {kind}"
        foreign = [word for values in rules.values() for word in values if not word.startswith("'")]
        assert foreign == ["data:"]
        handlers = [key for e in soup.find_all(True) for key in e.attrs if key.startswith("on")]
        assert handlers == [], name


def test_the_policy_is_in_force(chromium, server):
    tab = chromium.new_page()
    tab.goto(server + ONE)
    ran = """
    () => {
      window.broken = [];
      addEventListener("securitypolicyviolation", e => broken.push(e.effectiveDirective));
      for (const [name, text] of [["script", "window.ran = true"], ["style", "h1 { color: red }"]])
        document.head.append(Object.assign(document.createElement(name), { textContent: text }));
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
      return new Promise(done => setTimeout(() => done([window.ran ?? false, broken]), 300));
    }
    """
    done, broken = tab.evaluate(ran)
    assert not done
    assert sorted(set(broken)) == ["script-src-attr", "script-src-elem", "style-src-elem"]
    tab.close()


def test_the_policy_names_what_it_allows():
    said = policy.policy("<script>1</script><script src='a'>2</script><style>3</style>")
    digest = base64.b64encode(hashlib.sha256(b"1").digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in said
    assert "unsafe-inline" not in said.split("style-src-attr")[0]


def test_pages_work_from_the_file_system(chromium, site):
    """Explorer, formulas, theme, menus and search, under the policy, without a server."""
    tab, said = chromium.new_page(), []
    tab.on("console", lambda message: said.append((message.type, message.text)))
    tab.on("pageerror", lambda error: said.append(("exception", str(error))))
    tab.on("requestfailed", lambda request: said.append(("failed", request.url)))
    tab.goto((site / ONE).as_uri())
    tab.wait_for_function("document.fonts.status === 'loaded'")
    assert tab.evaluate("document.querySelector('conv-explorer').result.output.length") > 0
    fonts = tab.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    )
    assert any("KaTeX_Main" in font for font in fonts)
    assert any("Font Awesome" in font for font in fonts)

    before = tab.locator("html").get_attribute("data-theme")
    for _ in range(2):  # of automatic, light and dark two look alike
        tab.locator(".theme-switch-button").first.click()
        if tab.locator("html").get_attribute("data-theme") != before:
            break
    else:
        pytest.fail("the theme does not change")
    assert [message for message in said if message[0] != "log"] == []

    tab.goto((site / "search.html").as_uri() + "?q=corr2d")
    tab.wait_for_selector("#search-results li a")
    tab.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_buttons_of_the_header(chromium, server, width):
    """Each has a name and stands inside of the window; what was pressed keeps the focus."""
    tab = chromium.new_page(viewport={"width": width, "height": 800})
    tab.goto(server + ONE)
    header = tab.locator(".bd-header-article")
    named = [button.get_attribute("aria-label") for button in header.locator("a, button").all()]
    assert all(named) and len(set(named)) == len(named) >= 8, named
    for button in header.locator("a:visible, button:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width

    tab.evaluate("window.print = () => { window.printed = true }")
    printer = tab.locator('[data-act="print"]')
    assert printer.is_visible() == (width > 1000)
    printer.dispatch_event("click")
    assert tab.evaluate("window.printed")

    button = tab.locator(".theme-switch-button").first
    button.focus()
    tab.keyboard.press("Enter")
    assert button.evaluate("button => button === document.activeElement")

    toggle, bar = tab.locator(".primary-toggle"), tab.locator("nav.bd-links").first
    expect(toggle).to_have_attribute("aria-expanded", "true" if width > 1000 else "false")
    expect(bar).to_be_visible(visible=width > 1000)
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "false" if width > 1000 else "true")
    expect(bar).to_be_visible(visible=width < 1000)
    tab.close()


def test_two_builds_give_the_same_bytes_and_a_change_changes_one_page(tmp_path):
    """Elsewhere, in another time zone and with other hashes; and then after a change.

    Of one page of each kind: their links to the other pages are missing, and only these.
    """
    pages = ["intro.ipynb", "reference/api", "reference/glossary", OTHER.replace("html", "ipynb")]
    toc = {"format": "jb-book", "root": pages[0], "chapters": [{"file": p} for p in pages[1:]]}

    def build(folder, **variables):
        copy = tmp_path / folder
        for file in repository.files() if not copy.exists() else ():
            target = copy / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
            (copy / "_toc.yml").write_text(json.dumps(toc))
        build = [Path(sys.executable).with_name("jupyter-book"), "build", copy]
        environment = {**os.environ, **variables}
        for command in (build, [sys.executable, copy / "tools/chinese.py"]):
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            # What pages that are left out would have; it stops no page.
            missing = "xref_missing|nothing to mend on any page"
            said = re.findall(r".*(?:WARNING|ERROR|Traceback).*", done.stdout + done.stderr)
            assert [line for line in said if not re.search(missing, line)] == []
            assert done.returncode == 0 or said, done.stderr[-3000:]
        html = copy / "_build" / "html"
        built = (path for path in html.rglob("*") if path.is_file())
        return copy, {path.relative_to(html).as_posix(): path.read_bytes() for path in built}

    _, mine = build("here", PYTHONHASHSEED="3", TZ="UTC")
    copy, other = build("elsewhere", PYTHONHASHSEED="17", TZ="Asia/Tokyo")
    assert {OTHER, f"zh/{OTHER}"} < mine.keys() and len(mine) > 40
    assert mine.keys() == other.keys()
    assert [name for name in mine if mine[name] != other[name]] == []

    page = OTHER
    notebook = copy / page.replace(".html", ".ipynb")
    cells = json.loads(notebook.read_text("utf-8"))
    cells["cells"].insert(
        2, {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "Qwx"}
    )
    notebook.write_text(json.dumps(cells), "utf-8")
    _, after = build("elsewhere")
    assert mine.keys() == after.keys()
    source = "_sources/" + page.replace(".html", ".ipynb")
    assert {n for n in mine if mine[n] != after[n]} == {page, source, "searchindex.js"}
    index = [json.loads(re.search(rb"\((.*)\)", b["searchindex.js"])[1]) for b in (mine, after)]
    assert index[0]["indexentries"] == index[1]["indexentries"] != {}
