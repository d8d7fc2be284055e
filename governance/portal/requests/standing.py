"""Where one request stands, as its own page says it: the date first, the proof, what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from dsar.case import Case, Dates
from dsar.clocks import dates_of, extension_of
from dsar.correspondence.store import letters_of
from dsar.correspondence.types import OF_NOBODY, State
from dsar.identity.codes import given_contact, sent_lately
from dsar.identity.documents import MOST_MB
from dsar.identity.lacking import lacking
from dsar.identity.rules import proved, required_proofs, stands
from dsar.identity.store import Upload, uploads_of
from dsar.identity.types import Doubt, UploadKind
from dsar.intake.claims import claim_of
from dsar.intake.store import Fee, fees_of, filing_of
from dsar.intake.types import Claim, FeeState, Scope
from dsar.machine import ANSWERED, step
from dsar.portability import medium
from dsar.returning.service import awaits_scope
from dsar.returning.store import scope_answers
from dsar.types import DISCLOSING, Event, EvidenceKind, Requester, Status
from governance.core.terms import Lang, Law
from governance.customers.ports import Ports
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day
from governance.i18n.voice import voice
from governance.portal.lines import Line
from governance.ui.parts import Choice, Term

CODES = (EvidenceKind.EMAIL_CODE, EvidenceKind.SMS_CODE)
BY_MAIL = (EvidenceKind.EMAIL_CODE,)
ENDED = frozenset({"closed", "withdrawn", "told"})  # nothing more is promised or asked for
WRONG = frozenset({Doubt.CODE_WRONG, Doubt.CODE_OVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeWay:
    """A code that can be sent, and whether one may be typed."""

    kind: str
    label: str
    how: str  # where the code goes and what to do with it
    button: str
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that the page of a request says."""

    case: Case
    state: str
    until: date | None
    goal: bool  # the day is our own, the law names none
    why_then: str
    terms: tuple[Term, ...]
    proved: bool
    need: str
    left: str  # what is missing still, as whoever is on record may know
    done: tuple[str, ...]
    ways: tuple[CodeWay, ...]
    papers: tuple[Choice, ...]
    waiting: tuple[str, ...]
    for_another: bool  # asked for by an agent whose authority is still to be shown
    most_mb: int = MOST_MB
    fee: Fee | None = None
    may_accept: bool = False
    letters: tuple[Line, ...] = ()
    may_withdraw: bool = False
    scopes: tuple[Choice, ...] = ()  # asked which data: the boxes
    scope_said: bool = False  # and it was answered
    extended: bool = False
    claim: Claim = field(default_factory=Claim, repr=False)

    @property
    def both_laws(self) -> bool:
        """Whether it is handled under two laws."""
        return len({track.law for track in self.case.tracks}) > 1

    @property
    def several(self) -> bool:
        """Whether it needs proofs of different kinds."""
        return _most(self.case) > 1

    @property
    def ended(self) -> bool:
        """Whether the answer was told, or the request is over without one."""
        return self.state in ENDED


def standing(
    tx: Connection,
    ports: Ports,
    case: Case,
    lang: Lang,
    *,
    known: bool,
    codes: tuple[EvidenceKind, ...] = CODES,
    admitted: bool = False,
    at: datetime,
) -> Standing:
    """The facts of the request's page; a stranger (not `known`) sees the same whoever is on record.

    `admitted`: may act on the request and read its answer, by session or by number and code.

    Whether the proofs suffice is said to the person who is signed in, and to whoever may fetch the
    answer, alone: it tells that the contact stands in the register.
    """
    claim = claim_of(ports, filed) if (filed := filing_of(tx, case.id)) else Claim()
    shown = known and proved(case, at=at)
    nearest = _nearest(dates_of(case, track, at=at) for track in case.tracks)
    steps = fees_of(tx, case.id)
    said = bool(scope_answers(tx, case.id))
    may_accept = bool(steps) and steps[-1].state is FeeState.QUOTED and admitted
    agent = _lacks_authority(case, at=at)
    asked = "scope" if awaits_scope(case) and not said else "fee" if may_accept else ""
    return Standing(
        case=case,
        state=_state(case, proved=shown, admitted=admitted, asked=asked),
        until=nearest.act_by if nearest else None,
        goal=nearest is not None and nearest.law is Law.APPI,
        why_then=(nearest.reason_ja if lang is Lang.JA else nearest.reason_en) if nearest else "",
        terms=_terms(case, lang),
        proved=shown,
        need=_need(case, lang, agent=agent),
        left=_left(case, lang, at=at) if known else "",
        done=_done(case, lang),
        ways=_ways(tx, ports, case, claim, lang, codes=codes, at=at),
        papers=_paper_kinds(lang, agent=agent),
        waiting=_waiting_papers(tx, case, lang),
        for_another=agent,
        fee=steps[-1] if steps else None,
        may_accept=may_accept,
        letters=_letters(tx, case, lang, admitted=admitted),
        may_withdraw=any(step(track.law, track.status, Event.WITHDRAW) for track in case.tracks),
        scopes=_scopes(lang) if awaits_scope(case) else (),
        scope_said=said,
        extended=any(extension_of(track.clocks) for track in case.tracks),
        claim=claim,
    )


def _nearest(dates: Iterable[Dates]) -> Dates | None:
    """The law whose day comes first; None where none gives one yet."""
    dated = (one for one in dates if one.act_by)
    return min(dated, key=lambda one: one.act_by or date.max, default=None)


def _waiting_papers(tx: Connection, case: Case, lang: Lang) -> tuple[str, ...]:
    """Papers that no officer has looked at yet."""
    found = uploads_of(tx, case.id)
    return tuple(_waiting(one, lang) for one in found if one.checked_at is None)


