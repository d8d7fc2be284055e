"""What a request must say to be taken in, the order of the form's questions, the fee; pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from dsar.case import Case
from dsar.intake.types import (
    GROUNDED,
    STEPS_OF_FEE,
    FeeState,
    Filing,
    Scope,
    Source,
    StopGround,
)
from dsar.types import DISCLOSING, FEE_ALLOWED, LAW_OF, Delivery, Requester, RequestKind
from governance.core.terms import Law
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.phone import normalise_phone

MOST_WORDS = 4_000  # characters
MOST_NAME = 200
WORDED = frozenset({RequestKind.CORRECTION, RequestKind.RECTIFICATION})  # of what, into what
Faults = tuple[tuple[str, str], ...]  # item and code of what is wrong with it


class Question(StrEnum):
    """One page of the form."""

    HOME = "home"  # under which law, in plain words
    RIGHT = "right"
    GROUND = "ground"
    DATA = "data"
    DELIVERY = "delivery"
    WHO = "who"
    AGENT = "agent"
    PERSON = "person"
    CHECK = "check"


class Home(StrEnum):
    """Where the person lives, as they say; a law is added by what is on record, never taken."""

    JAPAN = "japan"
    EUROPE = "europe"
    ELSEWHERE = "elsewhere"


Answers = Mapping[str, str]
CHOICES: Mapping[Question, tuple[str, type[StrEnum]]] = MappingProxyType(
    {
        Question.HOME: ("home", Home),
        Question.GROUND: ("ground", StopGround),
        Question.DELIVERY: ("delivery", Delivery),
        Question.WHO: ("who", Requester),
    }
)  # pages with one choice


def questions(answers: Answers, *, known: bool) -> tuple[Question, ...]:
    """The pages that these answers call for, in order; a person who is signed in is not asked who.

    An agent is asked for the person's name even when signed in as oneself: they are two.
    """
    kind = answers.get("right", "")
    found = [Question.HOME, Question.RIGHT]
    if kind in GROUNDED:
        found.append(Question.GROUND)
    found.append(Question.DATA)
    if kind in DISCLOSING:
        found.append(Question.DELIVERY)
    if not known:
        found.append(Question.WHO)
        if answers.get("who", Requester.SELF) != Requester.SELF:
            found.append(Question.AGENT)
        found.append(Question.PERSON)
    return (*found, Question.CHECK)


def rights_at(home: str) -> tuple[RequestKind, ...]:
    """The rights that are offered where the person lives."""
    law = Law.GDPR if home == Home.EUROPE else Law.APPI
    return tuple(kind for kind, of in LAW_OF.items() if of is law)


def answer_faults(question: Question, answers: Answers) -> Faults:
    """What is wrong with the answers of one page."""
    if question in CHOICES:
        name, allowed = CHOICES[question]
        return _one_of(answers, name, allowed)
    match question:
        case Question.RIGHT:
            return _one_of(answers, "right", rights_at(answers.get("home", "")))
        case Question.DATA:
            return _data_faults(answers)
        case Question.AGENT:
            return _text_faults(answers, "agent_name", needed=True)
        case Question.PERSON:
            return _person_faults(answers)
        case _:
            return ()


def first_open(answers: Answers, *, known: bool) -> Question:
    """The first page that still lacks an answer; the last one when none does."""
    for question in questions(answers, known=known):
        if answer_faults(question, answers):
            return question
    return Question.CHECK


def _one_of(answers: Answers, name: str, allowed: Iterable[str]) -> Faults:
    given = answers.get(name, "")
    if not given:
        return ((name, "missing"),)
    return () if given in set(allowed) else ((name, "unknown"),)


def _text_faults(answers: Answers, name: str, *, needed: bool) -> Faults:
    given = answers.get(name, "").strip()
    if not given:
        return ((name, "missing"),) if needed else ()
    return ((name, "long"),) if len(given) > MOST_NAME else ()


def words_asked(answers: Answers) -> bool:
    """Whether the right or its ground says nothing without words."""
    kind = answers.get("right")
    other = kind in GROUNDED and answers.get("ground") == StopGround.OTHER
    return other or kind in WORDED


def _data_faults(answers: Answers) -> Faults:
    chosen = scope_of(answers.get("scope", ""))
    words = answers.get("words", "").strip()
    if not chosen:
        return (("scope", "missing"),)
    if len(words) > MOST_WORDS:
        return (("words", "long"),)
    asked = Scope.OTHER in chosen or words_asked(answers)
    return (("words", "missing"),) if asked and not words else ()


def _person_faults(answers: Answers) -> Faults:
    found = [*_text_faults(answers, "name", needed=True)]
    email, phone = answers.get("email", "").strip(), answers.get("phone", "").strip()
    if not email and not phone:
        found.append(("email", "contact_missing"))
    return (
        *(*found, *contact_faults(email, phone)),
        *_text_faults(answers, "customer_number", needed=False),
    )


def contact_faults(email: str, phone: str) -> Faults:
    """What is given and is no address or number; it would be dropped unseen."""
    found = []
    if email and normalise_email(email).value is None:
        found.append(("email", "email_form"))
    if phone and normalise_phone(phone).value is None:
        found.append(("phone", "phone_form"))
    return tuple(found)


def scope_of(column: str) -> tuple[Scope, ...]:
    """The data that was ticked, in the order of the page; what is unknown is left out."""
    chosen = set(column.split(","))
    return tuple(scope for scope in Scope if scope in chosen)


def filing_faults(filing: Filing) -> Faults:
    """What a request from any door lacks; what is wrong is named, never quoted."""
    claim, found = filing.claim, list[tuple[str, str]]()
    if not filing.scope:
        found.append(("scope", "missing"))
    if filing.kind in GROUNDED and filing.ground is None:
        found.append(("ground", "missing"))
    if filing.requester is not Requester.SELF and not claim.agent_name:
        found.append(("agent_name", "missing"))
    if filing.subject is None and not claim.name:
        found.append(("name", "missing"))
    reachable = claim.email or claim.phone
    if filing.subject is None and filing.source in (Source.PORTAL, Source.SYSTEM) and not reachable:
        found.append(("email", "contact_missing"))
    if len(filing.words or "") > MOST_WORDS:
        found.append(("words", "long"))
    if filing.kind in WORDED and not (filing.words or "").strip():
        found.append(("words", "missing"))
    for name in ("name", "email", "phone", "agent_name", "customer_number"):
        if len(getattr(claim, name)) > MOST_NAME:
            found.append((name, "long"))
    return tuple(found)


def fee_allowed(case: Case) -> bool:
    """Whether a fee may be asked: 32(2) and 33 alone (APPI 38), and no law of the case forbids it.

    Under two laws both must permit: an answer that the GDPR gives free of charge (12(5)) is free.
    """
    return all(track.law is Law.APPI and track.kind in FEE_ALLOWED for track in case.tracks)


def fee_step(steps: Sequence[FeeState], new: FeeState) -> bool:
    """Whether the fee may take this step after these."""
    return new in STEPS_OF_FEE[steps[-1] if steps else None]
