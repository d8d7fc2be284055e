"""The commonest questions read and answered in one go: what is of another form goes the long way.

A question about a use by who asks, with nothing but the words that most callers send, becomes a
typed record straight from the octets; the answer is written around what answers have in common.
Whatever is not exactly of this form (a member more, an escape, a colon in a word, another
subject) is `None` here and read by the general reader, which decides what it means.

Most callers write the same octets around another pseudonym each time. Such a body means what the
one before it meant, of another person; it is not read again.
"""

import re
from typing import Final, NamedTuple

import msgspec

from consent.access.batch import MAX_ITEMS
from consent.access.questions import Entity
from consent.access.recording import Asking
from consent.access.shapes import Tails
from consent.access.subjects import is_caller
from consent.access.uses import PERSON, USE
from consent.checks import each_said_now, said_of
from consent.gates import UseRequest
from consent.kinds import Kind
from consent.state.live import LiveState
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.snapshot import PolicySnapshot

BASE: Final = 10  # members of a question without a context
ALL: Final = 8  # members of a batch besides its questions and its context
EACH: Final = 3  # members of each question of a batch
FORMS: Final = 1_024  # bodies without their person that are remembered
_PSEUDONYM: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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


class _Form(NamedTuple):
    """What bodies mean that differ in the person alone."""

    caller: Principal
    use: UseRequest  # of nobody
    kind: Kind
    policy: PolicySnapshot  # under which the question is of this kind


class Quick:
    """Answers in one go; one object for all requests of a process."""

    def __init__(self, ports: Ports, live: LiveState) -> None:
        self._ports, self._live = ports, live
        self._forms: dict[tuple[bytes, bytes], _Form] = {}

    def single(self, asking: Asking, body: bytes) -> bytes | None:
        """The answer to one question; None: read it in general."""
        state = self._live.to_permit(asking.at)
        if state is None:
            return None
        found, caller = _PSEUDONYM.search(body), asking.caller
        around = None if found is None else (body[: found.start()], body[found.end() :])
        form = None if around is None else self._forms.get(around)
        if (
            found is None
            or form is None
            or form.caller is not caller
            or form.policy is not state.policy
        ):
            form, person = self._read(caller, body, state.policy, around)
        else:
            person = found[0].decode()
        if form is None or not form.kind.may_ask:
            return None
        use = form.use._replace(subject=SubjectId(person), request_id=asking.request_id)
        said = said_of(self._ports, self._live, state, caller, form.kind, use, at=asking.at)
        return None if said is None else _TAILS.written(said)

    def batch(self, asking: Asking, body: bytes) -> bytes | None:
        """The answers to many questions that differ in their persons alone; None: the same."""
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
            or not _own(asking.caller, asked.subject, asked.action)
        ):
            return None
        if {item.resource.type for item in items} != {PERSON}:
            return None
        use = _use(asked.action, asked.context, "")._replace(request_id=asking.request_id)
        subjects = [SubjectId(item.resource.id) for item in items]
        said = each_said_now(self._ports, self._live, asking.caller, use, subjects, at=asking.at)
        if said is None:
            return None
        return b'{"evaluations":[' + b",".join(map(_TAILS.written, said)) + b"]}"

    def _read(
        self,
        caller: Principal,
        body: bytes,
        policy: PolicySnapshot,
        around: tuple[bytes, bytes] | None,
    ) -> tuple[_Form | None, str]:
        """What the body means and about whom; remembered, if the pseudonym is the person's."""
        asked = _single_of(body)
        if asked is None or not _own(caller, asked.subject, asked.action):
            return None, ""
        person = asked.resource.id
        use = _use(asked.action, asked.context, person)
        form = _Form(caller, use, self._live.kinds.of(policy, caller, use), policy)
        octets = person.encode()
        alone = body.count(octets) == 1  # elsewhere it would stand for something else
        if alone and around is not None and body == b"%b%b%b" % (around[0], octets, around[1]):
            if len(self._forms) >= FORMS:
                self._forms.clear()
            self._forms[around] = form
        return form, person


def _single_of(body: bytes) -> _Single | None:
    if b"\\" in body:
        return None
    try:
        asked = _SINGLE.decode(body)
    except (ValueError, RecursionError):
        return None
    members = BASE + _members(asked.context)
    return asked if body.count(b":") == members and asked.resource.type == PERSON else None


def _members(context: _Context | None) -> int:
    """How many members the context adds; an explicit null makes the count differ."""
    if context is None:
        return 0
    given = (context.channel, context.recipient, context.jurisdiction, context.min_seq)
    return 1 + len(given) - given.count(None)


def _own(caller: Principal, subject: _Named, action: _Action) -> bool:
    named = Entity(subject.type, subject.id, {})
    return action.name == USE and is_caller(caller, named)


def _use(action: _Action, context: _Context | None, person: str) -> UseRequest:
    given = context or _Context()
    return UseRequest(
        subject=SubjectId(person),
        purpose=action.properties.purpose,
        recipient=given.recipient,
        channel=given.channel,
        country=given.jurisdiction or None,
        min_seq=given.min_seq,
    )
