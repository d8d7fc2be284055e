"""Requests that came in, in words: lines of the list, the facts beside an identity check."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from dsar.case import Case
from dsar.clocks import extension_in_time
from dsar.identity.lacking import lacking
from dsar.identity.store import Upload
from dsar.identity.types import Document, Doubt, UploadKind
from dsar.intake.desk import Arrival
from dsar.listing import Summary
from dsar.machine import step
from dsar.types import Event, EvidenceKind, Requester
from governance.core.clock import JST
from governance.core.terms import Lang, Law
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.ui.parts import Choice, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One request in the list; no word of the person."""

    id: str
    reference: str
    right: str
    status: str
    received: date
    until: date | None
    unread: int = 0  # messages of the person
    assignee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """One proof as it was judged."""

    key: str
    kind: str
    accepted: bool
    why: str
    on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeLine:
    """Another request for the same right, with what it proved itself."""

    id: str
    reference: str
    received: date
    proved: str


def request_line(one: Summary, lang: Lang, *, unread: int = 0) -> RequestLine:
    """The request in the words of the law."""
    return RequestLine(
        id=one.id,
        reference=one.reference,
        right=" / ".join(text(f"dsar.right.{kind}", lang) for _, kind, _ in one.tracks),
        status=" / ".join(
            text(f"dsar.status.{law}.{status}", lang) for law, _, status in one.tracks
        ),
        received=one.received_at.astimezone(JST).date(),
        until=one.answer_by if one.open else None,
        unread=unread,
        assignee=one.assignee or "",
    )


def said_terms(arrival: Arrival, lang: Lang) -> tuple[Term, ...]:
    """How the request came and what whoever asks says; a claim, and shown as one."""
    case, claim, filed = arrival.case, arrival.claim, arrival.filed
    rows = [
        ("reference", case.reference),
        ("channel", text(f"dsar.intake.{case.intake}", lang)),
        ("requester", text(f"dsar.requester.{case.requester}", lang)),
        ("name", claim.name),
        ("agent_name", claim.agent_name),
        ("email", claim.email),
        ("phone", claim.phone),
        ("customer_number", claim.customer_number),
    ]
    if filed is not None:
        between = "、" if lang is Lang.JA else ", "
        scopes = (text(f"portal.request.scope.{scope}", lang) for scope in filed.scope)
        rows.append(("scope", between.join(scopes)))
        if filed.ground is not None:
            rows.append(("ground", text(f"portal.request.ground.{filed.ground}", lang)))
    said = tuple(
        Term(term=text(f"console.requests.{name}", lang), text=value, mono=name == "reference")
        for name, value in rows
        if value
    )
    return (*said, *_meant_terms(arrival, lang))


def _meant_terms(arrival: Arrival, lang: Lang) -> Iterator[Term]:
    """Which data the person means, each time that they answered, with what they wrote to it."""
    between = "、" if lang is Lang.JA else ", "
    for answer, words in zip(arrival.meant, arrival.words, strict=True):
        scopes = (text(f"portal.request.scope.{one}", lang) for one in answer.scope)
        day = long_day(answer.at, lang)
        term = text("console.requests.meant", lang)
        yield Term(term=term, text=between.join(scopes), note=day)
        if words:
            yield Term(term=text("console.requests.meant_words", lang), text=words)


def paper_kinds(case: Case) -> tuple[UploadKind, ...]:
    """What a paper may prove: of an agent, the authority too."""
    return (UploadKind.IDENTITY,) if case.requester is Requester.SELF else tuple(UploadKind)


def lacking_words(case: Case, lang: Lang) -> str:
    """Which proofs are still needed; empty when they suffice."""
    found = lacking(case, at=case.last_at)
    if found is None:
        return ""
    between = text("console.person.comma", lang)
    had, still = (
        between.join(text(f"console.requests.family.{one}", lang) for one in families)
        for families in (found.had, found.open)
    )
    told = []
    if len(found.had) < found.needed:
        key = "console.requests.lacking" if had else "console.requests.lacking_all"
        told.append(text(key, lang, needed=found.needed, had=had, open=still))
    if found.authority:
        told.append(text("console.requests.lacking_authority", lang))
    return " ".join(told)


def proof_lines(arrival: Arrival, lang: Lang) -> tuple[ProofLine, ...]:
    """Every proof and refusal, in order."""
    return tuple(
        ProofLine(
            key=str(place),
            kind=text(f"dsar.evidence.{proof.kind}", lang),
            accepted=proof.accepted,
            why=_why(proof.reason, proof.contact_days, proof.kind, lang),
            on=proof.at,
        )
        for place, proof in enumerate(arrival.case.evidence)
    )


def _why(reason: str | None, days: int | None, kind: EvidenceKind, lang: Lang) -> str:
    if reason is not None:
        known = reason in set(Doubt)
        return text(f"dsar.doubt.{reason}", lang) if known else reason
    if days is not None and kind in (EvidenceKind.EMAIL_CODE, EvidenceKind.SMS_CODE):
        return text("console.requests.contact_days", lang, days=days)
    return ""


def alike_lines(arrival: Arrival, lang: Lang) -> tuple[AlikeLine, ...]:
    """Requests that look alike. They share no proof, and none of them holds another up."""
    return tuple(
        AlikeLine(
            id=one.case.id,
            reference=one.case.reference,
            received=one.case.received_at.astimezone(JST).date(),
            proved=text(
                f"console.requests.alike.{'same' if one.proved_same else 'unproved'}", lang
            ),
        )
        for one in arrival.alike
    )


def may_extend(case: Case, *, at: datetime) -> bool:
    """Whether the month of the GDPR may be extended now (GDPR 12(3))."""
    track = case.track(Law.GDPR)
    known = track and step(track.law, track.status, Event.EXTEND)
    return bool(track and known and extension_in_time(case, track, at=at))


def waiting(papers: tuple[Upload, ...]) -> tuple[Upload, ...]:
    """Papers that nobody has judged and whose image is still there."""
    return tuple(paper for paper in papers if paper.checked_at is None)


def document_choices(lang: Lang) -> tuple[Choice, ...]:
    """Kinds of papers."""
    return tuple(
        Choice(value=one.value, label=text(f"dsar.document.{one}", lang)) for one in Document
    )


PAPER_DOUBTS = (
    Doubt.NOT_CONVINCING,
    Doubt.UNREADABLE,
    Doubt.EXPIRED,
    Doubt.OTHER_PERSON,
    Doubt.MYNUMBER_SIDE,
    Doubt.AUTHORITY_MISSING,
)


def verdict_choices(lang: Lang) -> tuple[Choice, ...]:
    """The one good answer, then every reason against it."""
    good = Choice(value="accepted", label=text("console.requests.accepted", lang))
    doubts = (
        Choice(value=one.value, label=text(f"dsar.doubt.{one}", lang)) for one in PAPER_DOUBTS
    )
    return (good, *doubts)
