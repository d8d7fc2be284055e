"""What the pages of the audit log show: the filter as it was asked, events, the log's standing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.decisions.types import DecisionRecord
from audit.errors import QueryFormError
from audit.findings import Report
from audit.models import CHECKPOINTS
from audit.note import KeyType, VerifierKey, parse_note, verify_note
from audit.review import Erasure, EventQuery, NetworkClass, RecordedEvent
from audit.reviewing.conditions import NAMES, query_of
from audit.reviewing.decided import decided_at
from audit.reviewing.outside import Outsider, authorities, witnesses
from audit.store import InclusionProof
from audit.types import Outcome
from audit.watch import Watched
from governance.console.log_members import counts_in_words, refs_in_words
from governance.console.log_words import fields_in_short, fields_in_words, reasons_in_words
from governance.core.terms import Lang, PurposeId
from governance.i18n.actors import actor_name
from governance.i18n.catalogue import domain, text
from governance.ui.parts import (
    ChainVerdict,
    Choice,
    Link,
    Occurrence,
    ProofPath,
    Signature,
    Term,
    Tone,
)

HOME: Final = "/console/audit"
FIELDS: Final = ("from", "to", "actor", "person", "action", "purpose", "outcome", "network")
ALGORITHMS: Final = {KeyType.ED25519: "Ed25519", KeyType.SUBTREE_MLDSA44: "ML-DSA-44"}
OPENED: Final = EventCode.PERSON_READ.value
SHORT: Final = 8  # characters by which a pseudonym is told in a table


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFilter:
    """The filter as the form holds it; what cannot be asked stays in its field with a mistake."""

    given: Mapping[str, str]
    query: EventQuery
    chosen: str = ""  # the kept filter within which it is asked
    wrong: str = ""  # the field that is not right

    def before(self, place: int, home: str = HOME) -> str:
        """The address of the following page; no name and no value of a person is in it."""
        told = {**self.given, "filter": self.chosen, "before": str(place)}
        return f"{home}?{urlencode({name: value for name, value in told.items() if value})}"


def asked_filter(given: Mapping[str, str]) -> AskedFilter:
    """The filter of a form's fields; an empty field asks nothing."""
    chosen = given.get("filter", "")
    kept = {name: given.get(name, "").strip() for name in FIELDS}
    words = [f"{name}={value}" for name, value in kept.items() if value]
    try:
        return AskedFilter(given=kept, query=query_of(words), chosen=chosen)
    except QueryFormError as error:
        member = str(error.params["member"])
        back = {condition: name for name, condition in NAMES.items()}
        wrong = member if member in FIELDS else back.get(member, "network")
        return AskedFilter(given=kept, query=query_of(()), chosen=chosen, wrong=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One event in the list."""

    seq: int
    at: datetime
    actor: str
    actor_href: str
    what: str
    href: str
    about: str
    about_href: str
    purpose: str
    outcome: str
    tone: str


def log_line(event: RecordedEvent, purposes: Mapping[PurposeId, str], lang: Lang) -> LogLine:
    """The event in words; a person by the beginning of the pseudonym, which leads to them."""
    purpose = event.purpose or ""
    refused = event.outcome in {Outcome.DENY.value, Outcome.FAILED.value}
    subject = event.subject or ""
    return LogLine(
        seq=event.seq,
        at=event.recorded_at,
        actor=actor_name(event.actor, lang),
        actor_href=f"{HOME}?{urlencode({'actor': event.actor})}",
        what=text(f"audit.event.{event.action}", lang),
        href=f"{HOME}/events/{event.id}",
        about=f"{subject[:SHORT]}…" if subject else object_word(event.object_type, lang),
        about_href=f"{HOME}/persons/{subject}" if subject else "",
        purpose=purposes.get(PurposeId(purpose), purpose),
        outcome=text(f"audit.outcome.{event.outcome}", lang),
        tone=(Tone.REFUSED if refused else Tone.PLAIN).value,
    )


def object_word(kind: str, lang: Lang) -> str:
    """What a kind of object is called; a word of another release stands as it was written."""
    return domain("audit", lang).get(f"audit.object.{kind.partition('.')[0]}", kind)


def choices_of(purposes: Mapping[PurposeId, str], lang: Lang) -> dict[str, tuple[Choice, ...]]:
    """The closed sets that the filter's selects offer; the first one asks nothing."""
    every = Choice(value="", label=text("console.log.every", lang))

    def named(prefix: str, values: Iterator[str]) -> tuple[Choice, ...]:
        return (every, *(Choice(value=one, label=text(f"{prefix}{one}", lang)) for one in values))

    return {
        "purpose": (every, *(Choice(value=one, label=said) for one, said in purposes.items())),
        "action": named("audit.event.", (code.value for code in EventCode)),
        "outcome": named("audit.outcome.", (one.value for one in Outcome)),
        "network": named("console.log.network.", (one.value for one in NetworkClass)),
    }


def verdict_of(watched: Watched, *, waiting: int) -> ChainVerdict:
    """The verifier's answer as the component shows it."""
    report = watched.report
    return ChainVerdict(
        verdict=report.verdict.value,
        size=report.size,
        checked_at=watched.checked_at,
        witness=report.witness or "",
        witnessed_at=report.witnessed_at,
        at_seq=report.at_seq,
        expected=report.expected.hex() if report.expected else "",
        found=report.found.hex() if report.found else "",
        waiting=waiting,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The newest checkpoint, and what others hold of the log."""

    size: int
    root: str
    signed_at: datetime | None
    witnesses: tuple[Outsider, ...]
    authorities: tuple[Outsider, ...]


def standing(tx: Connection) -> Standing:
    """How the log stands."""
    head = tx.execute(CHECKPOINTS.select().order_by(CHECKPOINTS.c.size.desc()).limit(1)).first()
    return Standing(
        size=0 if head is None else head.size,
        root="" if head is None else bytes(head.root).hex(),
        signed_at=None if head is None else head.signed_at,
        witnesses=witnesses(tx),
        authorities=authorities(tx),
    )


def proof_path(
    proof: InclusionProof, note: str, keys: tuple[VerifierKey, ...], report: Report
) -> ProofPath:
    """The road from an event's leaf to the checkpoint, and to the witness who saw that far."""
    signed = {one.key.kind for one in verify_note(parse_note(note), keys)}
    seen = (report.witnessed_size or 0) > proof.seq
    return ProofPath(
        leaf=proof.leaf.hex(),
        siblings=len(proof.path),
        size=proof.size,
        root=proof.root.hex(),
        signatures=tuple(
            Signature(algorithm=name, matches=kind in signed) for kind, name in ALGORITHMS.items()
        ),
        witness=(report.witness or "") if seen else "",
        witnessed_at=report.witnessed_at if seen else None,
    )


def event_terms(
    event: RecordedEvent, purposes: Mapping[PurposeId, str], lang: Lang, *, actor: str
) -> tuple[Term, ...]:
    """Every column of an event that says something; who acted is told as the caller names them."""
    said = (
        ("seq", f"{event.seq:,}"),
        ("id", event.id),
        ("outcome", text(f"audit.outcome.{event.outcome}", lang)),
        ("actor", actor),
        ("actor_os", event.actor_os),
        ("purpose", purposes.get(PurposeId(event.purpose or ""), event.purpose)),
        ("subject", event.subject),
        ("object", object_word(event.object_type, lang)),
        ("object_id", event.object_id),
        ("reasons", reasons_in_words(event.reasons or "", lang, action=event.action)),
        ("fields", fields_in_words(event.fields, lang)),
        ("counts", counts_in_words(event.counts, lang)),
        ("refs", refs_in_words(event.refs, lang)),
        ("policy_version", event.policy_version),
        ("consent_seq", None if event.consent_seq is None else str(event.consent_seq)),
        ("request_id", event.request_id),
        ("network", event.network),
    )
    links = {
        "subject": f"{HOME}/persons/{event.subject}",
        "actor": f"{HOME}?{urlencode({'actor': event.actor})}",
    }
    return tuple(
        Term(
            term=text(f"console.log.term.{name}", lang),
            text=value,
            href=links.get(name, ""),
            mono=name in {"id", "object_id"},
        )
        for name, value in said
        if value
    )


def occurrences(
    events: tuple[RecordedEvent, ...],
    purposes: Mapping[PurposeId, str],
    names: Mapping[str, str],
    lang: Lang,
) -> tuple[Occurrence, ...]:
    """What happened to one person, as a timeline."""
    return tuple(
        Occurrence(
            at=event.recorded_at,
            kind=text(f"audit.event.{event.action}", lang),
            sentence=_sentence(event, purposes, names, lang),
            record=Link(
                label=text("console.log.record", lang, seq=f"{event.seq:,}"),
                href=f"{HOME}/events/{event.id}",
            ),
            tone=Tone.REFUSED
            if event.outcome in {Outcome.DENY.value, Outcome.FAILED.value}
            else Tone.PLAIN,
        )
        for event in events
    )


def deciders_of(decisions: Iterable[DecisionRecord]) -> Iterator[str]:
    """Who asked in these decisions."""
    return (str(one.column("actor") or "") for one in decisions)


def decided_occurrences(
    decisions: tuple[DecisionRecord, ...],
    purposes: Mapping[PurposeId, str],
    names: Mapping[str, str],
    lang: Lang,
) -> tuple[Occurrence, ...]:
    """Uses of a person's data that systems asked about, and what the gates answered."""
    found = []
    for one in decisions:
        outcome = str(one.column("outcome"))
        actor, purpose, channel = (
            str(one.column(name) or "") for name in ("actor", "purpose", "channel")
        )
        said = purposes.get(PurposeId(purpose), purpose)
        told = (names[actor], said, channel, reasons_in_words(str(one.column("reasons")), lang))
        refused = outcome == Outcome.DENY.value
        found.append(
            Occurrence(
                at=decided_at(one),
                kind=text(f"audit.outcome.{outcome}", lang),
                sentence=" / ".join(part for part in told if part),
                tone=Tone.REFUSED if refused else Tone.PLAIN,
            )
        )
    return tuple(found)


def _sentence(
    event: RecordedEvent, purposes: Mapping[PurposeId, str], names: Mapping[str, str], lang: Lang
) -> str:
    purpose = event.purpose or ""
    opened = fields_in_short(event.fields, lang) if event.action == OPENED else ""
    parts = (
        names[event.actor],
        purposes.get(PurposeId(purpose), purpose),
        text("console.log.opened", lang, fields=opened) if opened else "",
        text(f"audit.outcome.{event.outcome}", lang),
        _reasons(event, lang),
    )
    return " / ".join(part for part in parts if part)


def _reasons(event: RecordedEvent, lang: Lang) -> str:
    """Why it was refused; of what was permitted, why a part of it was not shown."""
    said = reasons_in_words(event.reasons or "", lang, action=event.action)
    if said and event.outcome == Outcome.PERMIT.value:
        return text("console.log.partly", lang, reasons=said)
    return said


def erasure_words(erased: Erasure, lang: Lang) -> str:
    """Which event erased the person; the time stands beside it."""
    placed = "console.log.erased_by" if erased.seq is not None else "console.log.erased_waiting"
    what, seq = text(f"audit.event.{erased.action}", lang), erased.seq or 0
    said = text(placed, lang, what=what, seq=f"{seq:,}")
    if not erased.parts:
        return said
    return said + text("console.log.erased_parts", lang, parts=f"{erased.parts:,}")
