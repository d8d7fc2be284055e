"""The lists of the register of recipients: everybody, and those outside Japan."""

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from governance.console.lists.source import Asked, Source
from governance.console.register_facts import AbroadLine, RecipientLine, abroad_lines, line_of
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.registers import service
from governance.registers.service import Listed
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/recipients"
COLUMNS: Final = (
    ListColumn(key="name", label="console.recipients.name", kind=Kind.NAME),
    ListColumn(key="role", label="console.recipients.role", kind=Kind.CHOICE, filters=True),
    ListColumn(key="country", label="console.recipients.country", kind=Kind.CHOICE, filters=True),
    ListColumn(key="until", label="console.recipients.until", kind=Kind.DAY, filters=True),
    ListColumn(key="state", label="console.recipients.state", kind=Kind.CHOICE, filters=True),
    ListColumn(key="missing", label="console.recipients.missing", kind=Kind.CHOICE, filters=True),
)
ALL: Final = ListOf(
    id="recipients",
    path=HOME,
    title="console.recipients.register",
    columns=COLUMNS,
    order="name",
    none="console.recipients.none",
    none_text="console.recipients.none_text",
)
ABROAD: Final = ListOf(
    id="transfers",
    path=HOME,
    title="console.recipients.abroad",
    prefix="abroad-",
    columns=(
        ListColumn(key="name", label="console.recipients.name", kind=Kind.NAME),
        ListColumn(
            key="country", label="console.recipients.country", kind=Kind.CHOICE, filters=True
        ),
        ListColumn(key="ground", label="console.recipients.ground"),
        ListColumn(key="told_on", label="console.recipients.told", kind=Kind.DAY),
        ListColumn(key="checked_on", label="console.recipients.checked", kind=Kind.DAY),
        ListColumn(key="due_on", label="console.recipients.check_due", kind=Kind.DAY, shown=False),
        ListColumn(key="gdpr", label="console.recipients.gdpr"),
        ListColumn(key="state", label="console.recipients.state", kind=Kind.CHOICE, filters=True),
    ),
    order="name",
    none="console.recipients.none_abroad",
)


def _every(tx: Connection, asked: Asked) -> tuple[Listed, ...]:
    return service.listing(tx, asked.wiring.ports, asked.principal, at=asked.at)


def _all_rows(tx: Connection, asked: Asked) -> Found:
    every = _every(tx, asked)
    lines = [(line_of(one, asked.lang, on=asked.today), one) for one in every]
    return Found(rows=tuple(_row(line, one, asked.lang) for line, one in lines))


def _row(line: RecipientLine, listed: Listed, lang: Lang) -> Row:
    role = listed.recipient.role.value
    told = text("console.recipients.renews", lang) if line.until and line.renews else ""
    lacking = "yes" if line.missing else "no"
    return Row(
        key=line.key,
        cells={
            "name": Cell(value=line.name, href=f"{HOME}/{quote(line.key, safe='')}"),
            "role": Cell(value=line.role, code=role),
            "country": Cell(
                value=country_name(line.country, lang) if line.country else None, code=line.country
            ),
            "until": Cell(value=line.until, note=told),
            "state": _state(ended=line.ended, lang=lang),
            "missing": Cell(
                value=text("console.recipients.whole", lang)
                if lacking == "no"
                else text("console.recipients.lacks", lang),
                code=lacking,
                lines=line.missing,
            ),
        },
    )


def _state(*, ended: bool, lang: Lang) -> Cell:
    code = "ended" if ended else "current"
    words = text(f"console.recipients.{code}", lang)
    return Cell(value=words, code=code, tone="plain" if ended else "")


def _abroad_rows(tx: Connection, asked: Asked) -> Found:
    lines = abroad_lines(_every(tx, asked), asked.lang, on=asked.today)
    return Found(rows=tuple(_abroad(line, asked.lang) for line in lines))


def _abroad(line: AbroadLine, lang: Lang) -> Row:
    def say(name: str, **params: object) -> str:
        return text(f"console.recipients.{name}", lang, **params)

    country = country_name(line.country, lang) if line.country else say("unknown_country")
    unneeded = say("not_needed") if line.equivalent else say("no_ground")
    where = Cell(value=country, code=line.country or "unknown")
    return Row(
        key=line.key,
        cells={
            "name": Cell(value=line.name, href=f"{HOME}/{quote(line.key, safe='')}"),
            "country": replace(where, note=say("equivalent")) if line.equivalent else where,
            "ground": Cell(value=line.ground or unneeded),
            "told_on": Cell(value=line.told_on),
            "checked_on": Cell(value=line.checked_on),
            "due_on": Cell(value=line.due_on),
            "gdpr": Cell(value=line.gdpr or None),
            "state": _standing(line, lang),
        },
    )


def _standing(line: AbroadLine, lang: Lang) -> Cell:
    if line.stopped:
        words = text("console.recipients.stopped", lang)
        return Cell(value=words, code="stopped", tone="refused")
    if line.missing:
        words = text("console.recipients.to_mend", lang, n=len(line.missing))
        return Cell(value=words, code="lacking", tone="attention")
    return Cell(value=text("console.recipients.whole", lang), code="whole")


RECIPIENTS: Final = Source(declared=ALL, any_of=(Action.REGISTER_READ,), rows=_all_rows)
TRANSFERS: Final = Source(declared=ABROAD, any_of=(Action.REGISTER_READ,), rows=_abroad_rows)
