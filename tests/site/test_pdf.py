"""The book as one file: every page, its bookmarks, its numbers, and links that stay inside."""

import pdf
import pytest
from book import browser
from playwright.sync_api import sync_playwright

PARTS = [(None, ["intro"]), ("Reference", ["reference/bibliography", "reference/glossary"])]


@pytest.fixture(scope="module")
def book(site):
    """Return the file of three pages."""
    with sync_playwright() as playwright:
        browser(playwright.chromium.executable_path)  # or skip
    names = [name for _, names in PARTS for name in names]
    return pdf.joined(PARTS, *pdf.printed(names, site), site)


def test_it_names_the_pages_of_the_book_in_order():
    names = [name for _, names in pdf.contents() for name in names]
    assert names[0] == "intro" and names[1] == "chapters/corr2d"
    assert {"reference/glossary", "reference/api"} <= set(names)


def test_bookmarks_lead_to_the_pages(book):
    first, part, (works, terms) = book.outline
    assert (first.title, part.title) == ("Convolution and its transpose", "Reference")
    assert (works.title, terms.title) == ("Bibliography", "Glossary")
    at = [book.get_destination_page_number(one) for one in (first, part, works, terms)]
    assert at[0] == 0 < at[1] == at[2] < at[3] < len(book.pages)
    assert "Glossary" in book.pages[at[3]].extract_text()


def test_each_sheet_has_its_number(book):
    for number, sheet in enumerate(book.pages, start=1):
        assert sheet.extract_text().split()[-1] == str(number)


def test_links_between_its_pages_stay_inside(book):
    inside = outside = 0
    for sheet in book.pages:
        for link in sheet.get("/Annots", ()):
            link = link.get_object()
            if "/A" in link:
                address = link["/A"]["/URI"]
                # The other pages are not in this file of three.
                assert (
                    address.startswith("https://") or "/chapters/" in address or "/ref" in address
                )
                outside += 1
            else:
                assert link["/Dest"][0].get_object()["/Type"] == "/Page"
                inside += 1
    assert inside > 50 and outside > 10
