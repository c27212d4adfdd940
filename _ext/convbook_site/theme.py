"""Light or dark: as the reader chose, or else as the system says, from the first paint on."""

from .pages import Mend, mend

# What the page says before anything is drawn. The theme's own script comes later.
CHOSEN = """\
{
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

MENDS = [
    Mend(
        "the theme shows a dark page in light until its script is there; and paper is light",
        r'document\.documentElement\.dataset\.mode = localStorage[^<]*"theme"\) \|\| "auto";',
        CHOSEN.replace("\\", r"\\"),
    ),
]


def setup(app):
    """Register with Sphinx."""
    mend(app, MENDS)
