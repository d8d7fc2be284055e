"""The list of roles that were given for a time: who asked, for what, who gave it, how it ended."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import READ, newest, one_of, row, who
from governance.console.lists.source import Asked, Source
from governance.identity.elevation.service import listing
from governance.identity.elevation.types import Elevation, Phase
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/elevation"
TONES: Final = {Phase.STANDING: "attention"}
DECLARED: Final = ListOf(
    id="elevations",
    path=HOME,
    title="account.elevation.list",
    none="account.elevation.none",
    columns=(
        ListColumn(key="asked", label="account.elevation.asked", kind=Kind.MOMENT, filters=True),
        ListColumn(key="who", label="account.training.who", kind=Kind.CHOICE, filters=True),
        ListColumn(key="role", label="account.elevation.role", kind=Kind.CHOICE, filters=True),
        ListColumn(key="minutes", label="account.elevation.minutes", kind=Kind.NUMBER),
        ListColumn(key="reason", label="account.elevation.reason", personal=True),
        ListColumn(key="state", label="account.training.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="by", label="account.elevation.by", kind=Kind.CHOICE, filters=True),
        ListColumn(key="ends", label="account.elevation.ends", kind=Kind.MOMENT, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    """One's own, or those of all for whoever may give them; the newest first."""
    found = listing(tx, asked.wiring.ports, asked.principal, limit=READ)
    return newest(_row(one, reason, asked) for one, reason in found)


def _row(one: Elevation, reason: str, asked: Asked) -> Row:
    lang, phase = asked.lang, one.phase(asked.at)
    known = asked.wiring.policies.current.roles.get(one.role)
    return row(
        one.id,
        asked=Cell(value=one.asked_at),
        who=who(one.staff, lang),
        role=Cell(value=known.label[lang] if known else one.role, code=one.role),
        minutes=Cell(value=one.minutes),
        reason=Cell(value=reason),
        state=one_of("account.elevation.phase.", phase.value, lang, tone=TONES.get(phase, "plain")),
        by=who(one.approved_by, lang),
        ends=Cell(value=one.ended_at or one.ends_at),
    )


ELEVATIONS: Final = Source(declared=DECLARED, any_of=(Action.CONSOLE_OPEN,), rows=_rows)
