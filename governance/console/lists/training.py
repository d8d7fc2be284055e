"""The register of training: how each employee stands, those who miss something first."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import every, one_of, row, yes_no
from governance.console.lists.source import Asked, Source
from governance.core.clock import JST
from governance.i18n.catalogue import text
from governance.identity.credentials.terms import limits_of
from governance.identity.training.reading import courses
from governance.identity.training.service import Line, register
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/training"
STATES: Final = {"absent": "attention", "holds": "good", "free": "", "grace": "attention"}
REGISTER: Final = ListOf(
    id="training",
    path=HOME,
    title="account.training.register",
    columns=(
        ListColumn(key="who", label="account.training.who", kind=Kind.NAME),
        ListColumn(key="needed", label="account.training.needed", kind=Kind.CHOICE, filters=True),
        ListColumn(key="until", label="account.training.until", kind=Kind.DAY, filters=True),
        ListColumn(key="state", label="account.training.state", kind=Kind.CHOICE, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    wiring = asked.wiring
    held, limits = courses(wiring.settings.training_dir), limits_of(wiring.settings)
    found = register(tx, wiring.ports, held, asked.principal, limits, at=asked.at)
    return every(_row(one, asked) for one in found)


def _row(one: Line, asked: Asked) -> Row:
    lang, staff = asked.lang, one.staff
    state = _state(one, asked)
    yes, no = (text(f"account.training.{said}", lang) for said in ("yes", "no"))
    return row(
        staff.login,
        who=Cell(value=staff.display_name, note=staff.login, under=True),
        needed=yes_no(holds=one.needed, yes=yes, no=no),
        until=Cell(value=one.until.astimezone(JST).date() if one.until else None),
        state=one_of("account.training.", state, lang, tone=STATES[state]),
    )


def _state(one: Line, asked: Asked) -> str:
    if one.missing:
        return "absent"
    if one.until is not None and one.until > asked.at:
        return "holds"
    return "grace" if one.needed else "free"


TRAINING: Final = Source(declared=REGISTER, any_of=(Action.TRAINING_WRITE,), rows=_rows)
