"""Light or dark, from the first paint on; and what the theme gets wrong for some readers."""

import re

from selectolax.lexbor import LexborNode
from sphinx.locale import _

from .pages import Mend, attributes, fragment, mend

# What the page says before anything is drawn: as the reader chose, or else as the system says.
# Pictures that play by themselves look at data-motion.
CHOSEN = """{
  const root = document.documentElement.dataset;
  root.motion = localStorage.getItem("motion") || "auto";
  const set = () => {
    root.mode = localStorage.getItem("mode") || "auto";
    const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.theme = root.mode === "auto" ? dark : root.mode;
  };
  set();
  // Fonts come with the sheet that names them, not after it, when text would move.
  const names = document.documentElement.lang === "en" ? ["serif", "sans"] : ["sans"];
  for (const name of location.protocol === "file:" ? [] : names) {
    const font = { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "" };
    const href = `${root.content_root}_static/fonts/book-${name}.woff2`;
    document.head.append(Object.assign(document.createElement("link"), font, { href }));
  }
  addEventListener("beforeprint", () => { root.theme = "light"; });
  addEventListener("afterprint", set);
}"""


def choose_at_once(script):
    """Let the script at the top of a page set the theme."""
    script.inner_html = CHOSEN


def let_scroll(formula):
    """Give a formula the class of wide tables, whose boxes the theme lets the keyboard reach."""
    formula.attrs["class"] += " pst-scrollable-table-container"


def open_menu(menu):
    """Put the entries of a menu of the header, icons with a name, in its place."""
    for entry in menu.css(".dropdown-item"):
        name = entry.css_first(".btn__text-container")
        if image := entry.css_first("img"):  # 7 kB
            image.replace_with(fragment('<i class="fas fa-rocket"></i>'))
        entry.attrs["aria-label"] = entry.attrs["title"]
        entry.attrs["class"] = "btn btn-sm pst-navbar-icon"
        name.decompose()
        menu.parent.insert_before(entry)
    menu.parent.decompose()


IMPORTS = re.compile(r"((import|from) [^(\n]*(\([^)]*\))?\s*)+")


def fold_imports(cell):
    """Fold a cell that only imports."""
    if IMPORTS.fullmatch(cell.text().strip() + "\n"):
        folded = f'<details class="imports"><summary>{_("Imports")}</summary>{cell.html}</details>'
        cell.replace_with(fragment(folded))


NUMBER = r'(?:<span class="section-number">[^<]*</span>)?(\d+) · (.*)'
CARD = '<span class="number">{}</span> <span>{}</span>'
ABOUT = (
    '<span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>{}'
    '<label class="state"><input type="checkbox" name="{}"> {}</label>'
)


def lay_out_exercise(heading):
    """Turn a heading such as "1 · Sizes", and "●○○ · 5 minutes" below it, into those of a card."""
    about = next((node for node in siblings(heading)), None)
    dots = about and re.match("[●○]+", about.text())
    if found := dots and re.fullmatch(NUMBER, heading.inner_html, re.DOTALL):
        heading.inner_html = CARD.format(*found.groups())
        card, dots, time = heading.parent, dots[0], about.text()[dots.end() :]
        card.attrs["class"], about.attrs["class"] = "exercise", "about"
        said = _("Difficulty {} of {}").format(dots.count("●"), len(dots))
        about.inner_html = ABOUT.format(dots, said, time, card.id, _("done"))


def siblings(node):
    """Yield the elements that follow an element."""
    while node := node.next:
        if node.is_element_node:
            yield node


MENDS = [
    Mend(
        "the theme shows a dark page in light until its script is there; and paper is light",
        "script[data-cfasync]",
        choose_at_once,
    ),
    Mend("the theme says three times how wide a page is", "meta[name=viewport] ~ [name=viewport]"),
    Mend(
        "Firefox loads the next page ahead, and says that the policy forbids it",
        "head > :is([rel=next], [rel=prev])",
        everywhere=False,
    ),
    Mend(
        "a handler inside a page would need a policy that lets any run; buttons.js acts instead",
        "[onclick]",
        attributes(onclick=None, data_act="print"),
        everywhere=False,
    ),
    Mend(
        "menus of one or two entries need Bootstrap; without it",
        ".dropdown-toggle",
        LexborNode.decompose,
        False,
    ),
    Mend("their entries are buttons of their own", ".dropdown-menu", open_menu, False),
    Mend(
        "most sources are notebooks, and should be saved, not shown",
        '[href*="_sources/"][href$=".ipynb"]',
        attributes(
            title="Download this notebook", aria_label="Download this notebook", download=""
        ),
        everywhere=False,
    ),
    Mend("and so does the button back to the top", "#pst-back-to-top"),
    Mend(
        "tooltips: a browser shows titles by itself",
        "[data-bs-toggle]",
        attributes(data_bs_toggle=None, data_bs_placement=None),
    ),
    Mend(
        "an icon is no name",
        ".primary-toggle",
        attributes(aria_label="Chapters", aria_controls="pst-primary-sidebar", title="Chapters"),
    ),
    Mend(
        "an icon is no name",
        ".secondary-toggle",
        attributes(
            aria_label="Contents of this page",
            aria_controls="pst-secondary-sidebar",
            title="Contents",
        ),
        False,
    ),
    Mend("a drawer has a name", "#pst-primary-sidebar-modal", attributes(aria_label="Chapters")),
    Mend(
        "a drawer has a name",
        "#pst-secondary-sidebar-modal",
        attributes(aria_label="Contents of this page"),
        False,
    ),
    Mend(
        "what is read aloud of an icon is a private letter",
        "[class*=fa-]",
        attributes(aria_hidden="true"),
    ),
    Mend(
        "the name of a button contains what stands on it",
        ".search-button-field",
        attributes(aria_label="Search Ctrl+K", title=None),
    ),
    Mend(
        "so does that of a folded cell, by itself",
        "summary[aria-label]",
        attributes(aria_label=None),
        everywhere=False,
    ),
    Mend(
        "on paper, a second title without its number, and the contents without page numbers",
        "#jb-print-docs-body",
        everywhere=False,
    ),
    Mend(
        "the side bar is a landmark, so that all of a page is in one",
        "#pst-primary-sidebar",
        attributes(role="complementary", aria_label="Side bar"),
    ),
    Mend(
        "a list of references may hold only list items, and the roles of its parts are deprecated",
        ".citation-list[role], [role=doc-biblioentry], [role=doc-backlink]",
        attributes(role=None),
        everywhere=False,
    ),
    Mend("a wide formula scrolls in a box", ".katex-display", let_scroll, everywhere=False),
    Mend("cells that only import", ".cell_input", fold_imports, everywhere=False),
    Mend("an exercise is a card", "section > h3", lay_out_exercise, everywhere=False),
    Mend("the head of a column", "thead th", attributes(scope="col"), everywhere=False),
    Mend("the head of a row", "tbody th", attributes(scope="row"), everywhere=False),
]


def setup(app):
    """Register with Sphinx."""
    mend(app, MENDS)
