"""Requests from a file: letters and calls that an office wrote down. All of it or nothing, once.

A row is known by its own number (`key`): the same file again, and a file that repeats rows of an
earlier one, files nothing twice. A faulty row is named by its number and refuses the whole file.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Connection

from dsar.identity.contacts import normalised
from dsar.intake.errors import ImportRowsError
from dsar.intake.rules import contact_faults, filing_faults
from dsar.intake.service import Prepared, enter, prepare
from dsar.intake.store import filed_once
from dsar.intake.types import Claim, Filing, Scope, Source, StopGround
from dsar.records import actor_of, demand
from dsar.types import Delivery, Intake, Requester, RequestKind
from governance.core.clock import JST
from governance.core.terms import Lang, RequestId
from governance.customers.encodings import detect, open_text
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.actions import Action

MOST_ROWS: Final = 5_000  # of one file; it is stored in one transaction
NEEDED: Final = ("key", "right", "channel", "name")
COLUMNS: Final = (
    *NEEDED,
    *("received_on", "requester", "agent_name", "email", "phone", "customer_number"),
    *("delivery", "lang", "scope", "ground", "words"),
)
CHANNELS: Final = frozenset({Intake.COUNTER, Intake.POST, Intake.PHONE, Intake.EMAIL})
Fault = tuple[int, str, str]
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a file; read = filed + known."""

    read: int
    filed: tuple[RequestId, ...]
    known: int


def import_file(
    ports: Ports, principal: Principal, path: Path, *, policy_days: int, at: datetime
) -> Imported:
    """Every row of the file is on file; raises ImportRowsError and stores nothing otherwise."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_WRITE)
    with open_text(path, detect(path)) as stream:
        reader = csv.DictReader(stream)
        faults = _header_faults(reader.fieldnames or ())
        rows = [] if faults else list(_bounded(reader))
    filings: dict[int, Filing] = {}
    for number, row in enumerate(rows, start=1):
        made = _filing(number, row, policy_days=policy_days, at=at)
        if isinstance(made, Filing):
            filings[number] = made
        else:
            faults += made
    faults += _repeated(filings)
    if faults:
        raise ImportRowsError((f"{row}.{column}", code) for row, column, code in sorted(faults))
    return _stored(ports, principal, list(filings.values()), at=at)


def _stored(ports: Ports, principal: Principal, filings: list[Filing], *, at: datetime) -> Imported:
    marks = [filing.once or "" for filing in filings]
    with ports.database.read() as tx:
        known = filed_once(tx, marks)
    prepared = [prepare(ports, one) for one in filings if one.once not in known]

    def write(tx: Connection) -> tuple[RequestId, ...]:
        since = filed_once(tx, [one.filing.once or "" for one in prepared])
        return tuple(_entered(tx, one) for one in prepared if one.filing.once not in since)

    def _entered(tx: Connection, one: Prepared) -> RequestId:
        return enter(tx, ports, principal, one, at=at).id

    filed = ports.database.write(write)
    return Imported(read=len(filings), filed=filed, known=len(filings) - len(filed))


def _header_faults(names: Sequence[str]) -> list[Fault]:
    present = set(names)
    found = [(0, name, "column_missing") for name in NEEDED if name not in present]
    places = [place for place, name in enumerate(names, start=1) if name not in COLUMNS]
    return [*found, *((0, f"#{place}", "column_unknown") for place in places)]


def _bounded(reader: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    for number, row in enumerate(reader, start=1):
        if number > MOST_ROWS:
            raise ImportRowsError([(f"{number}.key", "too_many_rows")])
        yield row


def _filing(
    number: int, row: Mapping[str, str | None], *, policy_days: int, at: datetime
) -> Filing | list[Fault]:
    """The row as a filing, or everything that is wrong with it."""
    said = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row or any(value is None for value in row.values()):
        return [(number, "key", "cells")]
    faults: list[Fault] = [(number, name, "missing") for name in NEEDED if not said[name]]

    def word(name: str, words: type[Word], usual: Word) -> Word:
        if said[name] and said[name] not in set(words):
            faults.append((number, name, "unknown"))
        return words(said[name]) if said[name] in set(words) else usual

    kind = word("right", RequestKind, RequestKind.DISCLOSURE)
    channel = word("channel", Intake, Intake.POST)
    if channel not in CHANNELS:
        faults.append((number, "channel", "unknown"))
    received = arrived(said["received_on"])
    if said["received_on"] and (received is None or received > at):
        faults.append((number, "received_on", "day"))
    scope = tuple(one for one in Scope if one in said["scope"].split(";"))
    filing = Filing(
        kind=kind,
        intake=channel,
        source=Source.CSV,
        claim=normalised(_claim(said)),
        policy_days=policy_days,
        requester=word("requester", Requester, Requester.SELF),
        delivery=word("delivery", Delivery, Delivery.POST),
        lang=word("lang", Lang, Lang.JA),
        scope=scope or (Scope.EVERYTHING,),
        ground=word("ground", StopGround, StopGround.OTHER) if said["ground"] else None,
        words=said["words"] or None,
        received_at=received,
        once=sha256(f"csv\n{said['key']}".encode()).hexdigest(),
    )
    wrong = (*filing_faults(filing), *contact_faults(said["email"], said["phone"]))
    faults += [(number, name, code) for name, code in wrong]
    return list(dict.fromkeys(faults)) or filing


def _claim(said: Mapping[str, str]) -> Claim:
    names = ("name", "email", "phone", "agent_name", "customer_number")
    return Claim(**{name: said[name] for name in names})


def arrived(written: str) -> datetime | None:
    """The beginning of that day in Japan: it arrived then at the latest."""
    try:
        return datetime.combine(date.fromisoformat(written), time(), JST)
    except ValueError:
        return None


def _repeated(filings: Mapping[int, Filing]) -> list[Fault]:
    """Rows whose number stands in an earlier row of the same file."""
    seen: set[str | None] = set()
    found = []
    for number, filing in filings.items():
        if filing.once in seen:
            found.append((number, "key", "repeated"))
        seen.add(filing.once)
    return found
