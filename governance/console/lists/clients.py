"""The list of systems that have an account."""

from typing import Final

from sqlalchemy import Connection

from governance.console.lists.cells import every, one_of, row, words
from governance.console.lists.source import Asked, Source
from governance.console.policy_words import purpose_names, role_names
from governance.i18n.catalogue import text
from governance.identity.accounts import list_clients
from governance.identity.types import Client
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/clients"
DECLARED: Final = ListOf(
    id="clients",
    path=HOME,
    title="clients.title",
    order="name",
    none="clients.none",
    columns=(
        ListColumn(key="name", label="clients.name", kind=Kind.NAME),
        ListColumn(key="roles", label="clients.roles", filters=True),
        ListColumn(key="purposes", label="clients.purposes", filters=True),
        ListColumn(key="state", label="clients.state", kind=Kind.CHOICE, filters=True),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    return every(_row(one, asked) for one in list_clients(tx, asked.wiring.ports, asked.principal))


def _row(one: Client, asked: Asked) -> Row:
    state, policy = one.state.value, asked.wiring.policies.current
    between = text("ui.between", asked.lang)
    return row(
        one.name,
        name=Cell(value=one.name, href=f"{HOME}/{one.name}"),
        roles=words(between.join(role_names(one.roles, policy, asked.lang))),
        purposes=words(between.join(purpose_names(one.purposes, policy, asked.lang))),
        state=one_of(
            "clients.state_", state, asked.lang, tone="good" if state == "active" else "attention"
        ),
    )


CLIENTS: Final = Source(declared=DECLARED, any_of=(Action.CLIENT_READ,), rows=_rows)
