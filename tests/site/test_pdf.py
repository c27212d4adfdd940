"""The book as one file: three pages of it, printed and joined as `make pdf` does with all."""

import re

import pdf
import pytest
from book import OTHER, ROOT, browser
from playwright.sync_api import sync_playwright

CHAPTER = OTHER.removesuffix(".html")
PARTS = [(None, [CHAPTER]), ("Reference", ["reference/bibliography", "reference/glossary"])]


@pytest.fixture(scope="module")
def book(site):
    """Return the file of three pages."""
    with sync_playwright() as playwright:
        browser(playwright.chromium.executable_path)  # or skip
    names = [name for _, names in PARTS for name in names]
    return pdf.joined(PARTS, pdf.printed(names, site), site)


def bare(text):
    """Return a text without its spaces: printing sets them as it likes."""
    return re.sub(r"\s", "", text)


def test_it_has_every_page_in_the_order_of_the_contents():
    names = [name for _, names in pdf.contents() for name in names]
    pages = [ROOT / "intro.md", *ROOT.glob("chapters/*.md"), *ROOT.glob("reference/*.md")]
    assert names[0] == "intro"
    assert sorted(names) == sorted(p.relative_to(ROOT).with_suffix("").as_posix() for p in pages)


def test_bookmarks_lead_to_the_pages(book):
    chapter, part, (works, terms) = book.outline
    assert chapter.title.startswith("1. Cross-correlation")
    assert (part.title, works.title, terms.title) == ("Reference", "Bibliography", "Glossary")
    at = [book.get_destination_page_number(one) for one in (chapter, part, works, terms)]
    assert at[0] == 0 < at[1] == at[2] < at[3] < len(book.pages)
    assert "Glossary" in book.pages[at[3]].extract_text()


def test_each_sheet_has_its_number(book):
    for number, sheet in enumerate(book.pages, start=1):
        assert sheet.extract_text().split()[0] == str(number)


def test_links_between_its_pages_stay_inside_and_lead_to_their_place(book):
    inside = outside = 0
    for sheet in book.pages:
        for link in sheet.get("/Annots", ()):
            link = link.get_object()
            if "/A" in link:
                address = link["/A"]["/URI"]
                assert not any(address.endswith(f"{name}.html") for _, ns in PARTS for name in ns)
                outside += 1
            else:
                assert link["/Dest"][0].get_object()["/Type"] == "/Page"
                inside += 1
    assert inside > 20 and outside > 10


def test_no_output_begins_on_another_sheet_than_its_code_ends(book, soups):
    sheets = [bare(sheet.extract_text()) for sheet in book.pages]
    seen = 0
    for cell in soups[f"{CHAPTER}.html"].select("div.cell"):
        code, output = cell.select_one(".cell_input pre"), cell.select_one(".cell_output pre")
        if not code or not output or cell.find_parent("details") or cell.select_one("details"):
            continue
        last, first = bare(code.text.strip().splitlines()[-1]), bare(output.text.splitlines()[0])
        assert any(0 <= sheet.find(last) < sheet.rfind(first) for sheet in sheets), (last, first)
        seen += 1
    assert seen > 5
