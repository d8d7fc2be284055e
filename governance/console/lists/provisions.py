"""The list of provision records: the days are asked in the database, the rest in memory."""

from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from governance.console.lists.cells import READ, newest, one_of, row, yes_no
from governance.console.lists.source import Asked, Source
from governance.console.register_facts import ProvisionLine, provision_lines
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.i18n.formats import long_day
from governance.registers.provisions import service
from governance.registers.store import recipient_by_key
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from governance.ui.lists.views import day_of
from policies.actions import Action

HOME: Final = "/console/provisions"
DECLARED: Final = ListOf(
    id="provisions",
    path=HOME,
    title="console.provisions.records",
    none="console.provisions.none",
    none_text="console.provisions.none_text",
    columns=(
        ListColumn(key="on", label="console.provisions.on", kind=Kind.DAY, filters=True),
        ListColumn(
            key="direction", label="console.provisions.direction", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(
            key="recipient", label="console.provisions.party", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(
            key="country", label="console.recipients.country", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(
            key="abroad",
            label="console.provisions.abroad",
            kind=Kind.CHOICE,
            filters=True,
            shown=False,
        ),
        ListColumn(
            key="purpose", label="console.provisions.purpose", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(key="ground", label="console.provisions.ground", kind=Kind.CHOICE, filters=True),
        ListColumn(key="persons", label="console.provisions.persons", kind=Kind.NUMBER),
        ListColumn(key="until", label="console.provisions.until", kind=Kind.DAY),
    ),
)


def _rows(tx: Connection, asked: Asked) -> Found:
    lines = _lines(tx, asked, None)
    party = asked.view.asked("recipient")
    if len(lines) == READ and party and recipient_by_key(tx, party) is not None:
        lines = _lines(tx, asked, party)  # among so many, the database looks for it
    return newest(_row(line, asked) for line in lines)


def _lines(tx: Connection, asked: Asked, party: str | None) -> tuple[ProvisionLine, ...]:
    found = service.listing(
        tx,
        asked.wiring.ports,
        asked.principal,
        recipient=party,
        since=day_of(asked.view.asked("on.from")),
        until=day_of(asked.view.asked("on.to")),
        limit=READ,
    )
    return provision_lines(tx, found, asked.wiring.policies.current, asked.lang)


def _row(line: ProvisionLine, asked: Asked) -> Row:
    one, lang = line.provision, asked.lang
    last = f"- {long_day(one.last_on, lang)}" if one.last_on != one.first_on else ""
    party = f"/console/recipients/{quote(line.party_key, safe='')}" if line.party_key else ""
    country = country_name(one.country, lang) if one.country else None
    far = text("console.provisions.abroad", lang)
    return row(
        one.id,
        on=Cell(value=one.first_on, last=one.last_on, href=f"{HOME}/{one.id}", note=last),
        direction=one_of("cli.provision.direction.", one.direction.value, lang),
        recipient=Cell(value=line.party or None, code=line.party_key, href=party, aside=True),
        country=Cell(
            value=country,
            code=one.country or "",
            note=far if line.abroad and country else "",
            note_tone="plain" if line.abroad else "",
        ),
        abroad=yes_no(holds=line.abroad, yes=far, no=text("console.provisions.inland", lang)),
        purpose=Cell(value=line.purpose or None, code=str(one.purpose or "")),
        ground=Cell(value=line.ground, code=one.recorded.ground.value),
        persons=Cell(value=one.persons),
        until=Cell(value=one.keeping.until),
    )


PROVISIONS: Final = Source(declared=DECLARED, any_of=(Action.REGISTER_READ,), rows=_rows)
