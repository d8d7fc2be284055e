"""Can this system use this person's data for that: the enforcer's own answer, shown as a road.

The question goes through the same gates as a system's (consent/gates.py:decide_use), asked as that
system. Nothing is handed over; that it was asked is on record.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome
from consent import ledger
from consent.gates import Gates as Decided
from consent.gates import UseRequest, decide_use
from governance.core.errors import NotFoundError
from governance.core.terms import ActorId, Lang, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from governance.identity.service import principal_of_client
from governance.identity.store import all_clients, client_by_id
from governance.identity.types import AccountState
from governance.registers.store import all_recipients
from governance.ui.parts import Choice, Gate, Gates, GateState
from policies.actions import Action
from policies.actors import may
from policies.api import ensure
from policies.purposes import Channel
from policies.reasons import Audience, ReasonCode, hidden, reason_text
from policies.snapshot import PolicySnapshot

ME: Final = ""  # the reader themself asks
ORDER: Final = ("actor", "purpose", "subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One use, as the form names it; an empty part is not named."""

    system: str = ME
    purpose: str = ""
    recipient: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The answer in words and as a road."""

    permitted: bool
    code: str
    sentence: str
    gates: Gates
    policy: str
    seq: int
    until: datetime | None


def ask(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    subject: SubjectId,
    asked: Question,
    lang: Lang,
    *,
    at: datetime,
) -> Said:
    """What the gates answer to this use now; the question is an event."""
    policy = ports.policies.current
    caller = _caller(tx, principal, asked.system, policy)
    use = UseRequest(
        subject=subject,
        purpose=asked.purpose,
        recipient=asked.recipient or None,
        channel=asked.channel or None,
    )
    decided, seq = decide_use(tx, policy, caller, use, at=at), ledger.head(tx)
    explained = bool(may(principal, Action.EXPLAIN_SUBJECT, policy))
    shown = decided.code if explained else hidden(decided.code)
    ports.audit.append(tx, _event(principal, caller, use, decided, policy, seq, at=at))
    return Said(
        permitted=bool(decided),
        code=shown.value,
        sentence=reason_text(shown, Audience.OFFICER, lang),
        gates=road(shown, lang),
        policy=policy.version,
        seq=seq,
        until=decided.subject.valid_until if decided and decided.subject else None,
    )


def _caller(tx: Connection, principal: Principal, system: str, policy: PolicySnapshot) -> Principal:
    """The system as whom is asked; raises for who may not see systems, or when there is none."""
    if system == ME:
        return principal
    ensure(principal, Action.CLIENT_READ, policy)
    client = client_by_id(tx, ActorId(system))
    if client is None or client.state is not AccountState.ACTIVE:
        raise NotFoundError
    return principal_of_client(client)


def _event(
    principal: Principal,
    caller: Principal,
    use: UseRequest,
    decided: Decided,
    policy: PolicySnapshot,
    seq: int,
    *,
    at: datetime,
) -> EventDraft:
    purpose = policy.purpose(use.purpose)
    return EventDraft(
        action=EventCode.POLICY_DRY_RUN,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="check",
        object_id=caller.id,
        subject=use.subject,
        purpose=None if purpose is None else purpose.id,
        outcome=Outcome.PERMIT if decided else Outcome.DENY,
        reasons=(decided.code.value,),
        policy_version=policy.version or None,
        consent_seq=seq,
        network=Network(principal.network) if principal.network else None,
    )


def road(code: ReasonCode, lang: Lang) -> Gates:
    """The three gates as this answer leaves them; behind the one that stops nothing was asked."""
    kind = code.value.split(".")
    stopped = ORDER.index(kind[1]) if kind[0] == "denied" else len(ORDER)
    away = kind[0] == "unavailable"

    def gate(number: int, name: str) -> Gate:
        if away:
            state = GateState.UNAVAILABLE
        elif number == stopped:
            state = GateState.STOPPED
        else:
            state = GateState.PASSED if number < stopped else GateState.UNASKED
        if state in (GateState.STOPPED, GateState.UNAVAILABLE):
            return Gate(state=state, reason=reason_text(code, Audience.OFFICER, lang))
        return Gate(state=state, reason=text(f"persons.gate.{name}.{state.value}", lang))

    return Gates(actor=gate(0, "actor"), purpose=gate(1, "purpose"), subject=gate(2, "subject"))


def systems(tx: Connection, lang: Lang, *, known: bool) -> tuple[Choice, ...]:
    """Who can be asked for: the reader, and systems for whoever may see them."""
    own = Choice(value=ME, label=text("persons.check.me", lang))
    if not known:
        return (own,)
    active = [one for one in all_clients(tx) if one.state is AccountState.ACTIVE]
    return (*(Choice(value=one.id, label=one.name) for one in active), own)


def recipients(tx: Connection, lang: Lang) -> tuple[Choice, ...]:
    """To whom data could go; the first is nobody outside."""
    return (
        Choice(value="", label=text("persons.check.inside", lang)),
        *(
            Choice(value=f"{one.role.value}:{one.source_key}", label=one.name)
            for one in all_recipients(tx)
        ),
    )


def channels(lang: Lang) -> tuple[Choice, ...]:
    """Ways by which the person would be reached; the first is none."""
    return (
        Choice(value="", label=text("persons.check.no_channel", lang)),
        *(Choice(value=one.value, label=text(f"policies.channel.{one}", lang)) for one in Channel),
    )
