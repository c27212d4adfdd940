"""Light or dark, from the first paint on; and what the theme gets wrong for some readers."""

from .pages import Mend, attributes, mend

# What the page says before anything is drawn: as the reader chose, or else as the system says.
CHOSEN = """{
  const root = document.documentElement.dataset;
  const set = () => {
    root.mode = localStorage.getItem("mode") || "auto";
    const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.theme = root.mode === "auto" ? dark : root.mode;
  };
  set();
  addEventListener("beforeprint", () => { root.theme = "light"; });
  addEventListener("afterprint", set);
}"""


def choose_at_once(script):
    """Let the script at the top of a page set the theme."""
    script.inner_html = CHOSEN


def let_scroll(formula):
    """Give a formula the class of wide tables, whose boxes the theme lets the keyboard reach."""
    formula.attrs["class"] += " pst-scrollable-table-container"


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
        "[onclick^=toggleFullScreen]",
        attributes(onclick=None, data_act="fullscreen", aria_label="Full screen"),
    ),
    Mend("the same, for printing", "[onclick]", attributes(onclick=None, data_act="print"), False),
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
    Mend("the head of a column", "thead th", attributes(scope="col"), everywhere=False),
    Mend("the head of a row", "tbody th", attributes(scope="row"), everywhere=False),
]


def setup(app):
    """Register with Sphinx."""
    mend(app, MENDS)
