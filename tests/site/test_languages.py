"""The two editions: the same pages, sections and numbers, linked both ways; Chinese throughout."""

import re
from collections import Counter
from urllib.parse import urljoin

import pytest
from book import BASE, CHAPTER_PAGES, PAGES, ZH_PAGES
from playwright.sync_api import expect

EDITIONS = list(zip(PAGES, ZH_PAGES))


def test_each_page_says_its_language_and_where_it_is_in_the_other(soups):
    for page, chinese in EDITIONS:
        for name, code, other in ((page, "en", chinese), (chinese, "zh-CN", page)):
            soup = soups[name]
            assert soup.html["lang"] == code
            links = soup.find_all("link", rel="alternate", hreflang=True)
            there = {link["hreflang"]: link["href"].removeprefix(BASE) for link in links}
            assert there == {"en": page, "zh-CN": chinese, "x-default": page}
            switch = soup.select_one(".article-header-buttons a[hreflang]")
            assert urljoin(name, switch["href"]) == other
            assert switch["lang"] == switch["hreflang"] == ("en" if name == chinese else "zh-CN")
            assert switch.text in switch["aria-label"]


def test_sections_have_the_same_addresses_in_both(soups):
    def addresses(name):
        found = soups[name].article.find_all(id=True)
        outside = [tag["id"] for tag in found if not tag.find_parent(class_="cell_output")]
        return [name for name in outside if not re.fullmatch(r"id\d+", name)]

    for page, chinese in EDITIONS:
        assert sorted(addresses(chinese)) == sorted(addresses(page)), page
        sections = soups[chinese].article.find_all("section")
        assert [s["id"] for s in sections] == [s["id"] for s in soups[page].article("section")]


def test_chapters_have_the_same_numbers_in_both(soups):
    for page in CHAPTER_PAGES:
        numbers = [
            [tag.text for tag in soups[name].select(".section-number")]
            for name in (page, f"zh/{page}")
        ]
        assert numbers[0] == numbers[1] != [], page


# What people and programs are called, and a key.
NAMES = re.compile(r"English edition|English|Colab|notebook|PDF|API|Ctrl|K|PyTorch")


def test_the_parts_of_a_chinese_page_are_named_in_chinese(soups):
    for name in (*ZH_PAGES, "zh/search.html"):
        soup = soups[name]
        named = [
            tag[kind] for kind in ("title", "aria-label", "placeholder")
            for tag in soup.find_all(attrs={kind: True})
            if not tag.find_parent("article") or "headerlink" in tag.get("class", "")
        ]  # fmt: skip
        shown = soup.select(
            ".bd-header-article, .bd-footer-content, .prev-next-subtitle, .caption-text"
        )
        texts = [tag.get_text(" ") for tag in shown] + named
        english = [text for text in texts if re.search("[A-Za-z]{2}", NAMES.sub("", text))]
        assert len(named) > 10 and english == [], name


def test_citations_are_set_as_chinese(soups):
    cited = [link for name in ZH_PAGES for link in soups[name].select("a.reference[href^='#']")]
    cited = [link.text for link in cited if re.search(r"\d{4}$|n\.d", link.text)]
    assert len(cited) > 100
    assert [text for text in cited if "others" in text or " and " in text or "et al" in text] == []
    assert "Paszke 等，2019" in cited


def test_latin_words_that_are_stressed_say_so_in_english(soups):
    """A title in the bibliography is slanted; a Chinese word never is."""
    stressed = [em for name in ZH_PAGES for em in soups[name].article.find_all("em")]
    said = Counter((bool(re.search("[\u3400-\u9fff]", em.text)), em.get("lang")) for em in stressed)
    assert said.keys() == {(True, None), (False, "en")} and min(said.values()) > 50, said


@pytest.fixture
def tab(chromium):
    """Return a page with a profile of its own; nothing on it may fail."""
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    tab, said = context.new_page(), []
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("console", lambda message: message.type != "log" and said.append(message.text))
    yield tab
    context.close()
    assert said == []


def test_the_switch_leads_to_the_same_section_by_keyboard(tab, server):
    section = "chapters/corr2d.html#exercises"
    tab.goto(server + section)
    for edition, address in (("中文", f"zh/{section}"), ("English", section)):
        switch = tab.get_by_role("link", name=edition)
        expect(switch).to_have_attribute("href", re.compile("corr2d.html$"))
        switch.focus()
        tab.keyboard.press("Enter")
        tab.wait_for_url(server + address)
        expect(tab.locator("#exercises > h2")).to_be_in_viewport()


def test_without_an_address_of_a_section_it_leads_to_the_one_that_is_read(tab, server):
    tab.goto(server + "zh/chapters/corr2d.html")
    tab.locator("#exercises > h2").evaluate("e => e.scrollIntoView()")
    tab.locator("#pst-page-toc-nav a[href='#exercises'][aria-current]").wait_for(state="attached")
    tab.get_by_role("link", name="English").click()
    tab.wait_for_url(server + "chapters/corr2d.html#exercises")


def test_chinese_is_set_in_the_typefaces_of_the_system(tab, server):
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(server + "zh/intro.html")
    tab.evaluate("document.fonts.ready")
    fonts = [url.split("/")[-1] for url in asked if url.endswith(".woff2")]
    assert "book-sans.woff2" in fonts and not any("serif" in font for font in fonts)
    tab.evaluate(
        "document.querySelector('article p').innerHTML = '<em>步幅</em><em lang=en>stride</em>'"
    )
    style = "all => all.map(e => getComputedStyle(e)).map(s => [s.fontStyle, s.fontWeight])"
    said = tab.locator("article p em").evaluate_all(style)
    assert said[0] == ["normal", "600"] and said[1][0] == "italic"
