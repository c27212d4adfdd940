"""The files of the built site: no warning, no broken link, and pages that say what they are."""

import io
import re
import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import card
import matplotlib.pyplot as plt
import pytest
import repository
import yaml
from book import BASE, CHAPTER_PAGES, ONE, PAGES, ROOT, URL, ZH_PAGES
from selectolax.lexbor import LexborHTMLParser


@pytest.fixture(scope="module")
def articles(soups):
    """Return the part of each page that is the page's own, by its address."""
    return {name: soup.find("article") or soup.find("main") for name, soup in soups.items()}


def test_every_page_was_built(soups):
    assert {*PAGES, *ZH_PAGES} <= set(soups)


def test_the_site_is_where_the_repository_publishes_it():
    assert repository.pages(URL) + "/" == BASE


def test_links_and_anchors_lead_somewhere(site, soups):
    anchors = {name: {tag["id"] for tag in soup.find_all(id=True)} for name, soup in soups.items()}
    root, broken = urlsplit(BASE).path, []
    for name, soup in soups.items():
        for tag in soup.find_all(["a", "link", "script", "img", "form"]):
            link = tag.get("href") or tag.get("src") or tag.get("action")
            if not link or ":" in link.split("/")[0] or link.startswith("//"):
                continue
            link = link.removeprefix(root)  # on 404.html, which is shown at any depth
            target, fragment = urldefrag(urljoin(name, unquote(link)))
            target = (target or name).split("?")[0]
            known = anchors.get(target, {fragment})
            if not (site / target).is_file() or (fragment and fragment not in known):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_an_address_that_was_given_up_leads_to_what_was_there(soups):
    article = soups["chapters/one-and-three-dimensions.html"].find("article")
    links = {link["href"]: link.get_text() for link in article.find_all("a")}
    for name in ("causal.html", "three-dimensions.html"):
        assert links[name] in soups[f"chapters/{name}"].find("h1").get_text()


def test_chapters_open_in_colab(soups):
    for page in [*CHAPTER_PAGES, *(f"zh/{page}" for page in CHAPTER_PAGES)]:
        notebook = page.replace(".html", ".ipynb")
        address = URL.removeprefix("https://github.com/")
        link = f"https://colab.research.google.com/github/{address}/blob/main/{notebook}"
        assert soups[page].find("a", href=link), page


def test_a_page_offers_its_notebook_with_the_outputs(site, soups):
    for page in [*PAGES, *ZH_PAGES]:
        offered = soups[page].select_one(".article-header-buttons [href*='_sources/']")
        name = page.replace(".html", ".ipynb")
        if not (ROOT / name).exists():
            assert offered["title"] in ("Download source file", "下载源文件")
            continue
        assert offered["title"] == offered["aria-label"]
        assert offered["title"] in ("Download this notebook", "下载本页的笔记本")
        assert "download" in offered.attrs
        saved = site / Path(page).parent / offered["href"]
        assert saved.read_bytes() == (ROOT / name).read_bytes()


def test_outputs_are_on_the_page(soups):
    """A page built from the .md of a pair has none, and nothing warns."""
    for page in CHAPTER_PAGES:
        for edition in ("", "zh/"):
            assert soups[edition + page].find(class_="cell_output"), page
            assert soups[edition + page].select("figure.conv-diagram svg"), page


def test_mathematics_is_rendered(soups):
    for name, soup in soups.items():
        assert not soup.select(".katex-error"), name
        assert not soup.find_all(
            "script", src=lambda source: source and "mathjax" in source.lower()
        )
    assert soups[ONE].select(".katex-display math")


def test_a_formula_is_whole_for_a_screen_reader(site):
    """An mspace that is not closed takes in what follows it, in every parser of HTML."""
    spaces, filled = 0, []
    for path in site.rglob("*.html"):
        found = LexborHTMLParser(path.read_text("utf-8")).css("mspace")
        spaces += len(found)
        filled += [f"{path.name}: {space.html[:200]}" for space in found if space.child]
    assert spaces > 0 and filled == []


def test_sources_lead_to_the_api(soups):
    page = soups["chapters/corr2d.html"]
    assert page.find("a", class_="nf", href="../reference/api.html#convbook.corr2d")


# ---- What a page says to those who cannot see it ----


def test_headings_are_in_order(articles):
    """One of the first level, and none skips a level."""
    for name, article in articles.items():
        headings = article.find_all(re.compile("^h[1-6]$"))
        levels = [int(tag.name[1]) for tag in headings]
        assert levels[0] == 1 and levels.count(1) == 1, name
        for before, after, tag in zip(levels, levels[1:], headings[1:]):
            assert after <= before + 1, f"{name}: {tag.get_text()}"


