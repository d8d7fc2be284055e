"""The start page: what Sekisho is, and its three doors."""

from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.pages import Page, Templates
from governance.ui.parts import Door, Gate, Gates, GateState

CONSOLE_HREF = "/console"
PORTAL_HREF = "/portal"
API_HREF = "/docs"


def doors(lang: Lang) -> tuple[Door, ...]:
    """Officer console, customer portal, API documentation."""
    ways = (("console", "document", CONSOLE_HREF), ("portal", "user", PORTAL_HREF))
    return tuple(
        Door(
            icon=icon,
            name=text(f"ui.start.{name}", lang),
            text=text(f"ui.start.{name}_text", lang),
            href=href,
        )
        for name, icon, href in (*ways, ("api", "code", API_HREF))
    )


def three_questions(lang: Lang) -> Gates:
    """The gate's three questions, as a road that is open."""
    actor, purpose, subject = (
        Gate(state=GateState.PASSED, reason=text(f"ui.start.ask.{name}", lang))
        for name in ("actor", "purpose", "subject")
    )
    return Gates(actor=actor, purpose=purpose, subject=subject)


def start_page(templates: Templates, page: Page) -> str:
    """The page at /."""
    return templates.render(
        "start.html", page, doors=doors(page.lang), gates=three_questions(page.lang)
    )
