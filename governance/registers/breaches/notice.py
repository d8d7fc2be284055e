"""The notice of a breach to the persons concerned (APPI 26(2), Rule 10; GDPR 34(2)).

One text for a letter and, where telling each person is difficult, for the public (APPI 26(2)
proviso; GDPR 34(3)(c)). Like the report it says what stands in the register now and is kept
nowhere. Whoever wrote its words gets a draft: what leaves the house, another person has read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from governance.approvals.second import is_second
from governance.core.controller import Controller
from governance.core.terms import Lang
from governance.customers.ports import Ports
from governance.documents.papers import Entry, Paper, Part
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.registers.breaches import service, store
from governance.registers.breaches.rules import EUROPE_PERSONS, PERSONS
from governance.registers.breaches.types import (
    Breach,
    BreachAddresseeError,
    BreachDutyError,
    Ground,
    Note,
    Topic,
)
from policies.actions import Action
from policies.api import ensure

TO_THEM: Final = frozenset({PERSONS.name, EUROPE_PERSONS.name})
TOLD: Final = (Topic.OUTLINE, Topic.ITEMS, Topic.CAUSE, Topic.HARM, Topic.PREVENTION, Topic.OTHER)
IF_WRITTEN: Final = frozenset({Topic.OTHER})  # left out where there is nothing else
ADVICE: Final[Mapping[Ground, str]] = {Ground.PROPERTY: "property", Ground.WRONGFUL: "wrongful"}
MOST_LINES, MOST_SIGNS = 8, 100  # of an address; characters of a line


class Reach(StrEnum):
    """Whom one paper tells."""

    PERSON = "person"  # a letter
    PUBLIC = "public"  # a text to publish in its stead


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePaper:
    """The notice, which of its items nobody has written, and whether it may leave the house."""

    paper: Paper
    missing: tuple[Topic, ...]
    draft: bool  # made by whoever wrote its words
    digest: str  # without the addressee


def notice_paper(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    breach: str,
    rule: str,
    reach: Reach,
    lang: Lang,
    *,
    to: str = "",
    at: datetime,
) -> NoticePaper:
    """The notice under this duty, on record without its addressee.

    Raises BreachDutyError where the record has no such duty, BreachAddresseeError for an address
    that fits no letter.
    """
    ensure(principal, Action.BREACH_WRITE, ports.policies.current)
    found = service.standing(tx, store.by_id(tx, breach))
    if rule not in TO_THEM or rule not in {duty.rule for duty in found.duties}:
        raise BreachDutyError
    kept = store.notes(tx, ports.vault, found.breach.id)
    notes: dict[Topic, Note] = {one.topic: one for one in kept if one.topic in TOLD}
    draft = not _by_another(tx, ports, principal, found.breach, notes.values())
    about = _About(house=ports.controller, breach=found.breach, rule=rule, reach=reach, lang=lang)
    said = about.paper(notes, _addressee(to), draft=draft, at=at)
    told = json.dumps({**said.as_json(), "to": ()}, ensure_ascii=False, sort_keys=True).encode()
    missing = tuple(topic for topic in TOLD if topic not in {*notes, *IF_WRITTEN})
    made = NoticePaper(paper=said, missing=missing, draft=draft, digest=sha256(told).hexdigest())
    stage = "draft" if draft else "final"
    lacking = (f"missing:{topic.value}" for topic in missing)
    service.append(
        tx,
        ports,
        principal,
        EventCode.BREACH_PAPER,
        found.breach,
        (rule, reach.value, stage, *lacking),
        at=at,
        refs=(f"paper:{made.digest}",),
    )
    return made


def _by_another(
    tx: Connection, ports: Ports, principal: Principal, breach: Breach, notes: Iterable[Note]
) -> bool:
    """Whether each word was written by another person; of none, whether the record was.

    Fails closed: without a policy, or by another account of theirs, it stays a draft.
    """
    since = {one.noted_by: one.noted_at for one in notes} or {
        breach.recorded_by: breach.recorded_at
    }
    policy, write = ports.policies.current, Action.BREACH_WRITE
    return all(
        is_second(tx, policy, principal, write, {write: who}, since=when)
        for who, when in since.items()
    )


def _addressee(given: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in given.splitlines() if line.strip())
    if len(lines) > MOST_LINES or any(len(line) > MOST_SIGNS for line in lines):
        raise BreachAddresseeError(lines=MOST_LINES, signs=MOST_SIGNS)
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """One breach for whom it concerns, in one language under one duty."""

    house: Controller
    breach: Breach
    rule: str
    reach: Reach
    lang: Lang

    def say(self, name: str, **params: object) -> str:
        return text(f"breaches.notice.{name}", self.lang, **params)

    def paper(
        self, notes: Mapping[Topic, Note], to: tuple[str, ...], *, draft: bool, at: datetime
    ) -> Paper:
        title = self.say(f"title_{self.reach.value}")
        day = long_day(self.breach.aware_at, self.lang)
        shown = self.say("draft", title=title) if draft else title
        public = self.reach is Reach.PUBLIC
        return Paper(
            title=shown,
            sender=self._sender(),
            number=self.say("foot", title=shown, day=day),
            date=long_day(at, self.lang),
            to=(self.say("to_public"),) if public else to or (self.say("to_person"),),
            lead=(
                *self.say(f"lead_{self.reach.value}").split("\n"),
                self.say(f"basis_{self.reach.value}_{self.rule}"),
            ),
            parts=(
                *self._items(notes, day),
                Part(head=self.say("advice"), items=tuple(self._advice())),
                Part(head=self.say("rights"), paragraphs=(self.say(f"rights_{self.rule}"),)),
                Part(
                    head=self.say("contact"),
                    paragraphs=(self.say(f"contact_{self.reach.value}"),),
                    entries=tuple(self._contact()),
                ),
            ),
        )

    def _sender(self) -> str:
        house, lang = self.house, self.lang
        return "\n".join(filter(None, (house.company(lang), house.representative(lang))))

    def _items(self, notes: Mapping[Topic, Note], day: str) -> Iterator[Part]:
        for topic in TOLD:
            note = notes.get(topic)
            if note is None and topic in IF_WRITTEN:
                continue
            words = self.say("unknown") if note is None else note.words
            if topic is Topic.OUTLINE:
                words = f"{words}\n{self.say('aware', day=day)}"
            yield Part(
                head=self.say(f"item.{topic.value}"),
                paragraphs=tuple(line for line in words.splitlines() if line.strip()),
            )

    def _advice(self) -> Iterator[str]:
        """What whoever is concerned can do against harm."""
        yield self.say("advice.all")
        for ground, name in ADVICE.items():
            if ground in self.breach.grounds:
                yield self.say(f"advice.{name}")

    def _contact(self) -> Iterator[Entry]:
        house, lang = self.house, self.lang
        told = {
            "desk": self.say("desk_of", company=house.company(lang)),
            "address": house.address(lang),
            "phone": house.contact_phone,
            "mail": house.contact_mail,
        }
        if house.dpo_contact and self.rule == EUROPE_PERSONS.name:
            told["dpo"] = house.dpo_contact  # GDPR 33(3)(b)
        for name, words in told.items():
            yield Entry(term=self.say(f"contact.{name}"), text=words)
