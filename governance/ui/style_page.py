"""The living style page: each component in every state, for authors and for the browser tests."""

from governance.ui.pages import Page, Templates
from governance.ui.samples import style_facts


def style_page(templates: Templates, page: Page) -> str:
    """The page at /console/style."""
    return templates.render("style.html", page, **style_facts(page.lang))