def test_addresses_of_headings_are_made_of_their_words(articles):
    """Numbered ones would lead elsewhere as soon as a heading is added above."""
    for name, article in articles.items():
        for section in article.find_all("section"):
            assert not re.fullmatch(r"id\d+", section["id"]), f"{name}#{section['id']}"


def test_every_picture_has_a_description(articles, soups):
    described = 0
    for name, soup in soups.items():
        for image in soup.find_all("img"):
            assert image.get("alt", "").strip(), f"{name}: {image}"
    for name, article in articles.items():
        for picture in article.find_all("svg"):
            if picture.find_parent(attrs={"aria-hidden": "true"}) or picture.get("aria-hidden"):
                continue
            assert picture.get("role") == "img", f"{name}: {str(picture)[:200]}"
            said = {
                part.name: part.get_text(strip=True) for part in picture.find_all(["title", "desc"])
            }
            labeled = picture.get("aria-labelledby", "").split()
            words = picture.get("aria-label") or " ".join(
                article.find(id=label).get_text(strip=True) for label in labeled
            )
            assert len(words or said.get("title", "")) > 3, f"{name}: {str(picture)[:200]}"
            described += 1
    assert described > len(CHAPTER_PAGES)


def test_every_table_has_headers(articles):
    count = 0
    for name, article in articles.items():
        for table in article.find_all("table"):
            headers = table.find_all("th")
            assert headers, f"{name}: {str(table)[:200]}"
            for header in headers:
                within = "col" if header.find_parent("thead") else "row"
                assert header.get("scope") == within, f"{name}: {header}"
            count += 1
    assert count > 10


# ---- What a page says to those who are elsewhere ----


@pytest.mark.parametrize("pages, least", [(PAGES, 50), (ZH_PAGES, 20)], ids=["en", "zh"])
def test_pages_describe_themselves(soups, pages, least):
    described = [soups[page].find("meta", attrs={"name": "description"}) for page in pages]
    texts = [tag["content"] for tag in described]
    assert len(set(texts)) == len(pages)
    assert min(map(len, texts)) >= least
    for page in pages:
        assert len(soups[page].find_all("meta", attrs={"name": "viewport"})) == 1, page


def test_a_link_shows_a_card(site, soups):
    for name in [*PAGES, *ZH_PAGES]:
        soup = soups[name]
        card = {tag["property"]: tag["content"] for tag in soup.find_all("meta", property=True)}
        assert card["og:url"] == soup.find("link", rel="canonical")["href"] == BASE + name
        assert card["og:title"] == soup.find("h1").get_text().strip().rstrip("#"), name
        assert card["og:description"] == soup.find("meta", attrs={"name": "description"})["content"]
        assert card["og:locale"] == ("zh_CN" if name in ZH_PAGES else "en_US")
        assert card["og:image"].startswith(BASE)
        picture = (site / card["og:image"].removeprefix(BASE)).read_bytes()
        assert picture.startswith(b"\x89PNG") and len(picture) < 100_000
        assert struct.unpack(">II", picture[16:24]) == (1200, 630)  # width and height
        assert soup.find("meta", attrs={"name": "twitter:card", "content": "summary_large_image"})


def test_the_card_is_the_one_that_is_drawn():
    with plt.rc_context({"figure.constrained_layout.use": True}):  # as in the chapters
        drawn = plt.imread(io.BytesIO(card.png()))
    difference = drawn[..., :3] - plt.imread(card.CARD)[..., :3]
    assert abs(difference).mean() < 0.002  # other versions draw other edges


def test_the_sitemap_lists_every_page_of_the_book(site):
    places = ET.parse(site / "sitemap.xml").getroot()
    listed = {place[0].text: [link.get("href") for link in place[1:]] for place in places}
    both = {BASE + page: [BASE + page, f"{BASE}zh/{page}", BASE + page] for page in PAGES}
    assert listed == both | {links[1]: links for links in both.values()}


def test_the_first_page_is_at_the_address_of_the_site(site):
    for folder in (site, site / "zh"):
        assert (folder / "index.html").read_bytes() == (folder / "intro.html").read_bytes()


def test_previous_and_next_lead_through_the_book_in_its_order(soups):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    order = [Path(file).with_suffix(".html").as_posix() for file in files]
    assert set(order) == set(PAGES)
    for page, before, after in zip(order, [None, *order], [*order[1:], None]):
        for place, neighbor in (("left-prev", before), ("right-next", after)):
            for edition in ("", "zh/"):
                link = soups[edition + page].select_one(f".prev-next-area a.{place}")
                assert (link and urljoin(page, link["href"])) == neighbor, page
