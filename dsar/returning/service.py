"""Coming back to a request without an account: its number, and a code to the contact given.

Whatever number is typed, the same is done before the answer and the same is answered: a way back
with a code is made. Whether the number exists is looked up after the answer has left; only then,
and only for one that exists, a code is sent. A wrong code, a late one and a number that nobody has
are refused alike.
"""

import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Network
from audit.types import Outcome as AuditOutcome
from dsar.case import Actor, Case
from dsar.identity.codes import code_message, given_contact, known_number, typed_digits
from dsar.identity.errors import CodeRefusedError
from dsar.identity.rules import CODE_LIFE, may_send
from dsar.intake.claims import claim_of
from dsar.intake.store import filing_of
from dsar.intake.types import Claim, Scope
from dsar.listing import request_by_reference
from dsar.records import draft
from dsar.returning.errors import ScopeAnswerError
from dsar.returning.store import (
    RETURN_BLOB,
    ScopeAnswer,
    WayBack,
    add_scope_answer,
    add_way,
    lead_to,
    open_way,
    sent_before,
    take_try,
    way_by_digest,
    way_by_id,
)
from dsar.stepping import take_step
from dsar.store import answer_language, case_by_id
from dsar.types import Event, EvidenceKind, Status
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, RequestId, RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.gateway.intake.screening import without_numbers
from governance.http.principal import Principal
from policies.actions import Action

DIGITS: Final = 8
SECRET_BYTES: Final = 32
REFERENCE: Final = re.compile(r"R-\d{4}-[0-9A-Z]{5}-[0-9A-Z]{5}")
NOTHING: Final = "-" * DIGITS
MOST_WORDS: Final = 4_000


class _Sealed(msgspec.Struct, frozen=True):
    reference: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A way back: the browser's secret, and the row that the look-up goes on with."""

    way: RowId
    secret: str = field(repr=False)


def reference_of(typed: str) -> str:
    """The number in the form in which it was given; what is none stays no number."""
    plain = unicodedata.normalize("NFKC", typed[:64]).upper().strip()
    return re.sub(r"[\s‐‑‒–—―ー−]+", "-", plain)


def is_reference(typed: str) -> bool:
    """Whether it has the form of a number of ours; whether there is such a number is not asked."""
    return REFERENCE.fullmatch(reference_of(typed)) is not None


def begin(ports: Ports, typed: str, kind: EvidenceKind, *, at: datetime) -> Begun:
    """A way back is there, alike for every number; nothing was looked up."""
    secret, row = secrets.token_urlsafe(SECRET_BYTES), new_row_id()
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    content = _Sealed(reference=reference_of(typed), code=code)
    way = WayBack(
        id=row,
        kind=kind,
        request=None,
        expires_at=at + CODE_LIFE,
        opened_at=None,
        content=ports.vault.seal_blob(RETURN_BLOB, row, msgspec.json.encode(content)),
    )
    ports.database.write(lambda tx: add_way(tx, way, digest=_digest(secret), at=at))
    return Begun(way=row, secret=secret)


def deliver(ports: Ports, way: RowId, *, at: datetime) -> bool:
    """Whether the number exists and its code is on its way; for after the answer has left."""

    def write(tx: Connection) -> bool:
        found = way_by_id(tx, way)
        if found is None or found.content is None or found.request is not None:
            return False
        said = _opened(ports, found)
        request = (
            request_by_reference(tx, said.reference)
            if REFERENCE.fullmatch(said.reference)
            else None
        )
        if request is None:
            return False
        case = case_by_id(tx, request)
        contact = given_contact(tx, ports, case, _claim(tx, ports, case), found.kind, at=at)
        if contact is None or not may_send(sent_before(tx, request), at=at):
            return False
        if found.kind is EvidenceKind.SMS_CODE and not known_number(tx, ports, contact, at=at):
            return False  # fails closed: to no number that was not on record before
        lead_to(tx, way, request)
        message = code_message(contact, way, said.code, answer_language(tx, request))
        post(tx, ports.vault, message, subject=None, at=at)
        return True

    return ports.database.write(write)


