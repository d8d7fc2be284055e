"""Parts of a page that htmx replaces: each is asked for by keys, and where the focus is then."""

from typing import Final

from playwright.sync_api import Page, expect

TRIGGERS: Final = "a[hx-get], form[hx-get]:not([hx-trigger])"
# A control that asks for a part, or that lies in one, is found again by its id.
NAMELESS: Final = """() => [...document.querySelectorAll('[hx-get], [hx-post]')]
  .flatMap((one) => one.matches('form') ? [...one.elements].filter((it) => it.type !== 'hidden')
    : [one])
  .filter((one) => !one.id && !one.matches('fieldset')).map((one) => one.outerHTML.slice(0, 80))"""
COUNT: Final = """() => document.addEventListener('htmx:finally:swap',
  () => { document.documentElement.dataset.swapped = 'yes'; })"""
PREPARE: Final = """(one) => {
  for (let up = one; up; up = up.parentElement) if (up.matches('details')) up.open = true;
  const control = one.matches('form') ? one.querySelector('button:not([type=button])') : one;
  control.focus();
  const target = document.querySelector(one.getAttribute('hx-target'));
  return [control === document.activeElement, one.id, target.id];
}"""
AFTER: Final = """([id, target]) => {
  const here = document.activeElement;
  if (here === document.body) return 'the focus is lost';
  if (!document.getElementById(target)?.contains(here)) return `the focus is at ${here.id}`;
  if (!here.checkVisibility({visibilityProperty: true})) return `the focus is hidden: ${here.id}`;
  return '';
}"""


def nameless(page: Page) -> list[str]:
    """Controls of a swap that could not be found again after it."""
    found: list[str] = page.evaluate(NAMELESS)
    return [f"a swap without an id: {one}" for one in found]


def triggers(page: Page) -> int:
    """How many elements of the page ask for a part of it."""
    return page.locator(TRIGGERS).count()


def lost(page: Page, at: int) -> str:
    """What is wrong with the focus after the part was asked for with Enter; empty when nothing."""
    page.evaluate(COUNT)
    focused, name, target = page.locator(TRIGGERS).nth(at).evaluate(PREPARE)
    if not focused:
        return f"{name}: cannot be reached"
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-swapped", "yes")
    wrong = page.evaluate(AFTER, [name, target])
    return f"{name}: {wrong}" if wrong else ""
