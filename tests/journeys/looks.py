"""What every page of a journey must be: accessible, quiet, and as wide as its window."""

from collections.abc import Collection
from typing import Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
RULES: Final = {"target-size": {"enabled": True}}  # WCAG 2.2, 2.5.8; axe leaves it out
CONTRAST: Final = "color-contrast"  # more than half of the time, and one width is like another
FOUND: Final = """(how) => axe.run(how).then((found) => found.violations.flatMap(
  (one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 90)}`)))"""


def violations(page: Page, *, only: Collection[str] = (), but: Collection[str] = ()) -> list[str]:
    """Findings of axe, each with the element; of these rules only, or of all but these."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    rules = RULES | {rule: {"enabled": False} for rule in but}
    how: dict[str, object] = {"rules": rules, "resultTypes": ["violations"]}  # the rest is long
    if only:
        how |= {"rules": {}, "runOnly": [*only]}
    found: list[str] = page.evaluate(FOUND, how)
    return found


def fits(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    return bool(page.evaluate(OVERFLOW) <= 0)
