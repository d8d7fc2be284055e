"""The life of a request as one table per law, built from the law book (law.md section 8); pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from dsar.errors import MachineMismatchError
from dsar.types import ClockKind, Event, Letter, Party, Status
from governance.core.terms import Law
from policies.law.load import shipped
from policies.law.types import StateMachine

STATES: Mapping[Law, Mapping[str, Status]] = MappingProxyType(
    {
        Law.GDPR: MappingProxyType(
            {
                "RECEIVED": Status.RECEIVED,
                "TRIAGED": Status.TRIAGED,
                "AWAITING_IDENTITY": Status.IDENTITY,
                "AWAITING_SCOPE": Status.SCOPE,
                "FEE_QUOTED": Status.FEE,
                "COLLECTING": Status.COLLECTING,
                "REVIEW": Status.REVIEW,
                "EXTENDED": Status.EXTENDED,
                "APPROVED": Status.APPROVED,
                "EXECUTING": Status.EXECUTING,
                "RECIPIENTS_NOTIFIED": Status.RECIPIENTS_TOLD,
                "RESPONDED": Status.RESPONDED,
                "REFUSED": Status.REFUSED,
                "WITHDRAWN": Status.WITHDRAWN,
                "CLOSED": Status.CLOSED,
            }
        ),
        Law.APPI: MappingProxyType(
            {
                "受付": Status.RECEIVED,
                "確認中(本人・代理権)": Status.IDENTITY,
                "特定依頼中": Status.SCOPE,
                "手数料待ち": Status.FEE,
                "調査中": Status.COLLECTING,
                "判断": Status.REVIEW,
                "決定(応諾)": Status.APPROVED,
                "決定(拒否)": Status.REFUSED,
                "実施中": Status.EXECUTING,
                "代替措置": Status.ALTERNATIVE,
                "通知済": Status.RESPONDED,
                "取下げ": Status.WITHDRAWN,
                "完了": Status.CLOSED,
            }
        ),
    }
)
EVENTS: Mapping[tuple[Status, Status], Event] = MappingProxyType(
    {
        (Status.RECEIVED, Status.TRIAGED): Event.TRIAGE,
        (Status.RECEIVED, Status.IDENTITY): Event.ASK_IDENTITY,
        (Status.TRIAGED, Status.IDENTITY): Event.ASK_IDENTITY,
        (Status.IDENTITY, Status.COLLECTING): Event.CONFIRM_IDENTITY,
        (Status.RECEIVED, Status.COLLECTING): Event.START,
        (Status.TRIAGED, Status.COLLECTING): Event.START,
        (Status.RECEIVED, Status.SCOPE): Event.ASK_SCOPE,
        (Status.TRIAGED, Status.SCOPE): Event.ASK_SCOPE,
        (Status.SCOPE, Status.COLLECTING): Event.RECEIVE_SCOPE,
        (Status.TRIAGED, Status.FEE): Event.QUOTE_FEE,
        (Status.IDENTITY, Status.FEE): Event.QUOTE_FEE,
        (Status.FEE, Status.COLLECTING): Event.ACCEPT_FEE,
        (Status.COLLECTING, Status.EXTENDED): Event.EXTEND,
        (Status.COLLECTING, Status.REVIEW): Event.FINISH_COLLECTING,
        (Status.EXTENDED, Status.REVIEW): Event.FINISH_COLLECTING,
        (Status.REVIEW, Status.APPROVED): Event.APPROVE,
        (Status.IDENTITY, Status.REFUSED): Event.REFUSE,
        (Status.SCOPE, Status.REFUSED): Event.REFUSE,
        (Status.FEE, Status.REFUSED): Event.REFUSE,
        (Status.REVIEW, Status.REFUSED): Event.REFUSE,
        (Status.APPROVED, Status.EXECUTING): Event.EXECUTE,
        (Status.EXECUTING, Status.ALTERNATIVE): Event.TAKE_ALTERNATIVE,
        (Status.EXECUTING, Status.RECIPIENTS_TOLD): Event.TELL_RECIPIENTS,
        (Status.EXECUTING, Status.RESPONDED): Event.RESPOND,
        (Status.RECIPIENTS_TOLD, Status.RESPONDED): Event.RESPOND,
        (Status.ALTERNATIVE, Status.RESPONDED): Event.RESPOND,
        (Status.REFUSED, Status.RESPONDED): Event.RESPOND,
        (Status.RESPONDED, Status.CLOSED): Event.CLOSE,
        (Status.REFUSED, Status.CLOSED): Event.CLOSE,
        (Status.WITHDRAWN, Status.CLOSED): Event.CLOSE,
    }
)
PARTIES: Mapping[str, Party] = MappingProxyType(
    {
        "intake": Party.DESK,
        "identity officer": Party.DESK,
        "case worker": Party.DESK,
        "privacy officer": Party.OFFICER,
        "privacy officer (four eyes)": Party.OFFICER,
        "data owners": Party.OWNER,
        "person": Party.PERSON,
        "system": Party.SYSTEM,
        "窓口": Party.DESK,
        "個人情報保護管理者": Party.OFFICER,
        "データ管理者": Party.OWNER,
        "本人": Party.PERSON,
        "システム": Party.SYSTEM,
    }
)
TWO_PERSONS = frozenset({Event.APPROVE})  # decided by one, approved by another (design.md 3.10)
ANSWERED = frozenset({Status.RESPONDED, Status.WITHDRAWN, Status.CLOSED})
REFUSED_IS_ANSWER = frozenset({Law.GDPR})  # its refusal is the notice of Art. 12(4) itself
ENDING: Mapping[Law, frozenset[Status]] = MappingProxyType(
    {
        Law.GDPR: frozenset({Status.RESPONDED, Status.REFUSED, Status.WITHDRAWN}),
        Law.APPI: frozenset({Status.RESPONDED, Status.WITHDRAWN}),
    }
)  # where the clock stops
PAUSES: Mapping[tuple[Law, Status], str] = MappingProxyType(
    {
        (Law.GDPR, Status.IDENTITY): "identity_doubt",
        (Law.GDPR, Status.SCOPE): "scope_clarification_large_data",
    }
)  # APPI: the policy's clock starts with the complete request; only a hold stops it
LETTERS: Mapping[Event, Letter] = MappingProxyType(
    {
        Event.ASK_IDENTITY: Letter.IDENTITY_ASKED,
        Event.ASK_SCOPE: Letter.SCOPE_ASKED,
        Event.QUOTE_FEE: Letter.FEE_QUOTED,
        Event.EXTEND: Letter.EXTENDED,
        Event.HOLD: Letter.HELD,
        Event.WITHDRAW: Letter.WITHDRAWN,
        Event.RESPOND: Letter.OUTCOME,
    }
)
RESTING = MappingProxyType({Event.HOLD: ClockKind.PAUSE, Event.RELEASE: ClockKind.RESUME})
ON_HOLD = frozenset({Event.RELEASE, Event.EXTEND, Event.WITHDRAW})  # what a resting case admits


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One lawful step under one law, and everything that comes with it."""

    source: Status
    event: Event
    target: Status
    party: Party
    clocks: tuple[ClockKind, ...] = ()  # what it does to the clock of this law
    pause: str | None = None  # why the clock stands then; None beside a pause: the step's ground
    letter: Letter | None = None  # what the person is sent
    said: str = ""  # the law book's own words

    @property
    def two_persons(self) -> bool:
        """Whether another must take it than the one who decided."""
        return self.event in TWO_PERSONS

    @property
    def moves(self) -> bool:
        """False for a step that leaves the status as it is."""
        return self.source is not self.target


