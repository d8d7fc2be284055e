"""Consent checks that end in permit and in deny, and one customer read by three roles."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from consent.checks import CheckAnswer, check
from consent.choices import Choice
from consent.gates import UseRequest
from consent.ledger import EVENT
from consent.service import choose
from consent.types import EventKind
from governance.app.demo.errors import DemoStepError
from governance.app.demo.stage import Outcome, Stage, Watch, words
from governance.core.terms import ActorId, FieldId, PurposeId, SubjectId, Treatment
from governance.customers.catalogue import catalogue
from governance.customers.store import TABLES
from governance.gateway.reading import read
from governance.gateway.types import FieldDecision, ReadRequest
from governance.http.principal import Principal, PrincipalKind
from policies.reasons import Audience, ReasonCode, reason_text

PERSON = TABLES["person"]
PURPOSE = "mail_marketing"
WANTED = (
    ReasonCode.PERMIT,
    ReasonCode.SUBJECT_WITHDRAWN,
    ReasonCode.SUBJECT_REFUSED,
    ReasonCode.SUBJECT_EXPIRED,
    ReasonCode.SUBJECT_NO_CONSENT,
)
TRIED = 400  # persons asked for at most, until every wanted answer was met
READ = (
    ("support", "order_support"),
    ("marketing", "mail_marketing"),
    ("officer", "dsar_fulfilment"),
)
SHOWN = ("name", "email", "mobile", "address", "birth_date", "interests", "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One person's answer."""

    subject: SubjectId
    answer: CheckAnswer


def check_uses(stage: Stage, watch: Watch) -> Outcome:
    """The mail sender was told yes and, for each reason, no; every answer is on record."""
    met: dict[ReasonCode, _Asked] = {}
    with stage.wiring.database.read() as tx:
        people = _people(tx)
    for number, subject in enumerate(people, 1):
        answer = _ask(stage, subject)
        met.setdefault(answer.exact, _Asked(subject=subject, answer=answer))
        watch(number, TRIED)
        if all(code in met for code in WANTED):
            break
    if ReasonCode.PERMIT not in met and met:
        met[ReasonCode.PERMIT] = _agreed(stage, next(iter(met.values())).subject)
    missing = [code.value for code in WANTED if code not in met]
    if missing:
        raise DemoStepError(step="check", found=", ".join(missing))
    stage.customer = met[ReasonCode.PERMIT].subject
    _withdrawn_at_once(stage, stage.customer)
    unknown = _ask(stage, SubjectId("00000000-0000-4000-8000-000000000000"))
    if unknown:
        raise DemoStepError(step="check", found="unknown person permitted")
    watch(TRIED, TRIED)
    audience = Audience.OFFICER
    details = tuple(f"{code.value}: {reason_text(code, audience, stage.lang)}" for code in WANTED)
    return Outcome(sentence=words(stage, "check.done", asked=number + 1), details=details)


def _choose(stage: Stage, subject: SubjectId, kind: EventKind) -> None:
    """The person decides, as on their own page."""
    wiring = stage.wiring
    person = Principal(
        id=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
    )
    choice = Choice(subject=subject, purpose=PurposeId(PURPOSE), kind=kind, method="switch")
    choose(wiring.ports, person, choice, at=wiring.clock())


def _agreed(stage: Stage, subject: SubjectId) -> _Asked:
    """A person's fresh consent: the file's own consents have an end, the demo has none."""
    _choose(stage, subject, EventKind.GIVEN)
    return _Asked(subject=subject, answer=_ask(stage, subject))


def _withdrawn_at_once(stage: Stage, subject: SubjectId) -> None:
    """A withdrawal is honoured by the very next check, and so is the person's change of mind."""
    for kind, expected in (
        (EventKind.WITHDRAWN, ReasonCode.SUBJECT_WITHDRAWN),
        (EventKind.GIVEN, ReasonCode.PERMIT),
    ):
        _choose(stage, subject, kind)
        answer = _ask(stage, subject)
        if answer.exact is not expected:
            raise DemoStepError(step="check", found=answer.exact.value)


def _people(tx: Connection) -> tuple[SubjectId, ...]:
    """Persons with a choice about the purpose, newest first, then some without one.

    Whoever has a mail-box comes before: as such a person the portal can be entered by a code.
    """
    chosen = select(EVENT.c.subject_id).where(EVENT.c.purpose == PURPOSE)
    others = select(EVENT.c.subject_id).where(EVENT.c.purpose != PURPOSE)
    found = [
        *tx.execute(chosen.order_by(EVENT.c.seq.desc()).limit(TRIED - 50)).scalars(),
        *tx.execute(others.order_by(EVENT.c.seq.desc()).limit(200)).scalars(),
    ]
    written = select(PERSON.c.subject_id).where(PERSON.c.email.is_not(None))
    reached = set(tx.execute(written.where(PERSON.c.subject_id.in_(found))).scalars())
    once = sorted(dict.fromkeys(found), key=lambda one: one not in reached)
    return tuple(SubjectId(subject) for subject in once)[:TRIED]


def _ask(stage: Stage, subject: SubjectId) -> CheckAnswer:
    wiring = stage.wiring
    request = UseRequest(subject=subject, purpose=PURPOSE, channel="email")
    return check(wiring.ports, stage.who("mail_sender"), request, at=wiring.clock())


def read_as_roles(stage: Stage, watch: Watch) -> Outcome:
    """One customer as support, marketing and officer see them: clear, masked, withheld, and why."""
    details = []
    seen: dict[str, dict[Treatment, int]] = {}
    for number, (name, purpose) in enumerate(READ, 1):
        answer = read(
            stage.wiring.ports,
            stage.who(name),
            ReadRequest(
                subject=stage.customer or SubjectId(""),
                purpose=purpose,
                fields=frozenset(FieldId(f"person.{column}") for column in SHOWN),
            ),
            at=stage.wiring.clock(),
        )
        seen[name] = dict(answer.counts)
        details.append(words(stage, "read.as", who=words(stage, f"role.{name}"), purpose=purpose))
        details += [_line(stage, view.decision) for row in answer.rows for view in row.fields]
        watch(number, len(READ))
    masked = seen["support"].get(Treatment.MASKED, 0)
    withheld = seen["marketing"].get(Treatment.WITHHELD, 0)
    clear = seen["officer"].get(Treatment.CLEAR, 0)
    if not (masked and withheld and clear == len(SHOWN)):
        raise DemoStepError(step="read", found=f"{masked}/{withheld}/{clear}")
    return Outcome(
        sentence=words(stage, "read.done", clear=clear, masked=masked, withheld=withheld),
        details=tuple(details),
    )


def _line(stage: Stage, decision: FieldDecision) -> str:
    """One field with how it was shown and the rule's own reason."""
    label = catalogue().fields[decision.field].label(stage.lang)
    shown = words(stage, f"treatment.{decision.treatment.value}")
    reason = reason_text(decision.code, Audience.OFFICER, stage.lang)
    if decision.because is not None:
        reason = f"{decision.because[stage.lang]} {decision.rule_id}"
    return f"  {label}: {shown} ({reason})"