def _letters(tx: Connection, case: Case, lang: Lang, *, admitted: bool) -> tuple[Line, ...]:
    """Letters that went, newest first; what tells of the register only to whoever is admitted."""
    gone = letters_of(tx, case.id, states=(State.SENT,))
    return tuple(
        Line(
            href=f"/portal/requests/of/{case.id}/letters/{one.id}",
            title=text(f"dsar.letter.{one.template}.name", lang),
            note=long_day(one.sent_at, lang, era=voice().era) if one.sent_at else "",
        )
        for one in reversed(gone)
        if admitted or one.template in OF_NOBODY
    )


def _scopes(lang: Lang) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            value=f"scope_{scope}",
            label=text(f"portal.request.scope.{scope}", lang),
            hint=text(f"portal.request.scope.{scope}.hint", lang),
        )
        for scope in Scope
    )


def _state(case: Case, *, proved: bool, admitted: bool, asked: str) -> str:
    """What the page says first: how it ended, what the person is asked for, or who is waited for.

    `proved` is what the reader may know of it; `asked` stands open to whoever filed.
    """
    found = {track.status for track in case.tracks}
    if case.closed:
        return "closed"
    if found == {Status.WITHDRAWN} and (proved or admitted):
        return "withdrawn"
    if proved and found <= ANSWERED:
        return "told"
    return asked or ("proved" if proved else "to_prove")


def _terms(case: Case, lang: Lang) -> tuple[Term, ...]:
    asked = text(f"portal.request.right.{case.tracks[0].kind}", lang)  # in the first law's words
    day = long_day(case.received_at, lang, era=voice().era)
    on = medium(case.tracks[0].kind, case.delivery)
    said = (
        ("reference", case.reference),
        ("right", asked),
        ("received", day),
        ("delivery", text(f"portal.request.delivery.{case.delivery}{on}", lang)),
        ("who", text(f"portal.request.who.{case.requester}", lang)),
    )
    chosen = case.tracks[0].kind in DISCLOSING  # nobody is asked how to get a measure
    return tuple(
        Term(term=text(f"portal.request.term.{name}", lang), text=value, mono=name == "reference")
        for name, value in said
        if chosen or name != "delivery"
    )


def _lacks_authority(case: Case, *, at: datetime) -> bool:
    """Whether an agent has still to show that they may act; a guardian on record has."""
    shown = (one for one in case.evidence if one.kind is EvidenceKind.AGENT_AUTHORITY)
    return case.requester is not Requester.SELF and not any(stands(one, at=at) for one in shown)


def _need(case: Case, lang: Lang, *, agent: bool) -> str:
    many = "two" if _most(case) > 1 else "one"
    return text(f"portal.request.need.{'agent' if agent else 'self'}.{many}", lang)


def _most(case: Case) -> int:
    """How many different proofs the request needs, under whichever law needs most."""
    return max(
        required_proofs(track.kind, requester=case.requester).families for track in case.tracks
    )


def _left(case: Case, lang: Lang, *, at: datetime) -> str:
    """What counts already and how much is missing; empty before the first proof."""
    found = lacking(case, at=at)
    if found is None or not found.had:
        return ""
    had = ("、" if lang is Lang.JA else ", ").join(
        text(f"portal.request.family.{one.value}", lang) for one in found.had
    )
    missing = found.needed - len(found.had)
    if missing < 1:  # the agent's authority alone
        return text("portal.request.left.authority", lang, had=had)
    return text("portal.request.left", lang, had=had, n=missing)


def _done(case: Case, lang: Lang) -> tuple[str, ...]:
    """What was shown so far. A code that came back is named alike whoever it belongs to."""
    return tuple(text(f"portal.request.shown.{kind}", lang) for kind in _shown(case))


def _shown(case: Case) -> tuple[EvidenceKind, ...]:
    found = (
        proof.kind
        for proof in case.evidence
        if proof.accepted or (proof.kind in CODES and proof.reason not in WRONG)
    )
    return tuple(dict.fromkeys(found))


def _ways(
    tx: Connection,
    ports: Ports,
    case: Case,
    claim: Claim,
    lang: Lang,
    *,
    codes: tuple[EvidenceKind, ...],
    at: datetime,
) -> tuple[CodeWay, ...]:
    sent, shown = sent_lately(tx, case.id, at=at), _shown(case)
    return tuple(
        CodeWay(
            kind=kind.value,
            label=text(f"portal.request.code.{kind}", lang),
            how=text(f"portal.request.how.{_where(case, claim, kind)}", lang),
            button=text(f"portal.request.send.{kind}", lang),
            sent=kind in sent,
        )
        for kind in codes
        if kind not in shown and given_contact(tx, ports, case, claim, kind, at=at) is not None
    )


def _where(case: Case, claim: Claim, kind: EvidenceKind) -> str:
    """Which contact the code goes to: as it was given with the request, or the one on record."""
    if case.requester is not Requester.SELF:
        return f"{kind.value}.agent"
    return f"{kind.value}.{'given' if claim.email or claim.phone else 'on_record'}"


def _paper_kinds(lang: Lang, *, agent: bool) -> tuple[Choice, ...]:
    kinds = [UploadKind.IDENTITY]
    if agent:
        kinds.append(UploadKind.AUTHORITY)
    return tuple(
        Choice(
            value=kind.value,
            label=text(f"portal.request.paper.{kind}", lang),
            hint=text(f"portal.request.paper.{kind}.hint", lang),
        )
        for kind in kinds
    )


def _waiting(one: Upload, lang: Lang) -> str:
    return text(
        "portal.request.waiting",
        lang,
        paper=text(f"portal.request.paper.{one.kind}", lang),
        size=f"{max(1, one.size // 1024):,}",
    )
