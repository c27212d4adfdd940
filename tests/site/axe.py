"""How the tests ask axe, the accessibility checker, about a page."""

import scripts

AXE = scripts.PLACE / "node_modules" / "axe-core" / "axe.min.js"
RULES_OF_COLORS = ["color-contrast", "link-in-text-block"]
# Light and dark differ in COLORS; the rest is the same in both.
COLORS = {"runOnly": RULES_OF_COLORS}
ALL_BUT_COLORS = {"rules": {rule: {"enabled": False} for rule in RULES_OF_COLORS}}


def load(tab):
    """Bring axe into a page."""
    tab.evaluate(AXE.read_text("utf-8"))


def violations(tab, options):
    """Return what axe finds on a page that it was brought into."""
    # Without its preload axe would ask for the style sheets a second time, some at wrong places.
    options = {"preload": False, "resultTypes": ["violations"], **options}
    found = tab.evaluate("options => axe.run(options)", options)["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
