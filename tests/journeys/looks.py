"""What every page of a journey must be: accessible, quiet, and as wide as its window."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


HOW = {
    "rules": {"target-size": {"enabled": True}},  # WCAG 2.2, 2.5.8; axe leaves it out
    "resultTypes": ["violations"],  # what passes is not listed, which is most of the time it takes
}


def violations(page: Page) -> list[str]:
    """Findings of axe, each with the element."""
    found = Axe().run(page, options=HOW).response["violations"]
    return [f"{one['id']}: {node['html'][:90]}" for one in found for node in one["nodes"]]


def fits(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    return bool(page.evaluate(OVERFLOW) <= 0)
