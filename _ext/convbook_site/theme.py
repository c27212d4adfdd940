"""Light or dark, from the first paint on; and what the theme gets wrong for some readers."""

import re

from sphinx.locale import _

from .pages import attributes, fragment, mend, remove

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
            image.replace_with(fragment('<i class="fas fa-rocket" aria-hidden="true"></i>'))
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
    about = heading.parent.css_first("h3 + *")
    dots = about and re.match("[●○]+", about.text())
    if found := dots and re.fullmatch(NUMBER, heading.inner_html, re.DOTALL):
        heading.inner_html = CARD.format(*found.groups())
        card, dots, time = heading.parent, dots[0], about.text()[dots.end() :]
        card.attrs["class"], about.attrs["class"] = "exercise", "about"
        said = _("Difficulty {} of {}").format(dots.count("●"), len(dots))
        about.inner_html = ABOUT.format(dots, said, time, card.id, _("done"))


EVERYWHERE = {
    # The theme shows a dark page in light until its script is there; and paper is light.
    "script[data-cfasync]": choose_at_once,
    # It says three times how wide a page is.
    "meta[name=viewport] ~ [name=viewport]": remove,
    # The button back to the top needs Bootstrap, and so do tooltips: a browser shows titles.
    "#pst-back-to-top": remove,
    "[data-bs-toggle]": attributes(data_bs_toggle=None, data_bs_placement=None),
    # An icon is no name, and what is read aloud of it is a private letter; a drawer has a name.
    ".primary-toggle": attributes(
        aria_label="Chapters", aria_controls="pst-primary-sidebar", title="Chapters"
    ),
    "#pst-primary-sidebar-modal": attributes(aria_label="Chapters"),
    "[class*=fa-]": attributes(aria_hidden="true"),
    # The name of a button contains what stands on it.
    ".search-button-field": attributes(aria_label="Search Ctrl+K", title=None),
    # The side bar is a landmark, so that all of a page is in one.
    "#pst-primary-sidebar": attributes(role="complementary", aria_label="Side bar"),
}
SOMEWHERE = {
    # Firefox loads the next page ahead, and says that the policy forbids it.
    "head > :is([rel=next], [rel=prev])": remove,
    # A handler inside a page would need a policy that lets any run; buttons.js acts instead.
    "[onclick]": attributes(onclick=None, data_act="print"),
    # Menus of one or two entries need Bootstrap; without it, their entries are buttons.
    ".dropdown-toggle": remove,
    ".dropdown-menu": open_menu,
    # Most sources are notebooks, and should be saved, not shown.
    '[href*="_sources/"][href$=".ipynb"]': attributes(
        title="Download this notebook", aria_label="Download this notebook", download=""
    ),
    # As above, on a page with contents of its own.
    ".secondary-toggle": attributes(
        aria_label="Contents of this page", aria_controls="pst-secondary-sidebar", title="Contents"
    ),
    "#pst-secondary-sidebar-modal": attributes(aria_label="Contents of this page"),
    # A folded cell has the name that stands on it, by itself.
    "summary[aria-label]": attributes(aria_label=None),
    # On paper, a second title without its number, and the contents without page numbers.
    "#jb-print-docs-body": remove,
    # A list of references may hold only list items, and the roles of its parts are deprecated.
    ".citation-list[role], [role=doc-biblioentry], [role=doc-backlink]": attributes(role=None),
    # A wide formula scrolls in a box; cells that only import are folded; an exercise is a card.
    ".katex-display": let_scroll,
    ".cell_input": fold_imports,
    "section > h3": lay_out_exercise,
    # The heads of a column, and of a row.
    "thead th": attributes(scope="col"),
    "tbody th": attributes(scope="row"),
}


def setup(app):
    """Register with Sphinx."""
    mend(app, EVERYWHERE, SOMEWHERE)
