"""The report of a breach to the 個人情報保護委員会 as a paper (APPI 26(1); Rule 8(1) and (2)).

It says the nine items in the order of the rule, in the words that stand in the register now, and of
an item without words that it is not known. It is made anew each time and kept nowhere; that it was
made, what it lacked and the digest of what it said are in the log.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from governance.core.errors import UnavailableError
from governance.core.terms import Lang
from governance.customers.ports import Ports
from governance.documents.papers import Entry, Paper, Part
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day, moment
from governance.registers.breaches import service, store
from governance.registers.breaches.rules import FIRST, FULLS
from governance.registers.breaches.service import Standing
from governance.registers.breaches.types import BreachDutyError, Duty, Ground, Note, Topic
from policies.actions import Action
from policies.api import ensure

TO_COMMISSION: Final = frozenset({FIRST.name, *(one.name for one in FULLS)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaper:
    """The paper, and which of the nine items nobody has written yet."""

    paper: Paper
    missing: tuple[Topic, ...]
    digest: str


def report_paper(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    breach: str,
    rule: str,
    lang: Lang,
    *,
    at: datetime,
) -> ReportPaper:
    """The paper of this report, on record; raises BreachDutyError for what is no such report."""
    ensure(principal, Action.BREACH_WRITE, ports.policies.current)
    found = service.standing(tx, store.by_id(tx, breach))
    duty = next((one for one in found.duties if one.rule == rule), None)
    if duty is None or rule not in TO_COMMISSION:
        raise BreachDutyError
    notes = {one.topic: one for one in store.notes(tx, ports.vault, found.breach.id)}
    missing = tuple(topic for topic in Topic if topic not in notes)
    paper = _paper(ports, found, duty, notes, lang, at=at)
    told = json.dumps(paper.as_json(), ensure_ascii=False, sort_keys=True).encode()
    made = ReportPaper(paper=paper, missing=missing, digest=sha256(told).hexdigest())
    lacking = tuple(f"missing:{topic.value}" for topic in missing)
    service.append(
        tx,
        ports,
        principal,
        EventCode.BREACH_PAPER,
        found.breach,
        (rule, *lacking),
        at=at,
        refs=(f"paper:{made.digest}",),
    )
    return made


def naming(ports: Ports, principal: Principal, breach: str) -> tuple[Topic, ...]:
    """Items whose words may name somebody, which the report does not need.

    Fails closed: where the texts cannot be searched, every item that has words.
    """
    with ports.database.read() as tx:
        notes = {one.topic: one.words for one in service.notes(tx, ports, principal, breach)}
    try:
        found = ports.analyse(list(notes.values()), Lang.JA)
    except UnavailableError:
        return tuple(topic for topic in Topic if topic in notes)
    hits = {topic for topic, spans in zip(notes, found, strict=True) if spans}
    return tuple(topic for topic in Topic if topic in hits)


def _paper(
    ports: Ports,
    found: Standing,
    duty: Duty,
    notes: dict[Topic, Note],
    lang: Lang,
    *,
    at: datetime,
) -> Paper:
    first = duty.rule == FIRST.name
    kind = "first" if first else "full"
    facts = Part(head=_say("facts", lang), entries=tuple(_facts(ports, found, duty, lang)))
    return Paper(
        title=_say(kind, lang),
        sender=ports.controller.company(lang),
        number=_say(
            "foot", lang, title=_say(kind, lang), day=long_day(found.breach.aware_at, lang)
        ),
        date=long_day(at, lang),
        to=(_say("to", lang),),
        lead=(_say(f"lead_{kind}", lang),),
        parts=(facts, *(_item(topic, notes.get(topic), lang, first=first) for topic in Topic)),
    )


def _item(topic: Topic, note: Note | None, lang: Lang, *, first: bool) -> Part:
    unknown = _say("unknown_first" if first else "unknown_full", lang)
    words = unknown if note is None else note.words
    lines = tuple(line for line in words.splitlines() if line.strip())
    return Part(head=_say(f"item.{topic.value}", lang), paragraphs=lines)


def _facts(ports: Ports, found: Standing, duty: Duty, lang: Lang) -> Iterator[Entry]:
    one, house = found.breach, ports.controller
    between = "、" if lang is Lang.JA else "; "
    grounds = [
        text(f"breaches.ground.{name.value}", lang) for name in Ground if name in one.grounds
    ]
    said = {
        "company": house.company(lang),
        "address": house.address(lang),
        "representative": house.representative(lang),
        "contact": between.join((house.contact_phone, house.contact_mail)),
        "about": one.about,
        "kind": text(f"cli.breach.kind.{one.kind.value}", lang),
        "aware": moment(one.aware_at, lang),
        "grounds": between.join(grounds),
    }
    if (before := _first_report(found)) is not None and duty.rule != FIRST.name:
        said["before"] = long_day(before, lang)
    for name, words in said.items():
        yield Entry(term=_say(f"fact.{name}", lang), text=words)


def _first_report(found: Standing) -> datetime | None:
    """When the preliminary report was made."""
    return next((one.reported_at for one in found.duties if one.rule == FIRST.name), None)


def _say(name: str, lang: Lang, **params: object) -> str:
    return text(f"breaches.paper.{name}", lang, **params)
