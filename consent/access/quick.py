"""The commonest questions read and answered in one go: what is of another form goes the long way.

A question about a use by who asks, with nothing but the words that most callers send, becomes a
typed record straight from the octets; the answer is written around what answers have in common.
Whatever is not exactly of this form (a member more, an escape, a colon in a word, another
subject) is `None` here and read by the general reader, which decides what it means.
"""

from typing import Final

import msgspec

from consent.access.batch import MAX_ITEMS
from consent.access.questions import Entity
from consent.access.recording import Asking
from consent.access.shapes import Tails
from consent.access.subjects import is_caller
from consent.access.uses import PERSON, USE
from consent.checks import each_said_now, said_now
from consent.gates import UseRequest
from consent.state.live import LiveState
from governance.core.terms import SubjectId
from governance.customers.ports import Ports

BASE: Final = 10  # members of a question without a context
ALL: Final = 8  # members of a batch besides its questions and its context
EACH: Final = 3  # members of each question of a batch


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    id: str


class _Properties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    purpose: str


class _Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    properties: _Properties


class _Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    channel: str | None = None
    recipient: str | None = None
    jurisdiction: str | None = None
    min_seq: int | None = None


class _Single(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: _Named
    resource: _Named
    action: _Action
    context: _Context | None = None


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    resource: _Named


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: _Named
    action: _Action
    evaluations: list[_Item]
    context: _Context | None = None


_TAILS: Final = Tails()
_SINGLE: Final = msgspec.json.Decoder(_Single)
_BATCH: Final = msgspec.json.Decoder(_Batch)


def single(ports: Ports, live: LiveState, asking: Asking, body: bytes) -> bytes | None:
    """The answer to one question; None: read it in general."""
    if b"\\" in body:
        return None
    try:
        asked = _SINGLE.decode(body)
    except (ValueError, RecursionError):
        return None
    members = BASE + _members(asked.context)
    if body.count(b":") != members or asked.resource.type != PERSON:
        return None
    if not _own(asking, asked.subject, asked.action):
        return None
    use = _use(asked.action, asked.context, asked.resource.id, asking)
    said = said_now(ports, live, asking.caller, use, at=asking.at)
    return None if said is None else _TAILS.written(said)


def batch(ports: Ports, live: LiveState, asking: Asking, body: bytes) -> bytes | None:
    """The answers to many questions that differ in their persons alone; None: read in general."""
    if b"\\" in body:
        return None
    try:
        asked = _BATCH.decode(body)
    except (ValueError, RecursionError):
        return None
    items = asked.evaluations
    members = ALL + EACH * len(items) + _members(asked.context)
    if (
        not 0 < len(items) <= MAX_ITEMS
        or body.count(b":") != members
        or not _own(asking, asked.subject, asked.action)
    ):
        return None
    if {item.resource.type for item in items} != {PERSON}:
        return None
    use = _use(asked.action, asked.context, "", asking)
    subjects = [SubjectId(item.resource.id) for item in items]
    said = each_said_now(ports, live, asking.caller, use, subjects, at=asking.at)
    if said is None:
        return None
    return b'{"evaluations":[' + b",".join(map(_TAILS.written, said)) + b"]}"


def _members(context: _Context | None) -> int:
    """How many members the context adds; an explicit null makes the count differ."""
    if context is None:
        return 0
    given = (context.channel, context.recipient, context.jurisdiction, context.min_seq)
    return 1 + sum(value is not None for value in given)


def _own(asking: Asking, subject: _Named, action: _Action) -> bool:
    named = Entity(subject.type, subject.id, {})
    return action.name == USE and is_caller(asking.caller, named)


def _use(action: _Action, context: _Context | None, person: str, asking: Asking) -> UseRequest:
    given = context or _Context()
    return UseRequest(
        subject=SubjectId(person),
        purpose=action.properties.purpose,
        recipient=given.recipient,
        channel=given.channel,
        country=given.jurisdiction or None,
        min_seq=given.min_seq,
        request_id=asking.request_id,
    )
