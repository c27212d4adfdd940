"""What a reader does on the site, tried in a real browser: keyboard, search, copy, print, night."""

import re
from urllib.parse import urljoin

import pytest
from book import CHAPTER_PAGES, ONE, PAGES, ROOT
from playwright.sync_api import expect

CHAPTER = "chapters/corr2d.html"
PAPER = "rgb(253, 252, 249)"


@pytest.fixture
def tab(chromium):
    """Return a page with a profile of its own; no script on it may fail."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(10_000)
    tab, errors = context.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


# ---- The keyboard ----


def test_the_first_key_leads_past_everything_to_the_text(tab, server):
    tab.goto(server + CHAPTER)
    tab.keyboard.press("Tab")
    link = tab.locator(":focus")
    assert link.inner_text() == "Skip to main content"
    expect(link).to_be_in_viewport(ratio=1)
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('main') !== null")


FOCUS = """
() => {
  const rgb = color => (color.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const luminance = color => {
    const [r, g, b] = rgb(color).map(c => c / 255).map(
      c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = element => {
    for (let e = element.parentElement; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (rgb(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const unseen = [];
  let count = 0;
  const all = "a[href], button, input, summary, [tabindex='0']";
  for (const element of document.querySelectorAll(all)) {
    if (!element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    element.focus();
    if (document.activeElement !== element) continue;
    count++;
    for (const animation of document.getAnimations())
      if (animation instanceof CSSTransition) animation.finish();
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
      && contrast(style.outlineColor, behind(element)) >= 3;
    const shadow = style.boxShadow.match(/rgba?\\([^)]*\\)/);
    const shadowed = shadow && contrast(shadow[0], behind(element)) >= 3;
    if (!outlined && !shadowed)
      unseen.push(`${element.outerHTML.slice(0, 120)} ${style.outline} ${style.boxShadow}`);
  }
  return [count, unseen];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_is_visible_everywhere(tab, server, scheme):
    """An outline or a shadow, at least three times as light or as dark as what is behind it."""
    tab.emulate_media(color_scheme=scheme)
    for page in (CHAPTER, "intro.html", "search.html?q=kernel", "reference/explorer.html"):
        tab.goto(server + page)
        tab.keyboard.press("Tab")  # from now on the browser shows where the focus is
        count, unseen = tab.evaluate(FOCUS)
        assert count > 20, page
        assert unseen == [], page


def test_no_key_is_taken_from_the_reader(tab, server):
    """The arrows belong to the explorer and the page; / and letters to the browser."""
    tab.goto(server + CHAPTER)
    address = tab.url
    tab.evaluate(
        """() => {
          window.taken = [];
          addEventListener("keydown", event => event.defaultPrevented && taken.push(event.key));
        }"""
    )
    for key in ("ArrowRight", "ArrowLeft", "/", "s", "n", "p", "?"):
        tab.keyboard.press(key)
    assert tab.evaluate("taken") == []
    cell = tab.locator("conv-explorer .output td").first
    cell.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        tab.keyboard.press(key)
    assert tab.evaluate("document.activeElement.tagName") == "CONV-EXPLORER"
    assert tab.evaluate("taken") != [], "the explorer does not hear the arrows"
    assert tab.url.split("#")[0] == address


# ---- Search ----


def results(tab):
    """Return the addresses that a search found, the best one first."""
    finished = re.compile(r"found \d+ page|did not match|\d+ 个|没有")
    tab.locator(".search-summary", has_text=finished).wait_for()
    links = tab.eval_on_selector_all("#search-results li > a", "all => all.map(a => a.href)")
    return [link.split("/convbook/")[-1] for link in links]


@pytest.mark.parametrize(
    "query, first",
    [
        ("conv_transpose2d", "reference/api.html#convbook.conv_transpose2d"),
        ("kernel2matrix", "reference/api.html#convbook.kernel2matrix"),
        ("transpose2d", "reference/api.html#convbook.conv_transpose2d"),
        ("F.conv_transpose2d", "reference/api.html#convbook.conv_transpose2d"),
        ("转置卷积", "reference/glossary.html#term-transposed-convolution"),
        ("卷积核", "reference/glossary.html#term-kernel"),
        ("插值", "reference/glossary.html#term-linear-interpolation"),
        ("receptive field", "reference/glossary.html#term-receptive-field"),
        ("checkerboard", "reference/glossary.html#term-checkerboard"),
        ("kernel卷积核", "reference/glossary.html"),
        ("photographs", "chapters/conv2d.html"),
    ],
)
def test_search_finds(tab, server, query, first):
    tab.goto(f"{server}search.html?q={query}")
    found = results(tab)
    assert found[0] == first or (first in found and "#" not in first)
    assert tab.locator("#search-results li").first.locator("a").get_attribute("href")


@pytest.mark.parametrize(
    "query, first",
    [
        ("卷积核", "reference/glossary.html#term-kernel"),
        ("转置卷积", "reference/glossary.html#term-transposed-convolution"),
        ("反卷积", "reference/glossary.html#term-deconvolution"),
        ("输出填充", "reference/glossary.html#term-output_padding"),
        ("棋盘格", "reference/glossary.html#term-checkerboard"),
        ("感受野", "reference/glossary.html#term-receptive-field"),
        ("空洞卷积", "reference/glossary.html#term-dilated-convolution"),
        ("微步卷积", "reference/glossary.html#term-fractionally-strided-convolution"),
        ("亚像素卷积", "reference/glossary.html#term-sub-pixel-convolution"),
        ("步幅", "reference/glossary.html#term-stride"),
        ("秩", "reference/glossary.html#term-rank"),
        ("池化", "reference/glossary.html#term-pooling"),
        ("output_padding 16 变成 31", "chapters/trans-conv-parameters.html"),
        ("F.conv_transpose2d", "reference/api.html#convbook.conv_transpose2d"),
    ],
)
def test_search_finds_chinese(tab, server, query, first):
    tab.goto(f"{server}zh/search.html?q={query}")
    found = results(tab)
    first = f"zh/{first}"
    assert found[0] == first or (first in found[:3] and "#" not in first), found[:4]


def test_search_shows_chinese_words_where_they_stand(tab, server):
    tab.goto(f"{server}zh/search.html?q=棋盘格")
    results(tab)
    shown = tab.locator("#search-results .context").first
    shown.wait_for()
    assert "棋盘格" in shown.inner_text() and ".ipynb" not in shown.inner_text()
    tab.locator("#search-results .highlighted", has_text="棋盘格").first.wait_for()


# Whole messages as they are pasted, with other numbers than in the book.
MESSAGES = [
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (32x400 and 256x10)",
    "RuntimeError: expected scalar type Double but found Float",
    "RuntimeError: \"slow_conv2d_cpu\" not implemented for 'Half'",
    "RuntimeError: Given groups=1, weight of size [64, 3, 7, 7], expected input[8, 1, 224, 224] to "
    "have 3 channels, but got 1 channels instead",
    "RuntimeError: Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: "
    "[64, 64]",
    "RuntimeError: Calculated padded input size per channel: (4 x 4). Kernel size: (5 x 5). Kernel "
    "size can't be greater than actual input size",
    "ValueError: padding='same' is not supported for strided convolutions",
    "RuntimeError: output padding must be smaller than either stride or dilation, but got "
    "output_padding_height: 2 output_padding_width: 2 stride_height: 2",
    "ValueError: requested an output size of torch.Size([27, 27]), but valid sizes range from "
    "[13, 13] to [14, 14] (for an input of torch.Size([7, 7]))",
    "RuntimeError: The size of tensor a (28) must match the size of tensor b (27) at non-singleton "
    "dimension 3",
    "RuntimeError: Found an invalid max index: 99 (output volumes are of size 8x8)",
    "RuntimeError: pixel_shuffle expects its input's 'channel' dimension to be divisible by the "
    "square of upscale_factor, but input.size(-3)=10 is not divisible by 9",
    "ValueError: Expected more than 1 value per channel when training, got input size "
    "torch.Size([1, 64, 1, 1])",
    "ValueError: Invalid padding string 'causal', should be one of {'valid', 'same'}",
    "RuntimeError: Given input size: (256x1x7x7). Calculated output size: (256x0x3x3). Output size "
    "is too small",
    "RuntimeError: Given output_size=(8, 8), expected size of input's dimension 2 to match the "
    "calculated number of sliding blocks 7 * 7 = 49, but got input.size(2)=16.",
]
CHAPTER_NOTEBOOKS = [page.replace(".html", ".ipynb") for page in CHAPTER_PAGES]
FOUND = """
queries => queries.map(query => Search._performSearch(...Search._parseQuery(query))
  .reverse().map(found => found[0] + found[2]))
"""


@pytest.mark.parametrize("edition", ["", "zh/"])
def test_a_whole_message_finds_a_page_that_has_it(tab, server, edition):
    """Among the first three; and what only some pages have a part of shows some pages, not all."""
    tab.goto(f"{server}{edition}search.html?q=kernel")
    results(tab)
    paths = [ROOT / edition / name for name in CHAPTER_NOTEBOOKS]
    texts = {path: path.read_text("utf-8").replace('\\"', '"') for path in paths}
    for message, found in zip(MESSAGES, tab.evaluate(FOUND, MESSAGES)):
        constant = max(re.split(r"\w*Error: |torch|['\"]?\d|\W{2}", message), key=len)
        pages = {f"chapters/{path.stem}" for path, text in texts.items() if constant in text}
        assert len(constant) > 15 and pages, message
        assert pages & set(found[:3]), f"{message}: {found}"
        assert len(set(found)) < len(PAGES)


def test_words_that_people_type_find_a_page(tab, server):
    words = """2x2 7x7 28x28 asymmetric Conv2DTranspose flax auto_pad SAME_UPPER upconvolution
        vmap autocast fan_out channels_last reconstruct patches"""
    words = [*words.split(), "half precision"]
    tab.goto(f"{server}search.html?q=kernel")
    results(tab)
    assert [word for word, pages in zip(words, tab.evaluate(FOUND, words)) if not pages] == []


def test_a_word_that_is_nowhere_does_not_hide_the_others(tab, server):
    tab.goto(f"{server}search.html?q=zebra kernel2matrix")
    assert "chapters/matrix-view.html" in results(tab)
    both = ["zebra", "zebra quagga", "3x3", "3×3", "3 × 3", "7x7"]
    zebra, more, typed, printed, spaced, seven = tab.evaluate(FOUND, both)
    assert zebra == more == []
    assert typed == printed == spaced != [] != seven


def test_a_part_of_a_chinese_word_is_found(tab, server):
    """双线 is no term, but a pair of characters in 双线性插值."""
    tab.goto(f"{server}search.html?q=双线")
    assert results(tab) == ["reference/glossary.html"]


def test_nothing_is_found_where_nothing_is(tab, server):
    tab.goto(f"{server}search.html?q=zebra")
    assert results(tab) == []


def test_search_shows_the_text_and_not_the_buttons(tab, server):
    tab.goto(f"{server}search.html?q=checkerboard")
    results(tab)
    tab.locator("#search-results .context").nth(3).wait_for()
    shown = tab.locator("#search-results .context").all_inner_texts()
    assert "phases have unequal sums" in shown[0]  # the definition, not the word again
    assert not any(".ipynb" in text for text in shown)


def test_search_from_any_page_by_keyboard(tab, server):
    tab.goto(server + CHAPTER)
    tab.keyboard.press("Control+k")
    assert tab.evaluate("document.activeElement.name") == "q"
    tab.keyboard.press("Escape")
    assert not tab.locator("#pst-search-dialog").is_visible()
    tab.keyboard.press("Control+k")
    tab.keyboard.type("卷积核")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=*")
    assert results(tab)[0] == "reference/glossary.html#term-kernel"
    tab.locator("#search-results a").first.click()
    assert tab.locator("#term-kernel").is_visible()


def test_what_was_searched_for_is_marked_on_the_next_page(tab, server):
    tab.goto(f"{server}search.html?q=kernel")
    results(tab)
    tab.goto(server + CHAPTER)
    tab.locator("article p .highlighted").nth(5).wait_for()
    assert tab.locator("svg .highlighted").count() == 0


# ---- Copy ----


def copied(tab, page, text):
    """Return what the button of the block of code with this text copies."""
    tab.goto(page)
    block = tab.locator("div.highlight:has(button.copybtn)", has_text=text).first
    block.hover()
    block.locator("button.copybtn").click()
    return tab.evaluate("navigator.clipboard.readText()")


def test_copied_code_has_no_prompts_and_no_outputs(tab, server):
    code = copied(tab, server + "reference/api.html", ">>> ")
    assert code and not re.search(r"^(>>>|\.\.\.|tensor\()", code, re.MULTILINE)
    compile(code, "copied", "exec")


def test_copied_code_is_all_of_the_cell(tab, server):
    code = copied(tab, server + CHAPTER, "def ")
    compile(code, "copied", "exec")
    assert "\n" in code


def test_inputs_have_buttons_to_copy_with_a_name_each(tab, server):
    tab.goto(server + CHAPTER)
    buttons = tab.locator("button.copybtn")
    buttons.nth(3).wait_for(state="attached")
    names = [button.get_attribute("aria-label") for button in buttons.all()]
    assert names == [f"Copy code, cell {i}" for i in range(1, len(names) + 1)]
    assert tab.locator(".cell_output button.copybtn").count() == 0


def test_cells_that_only_import_are_folded(tab, server):
    tab.goto(server + CHAPTER)
    cell = tab.locator(".cell_input", has_text="import torch").first
    assert not cell.is_visible()
    tab.locator("summary", has_text="Imports").click()
    assert cell.is_visible()


# ---- Exercises ----


def test_an_exercise_stays_done(tab, server):
    tab.goto(server + CHAPTER)
    cards = tab.locator("section.exercise")
    numbers = [card.inner_text() for card in cards.locator("h3 .number").all()]
    assert numbers == [str(i) for i in range(1, len(numbers) + 1)] != []
    done = cards.nth(1).get_by_label("done")
    done.check()
    tab.reload()
    assert [box.is_checked() for box in cards.get_by_label("done").all()].index(True) == 1
    done.uncheck()
    tab.reload()
    assert not done.is_checked()


# ---- The landing page ----


def test_the_landing_page_leads_into_the_book(tab, server):
    tab.goto(server + "intro.html")
    cards = tab.locator(".book-cards li:has(a[href^=chapters])")
    assert cards.count() == len(CHAPTER_PAGES)
    assert cards.locator(".drawing > svg").count() >= len(CHAPTER_PAGES) / 2
    assert cards.nth(0).locator(".drawing > svg > svg").count() == 3  # input, kernel, output
    grids = tab.locator("figure .conv-row").first.locator("svg")
    tops = grids.evaluate_all("all => all.map(svg => svg.getBoundingClientRect().top)")
    assert len(tops) == 3 and max(tops) - min(tops) < 1, "side by side"
    cards.nth(1).click()
    assert tab.url == server + "chapters/padding-stride.html"
    tab.goto(server + "intro.html")
    tab.get_by_role("link", name="Begin").click()
    assert tab.url == server + CHAPTER


# ---- Motion ----


def test_one_switch_stops_the_pictures_of_all_pages(tab, server):
    playing = "all => all.map(picture => picture.playing)"
    for page, before in (CHAPTER, True), ("chapters/trans-conv.html", False):
        tab.goto(server + page)
        switch = tab.get_by_label("Pictures play by themselves")
        pictures = tab.locator("conv-steps")
        assert switch.is_checked() == before
        assert set(pictures.evaluate_all(playing)) == {before}
        switch.uncheck()
        assert set(pictures.evaluate_all(playing)) == {False}
    switch.check()
    assert set(pictures.evaluate_all(playing)) == {True}


# ---- Light and dark ----

FIRST = """
new MutationObserver((changes, observer) => {
  if (document.body) {
    window.first = document.documentElement.dataset.theme;
    observer.disconnect();
  }
}).observe(document, {childList: true, subtree: true});
"""


@pytest.mark.parametrize("system, chosen, theme", [
    ("light", None, "light"), ("dark", None, "dark"), ("light", "dark", "dark"),
    ("dark", "light", "light"), ("dark", "auto", "dark"),
])  # fmt: skip
def test_the_theme_is_there_before_anything_is_drawn(tab, server, system, chosen, theme):
    tab.emulate_media(color_scheme=system)
    if chosen:  # on an earlier visit, with a system that was the other way round
        store = f"localStorage.mode = '{chosen}'; localStorage.theme = '{system}'"
        tab.add_init_script(store)
    tab.add_init_script(FIRST)
    stopped = []  # the scripts in the file set it, too, but later
    tab.route("**/site.js*", lambda route: stopped.append(1) or route.fulfill(body=""))
    tab.goto(server + CHAPTER)
    assert stopped and tab.evaluate("window.first") == theme
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") != PAPER
    assert dark == (theme == "dark")


def test_the_choice_stays(tab, server):
    tab.emulate_media(color_scheme="light")
    tab.goto(server + CHAPTER)
    while tab.evaluate("document.documentElement.dataset.mode") != "dark":
        tab.locator(".theme-switch-button").first.click()
    tab.goto(server + ONE)
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"


# ---- An address that is none ----


@pytest.mark.parametrize("address", ["nothing.html", "chapters/no/such/page"])
def test_a_wrong_address_leads_back(tab, server, address):
    response = tab.goto(server + address)
    assert response.status == 404
    assert tab.locator("h1").last.inner_text() == "Page not found"
    assert tab.evaluate("[...document.styleSheets].every(sheet => sheet.cssRules.length)")
    for link in tab.locator("nav.bd-links a").all():
        assert urljoin(server, link.get_attribute("href")).startswith(server)
    tab.locator("main input[name=q]").fill("kernel2matrix")
    tab.keyboard.press("Enter")
    assert results(tab)[0] == "reference/api.html#convbook.kernel2matrix"
    tab.goto(server + address)
    tab.get_by_role("link", name="Begin at the start").click()
    assert tab.url == server + "intro.html"


# ---- Moving pictures ----


def test_the_line_of_each_step_is_seen_in_its_turn(tab, server):
    tab.emulate_media(reduced_motion="reduce")
    tab.goto(server + CHAPTER)
    moving = tab.locator("conv-steps").first
    lines = moving.locator(".conv-text p")
    assert lines.count() > 1
    for step in range(lines.count()):
        moving.get_by_role("button", name="Next step").click()
        assert [line.is_visible() for line in lines.all()] == [
            place == step for place in range(lines.count())
        ]


# ---- Paper ----


@pytest.mark.parametrize("page", ["reference/explorer.html", "zh/reference/trainer.html"])
def test_a_wide_cell_does_not_leave_the_window(tab, server, page):
    tab.goto(server + page)
    for width in (1000, 1200, 1280, 1440):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    text, wide = [
        tab.locator(one).first.bounding_box()["width"] for one in ("h1", ".tag_full-width")
    ]
    assert wide > text


@pytest.mark.parametrize("page", ["chapters/trans-conv.html", "reference/api.html"])
def test_a_page_prints_well(tab, server, page):
    tab.emulate_media(color_scheme="dark")
    tab.goto(server + page)
    tab.emulate_media(color_scheme="dark", media="print")
    tab.set_viewport_size({"width": 672, "height": 1000})  # A4 without its margins
    for shown in (".bd-article > section", "h1"):
        assert tab.locator(shown).first.is_visible()
    hidden = ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer, "
    hidden += ".copybtn, .headerlink, .conv-buttons, #pst-back-to-top, #pst-skip-link"
    assert [one for one in tab.locator(hidden).all() if one.is_visible()] == []
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    assert tab.eval_on_selector_all("pre, .katex-display, table, figure", cut) == []
    moving = tab.locator("figure:has(conv-steps)")
    for step in moving.locator(".conv-text p").all():
        last = "conv-last" in (step.get_attribute("class") or "")
        assert step.is_visible() == last
    assert moving.count() or page not in CHAPTER_PAGES


def test_paper_is_light_and_what_is_folded_stays_folded(tab, server):
    tab.emulate_media(color_scheme="dark")
    tab.goto(server + CHAPTER)
    tab.evaluate(
        """() => addEventListener("beforeprint", () => {
          window.printed = [document.documentElement.dataset.theme,
                            document.querySelectorAll("details[open]").length];
        })"""
    )
    tab.pdf()
    assert tab.locator("details").count() > 0
    assert tab.evaluate("printed") == ["light", 0]
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("paper, width", [("A4", 725), ("Letter", 747)])  # px between margins
def test_the_cheat_sheet_prints_on_one_page(tab, server, paper, width):
    tab.set_viewport_size({"width": width, "height": 1000})
    tab.goto(server + "reference/cheat-sheet.html")
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format=paper))) == 1
    tab.emulate_media(media="print")
    cut = "es => es.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML)"
    assert tab.eval_on_selector_all("html, #cheat-sheet pre", cut) == []
    tab.goto(server + CHAPTER)
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format=paper))) > 1, "nothing is counted"