Steps = Mapping[tuple[Status, Event], Step]


def steps_of(law: Law, machine: StateMachine) -> Steps:
    """The machine of the law book as a table; raises MachineMismatchError for an unknown word."""
    states = STATES[law]
    unknown = set(machine.states) ^ set(states)
    if unknown:
        raise MachineMismatchError(law=law.value, problem="state")
    steps: dict[tuple[Status, Event], Step] = {}
    for row in machine.transitions:
        source, target = states[row.source], states[row.target]
        event = Event.WITHDRAW if target is Status.WITHDRAWN else EVENTS.get((source, target))
        if event is None or row.actor not in PARTIES:
            raise MachineMismatchError(law=law.value, problem="transition")
        party = Party.APPROVER if event in TWO_PERSONS else PARTIES[row.actor]
        steps[source, event] = _step(law, source, event, target, party, said=row.note)
    for source in open_states(law):  # "also from any open state" (law.md 8.1, 8.2)
        said = steps[source, Event.WITHDRAW].said if (source, Event.WITHDRAW) in steps else ""
        steps[source, Event.WITHDRAW] = _step(
            law, source, Event.WITHDRAW, Status.WITHDRAWN, Party.PERSON, said=said
        )
        for event in RESTING:
            steps[source, event] = _step(law, source, event, source, Party.OFFICER, said="")
    return MappingProxyType(steps)


def _step(
    law: Law, source: Status, event: Event, target: Status, party: Party, *, said: str
) -> Step:
    """The step with its clocks and its letter."""
    letter = LETTERS.get(event)
    if target is Status.REFUSED and law in REFUSED_IS_ANSWER:
        letter = Letter.OUTCOME
    if event is Event.CLOSE and source is Status.RESPONDED:
        letter = Letter.COMPLETED  # what was refused or taken back is told by its own letter
    return Step(
        source=source,
        event=event,
        target=target,
        party=party,
        clocks=_clocks(law, source, event, target),
        pause=PAUSES.get((law, target)) if source is not target else None,
        letter=letter,
        said=said,
    )


def _clocks(law: Law, source: Status, event: Event, target: Status) -> tuple[ClockKind, ...]:
    """What the step does to the clock of its law, in this order."""
    if event in RESTING:  # no number in law: our own clock may rest, the month of the GDPR may not
        return (RESTING[event],) if law is Law.APPI else ()
    found: list[ClockKind] = []
    if (law, source) in PAUSES:
        found.append(ClockKind.RESUME)
    if (law, target) in PAUSES:
        found.append(ClockKind.PAUSE)
    if law is Law.APPI and target is Status.COLLECTING:
        found.append(ClockKind.START)
    if event is Event.EXTEND:
        found.append(ClockKind.EXTENSION)
    if target in ENDING[law]:
        found.append(ClockKind.STOP)
    return tuple(found)


def open_states(law: Law) -> frozenset[Status]:
    """States of this law in which the person waits for an answer."""
    answered = ANSWERED | ({Status.REFUSED} if law in REFUSED_IS_ANSWER else frozenset())
    return frozenset(STATES[law].values()) - answered


@cache
def tables() -> Mapping[Law, Steps]:
    """The table of each law as shipped."""
    machines = shipped().machines
    return MappingProxyType({law: steps_of(law, machines[law.value]) for law in STATES})


def step(law: Law, status: Status, event: Event) -> Step | None:
    """The step that this event is in this status; None when the law knows no such step."""
    return tables()[law].get((status, event))


def possible(law: Law, status: Status) -> tuple[Step, ...]:
    """Every step that the law knows in this status, in the order of a request's life."""
    steps = tables()[law]
    return tuple(steps[status, event] for event in Event if (status, event) in steps)
