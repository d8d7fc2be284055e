"""The list of employees' accounts, for whoever oversees them."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import every, one_of, row, yes_no
from governance.console.lists.source import Asked, Source
from governance.i18n.catalogue import text
from governance.identity.access.words import roles_named
from governance.identity.overseeing import Overseen, overseen
from governance.identity.types import AccountState
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/staff"
TONES: Final = {"active": "", "suspended": "attention", "ended": "plain"}
ACCOUNTS: Final = ListOf(
    id="staff",
    path=HOME,
    title="staff.title",
    columns=(
        ListColumn(key="login", label="staff.login"),
        ListColumn(key="name", label="staff.name", kind=Kind.NAME, personal=True),
        ListColumn(key="roles", label="staff.roles"),
        ListColumn(key="state", label="staff.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="second", label="staff.second", kind=Kind.CHOICE, filters=True),
        ListColumn(key="used", label="staff.used", kind=Kind.DAY, filters=True),
        ListColumn(key="trained", label="staff.trained", kind=Kind.DAY, filters=True),
        ListColumn(key="made", label="staff.made", kind=Kind.DAY, shown=False),
    ),
    order="login",
    keeps=("role",),
    none="staff.none",
)


def _rows(tx: Connection, asked: Asked) -> Found:
    role = asked.given.get("role", "")
    found = overseen(tx, asked.wiring.ports, asked.principal)
    return every(_row(one, asked) for one in found if not role or role in one.staff.roles)


def _row(one: Overseen, asked: Asked) -> Row:
    staff, lang = one.staff, asked.lang
    policy = asked.wiring.policies.current
    return row(
        staff.login,
        login=Cell(value=staff.login, href=f"{HOME}/{staff.login}"),
        name=Cell(value=staff.display_name),
        roles=Cell(value=roles_named(policy, staff.roles, lang) or None),
        state=one_of("cli.accounts.state.", staff.state.value, lang, tone=TONES[staff.state.value]),
        second=yes_no(
            holds=one.second,
            yes=text("staff.second_yes", lang),
            no=text("staff.second_no", lang),
            off="attention" if staff.state is AccountState.ACTIVE else "",
        ),
        used=Cell(value=one.used_on),
        trained=Cell(value=staff.trained_until),
        made=Cell(value=staff.created_at),
    )


STAFF: Final = Source(declared=ACCOUNTS, any_of=(Action.STAFF_READ,), rows=_rows)
