"""What the pages of decisions say: an answer, what was asked about, and the proof, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection

from audit.decisions.counting import way_of
from audit.decisions.store import batch_of, prove_decision
from audit.decisions.types import DecisionRecord
from audit.models import EVENTS, LEAVES
from audit.proofs import verify_inclusion
from audit.reviewing.decided import id_of
from governance.console.log_facts import HOME as LOG
from governance.console.log_words import fields_in_words, reasons_in_words
from governance.core.terms import Lang, PurposeId
from governance.i18n.catalogue import domain, text
from governance.i18n.countries import country_name
from governance.ui.parts import Term
from policies.actions import Action, action_label

HOME: Final = "/console/decisions"
WAY: Final = "upkeep.due.way."
EVERY: Final = "*"  # a class of recipients that was not named


def answer_words(answer: str, lang: Lang) -> str:
    """What the gates answered; the gate of another release stands by its own word."""
    return domain("upkeep", lang).get(WAY + answer, answer)


def asked_words(one: DecisionRecord, lang: Lang) -> str:
    """What was asked about beside the purpose: a channel, a field, or something to be done."""
    channel, about = (str(one.column(name) or "") for name in ("channel", "field"))
    told = (domain("policies", lang).get(f"policies.channel.{channel}", channel), about)
    return " / ".join(filter(None, (told[0], _about_words(about, lang) if about else "")))


def recipient_words(recipient: str, lang: Lang) -> str:
    """For whom it was asked: a class of recipients in words, or one of them by its own sign."""
    if recipient == EVERY:
        return ""
    return domain("consent", lang).get(f"consent.recipient.{recipient}", recipient)


def country_words(country: str, lang: Lang) -> str:
    """The country of whom it was asked for."""
    return country_name(country, lang) if country else ""


def _about_words(about: str, lang: Lang) -> str:
    if about in set(Action):
        return action_label(Action(about), lang)
    return fields_in_words(about, lang)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlace:
    """Where a decision stands in its batch, and whether its path leads to the root of the batch."""

    event_href: str  # the event of the batch; empty while it waits for its place
    number: int  # from 1
    size: int
    leaf: str
    root: str
    holds: bool


def batch_place(tx: Connection, one: DecisionRecord) -> BatchPlace | None:
    """The proof of a decision, made anew; None where the event of its batch is kept no longer."""
    event = tx.execute(EVENTS.select().where(EVENTS.c.id == one.event_id)).one_or_none()
    batch = None if event is None else batch_of(event)
    if batch is None:
        return None
    proof = prove_decision(tx, id_of(one))
    placed = LEAVES.select().where(LEAVES.c.event_id == one.event_id)
    href = f"{LOG}/events/{one.event_id}" if tx.execute(placed).first() else ""
    leaf = one.leaf
    return BatchPlace(
        event_href=href,
        number=proof.place + 1,
        size=proof.size,
        leaf=leaf.hex(),
        root=batch.root.hex(),
        holds=one.kept
        and verify_inclusion(
            leaf, index=proof.place, size=proof.size, proof=proof.path, root=batch.root
        ),
    )


def decision_terms(
    one: DecisionRecord, purposes: Mapping[PurposeId, str], lang: Lang, *, actor: str
) -> tuple[Term, ...]:
    """Every column of a decision that says something; who asked as the caller names them."""
    held = {name: str(value) if (value := one.column(name)) is not None else "" for name in SAID}
    purpose, way = held["purpose"], way_of(held["outcome"], held["reasons"])
    seq = one.column("consent_seq")
    said = (
        ("upkeep.due.way", answer_words(way, lang), ""),
        ("console.log.term.reasons", reasons_in_words(held["reasons"], lang), ""),
        ("console.decisions.actor", actor, f"{HOME}?{urlencode({'actor': held['actor']})}"),
        ("console.log.term.actor_os", held["actor_os"], ""),
        ("console.log.term.purpose", purposes.get(PurposeId(purpose), purpose), ""),
        ("console.decisions.what", asked_words(one, lang), ""),
        ("console.decisions.recipient", recipient_words(held["recipient"], lang), ""),
        ("console.recipients.country", country_words(held["country"], lang), ""),
        ("console.column.person", *_person(one, lang)),
        ("console.log.term.policy_version", held["policy_version"], ""),
        ("console.log.term.consent_seq", f"{seq:,}" if isinstance(seq, int) else "", ""),
        ("console.log.term.network", held["network"], ""),
        ("console.log.term.request_id", held["request_id"], ""),
        ("console.decisions.id", str(id_of(one)), ""),
    )
    return tuple(
        Term(term=text(key, lang), text=value, href=href, mono=key in MONO and bool(value))
        for key, value, href in said
        if value
    )


SAID: Final = (
    *("outcome", "reasons", "actor", "actor_os", "purpose", "recipient", "country"),
    *("policy_version", "network", "request_id"),
)
MONO: Final = frozenset(
    {"console.log.term.network", "console.log.term.request_id", "console.decisions.id"}
)


def _person(one: DecisionRecord, lang: Lang) -> tuple[str, str]:
    """Whom it was about, with the way to what the log says of them."""
    if one.link is not None:
        return one.link.subject, f"{LOG}/persons/{one.link.subject}"
    if one.column("about") is None:
        return text("console.decisions.nobody", lang), ""
    href = f"{LOG}/events/{one.destroyed_by}" if one.destroyed_by else ""
    return text("console.decisions.erased_since", lang), href