def come_back(
    ports: Ports, principal: Principal, secret: str, typed: str, *, at: datetime
) -> RequestId:
    """The request is open to this browser for an hour; raises CodeRefusedError, alike for all."""

    def write(tx: Connection) -> RequestId | None:
        way = way_by_digest(tx, _digest(secret))
        if way is None or way.content is None or not take_try(tx, way.id, at=at):
            hmac.compare_digest(NOTHING, NOTHING)
            return None
        right = hmac.compare_digest(_opened(ports, way).code.encode(), typed_digits(typed).encode())
        opened = right and way.request is not None and open_way(tx, way.id, at=at)
        _note(tx, ports, principal, way.request, done=opened, at=at)
        return way.request if opened else None

    found = ports.database.write(write)
    if found is None:
        raise CodeRefusedError
    return found


def request_of(tx: Connection, secret: str, *, at: datetime) -> RequestId | None:
    """The request that this browser has opened, while it stays open."""
    way = opened_way(tx, secret, at=at)
    return way.request if way is not None else None


def opened_way(tx: Connection, secret: str, *, at: datetime) -> WayBack | None:
    """The way that this browser has opened by its code, while it stays open."""
    way = way_by_digest(tx, _digest(secret)) if secret else None
    if way is None or way.opened_at is None or way.expires_at <= at:
        return None
    return way


def withdraw(
    tx: Connection, ports: Ports, principal: Principal, request: RequestId, *, at: datetime
) -> Case:
    """Whoever asks takes the request back, on record; with nothing left to do it is closed.

    The page has admitted them: signed in as the person, or back by number and code.
    """
    own = Actor(id=principal.id, actions=frozenset(), is_requester=True)
    case = take_step(tx, ports, principal, request, Event.WITHDRAW, at=at, actor=own)
    if all(track.status is Status.WITHDRAWN for track in case.tracks):
        house = Actor(id=principal.id, actions=frozenset({Action.DSAR_EXECUTE}))
        return take_step(tx, ports, principal, request, Event.CLOSE, at=at, actor=house)
    return case


def answer_scope(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    scope: tuple[Scope, ...],
    words: str,
    *,
    at: datetime,
) -> None:
    """What the person means is on file for the desk; the request moves when the desk has read it.

    個人番号 and card numbers are masked before. Raises ScopeAnswerError, and nothing is stored.
    """
    said = words.strip()
    if not scope or (Scope.OTHER in scope and not said) or len(said) > MOST_WORDS:
        raise ScopeAnswerError
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
    row = new_row_id()
    sealed = None
    if said:
        plain = without_numbers(said)[0].encode()
        sealed = ports.vault.seal_part(case.requester_id, row, plain, key_class=KeyClass.RECORD)
    answer = ScopeAnswer(id=row, scope=scope, at=at, by=principal.id, words=sealed)

    def write(tx: Connection) -> None:
        current = case_by_id(tx, request)
        if not awaits_scope(current):
            raise ScopeAnswerError
        add_scope_answer(tx, request, answer)
        code = EventCode.REQUEST_CHANGED
        told = draft(ports, principal, current, code, at=at, reasons=("scope_answered",))
        ports.audit.append(tx, told)

    ports.database.write(write)


def awaits_scope(case: Case) -> bool:
    """Whether the person was asked which data they mean, and the desk still waits for it."""
    return any(track.status is Status.SCOPE for track in case.tracks)


def scope_words(ports: Ports, answer: ScopeAnswer) -> str:
    """What the person wrote to it; empty when nothing was written."""
    return ports.vault.open_part(answer.id, answer.words).decode() if answer.words else ""


def _claim(tx: Connection, ports: Ports, case: Case) -> Claim:
    filed = filing_of(tx, case.id)
    return claim_of(ports, filed) if filed is not None else Claim()


def _opened(ports: Ports, way: WayBack) -> _Sealed:
    content = ports.vault.open_blob(RETURN_BLOB, way.id, way.content or b"")
    return msgspec.json.decode(content, type=_Sealed)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _note(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    request: RequestId | None,
    *,
    done: bool,
    at: datetime,
) -> None:
    """Each try is on record, with the same work for a number that nobody has."""
    told = EventDraft(
        action=EventCode.REQUEST_CHANGED if done else EventCode.ACCESS_DENIED,
        occurred_at=at,
        actor=principal.id,
        object_type="request",
        object_id=request or "unknown",
        outcome=AuditOutcome.DONE if done else AuditOutcome.DENY,
        reasons=("returned",),
        network=Network(principal.network) if principal.network else None,
    )
    ports.audit.append(tx, told)
