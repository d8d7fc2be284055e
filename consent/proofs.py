"""What proves a choice: sealed with the event, opened for who may see it, on record.

Who acted, when, what was shown in which words, how and where it was said (GDPR 7(1); APPI 20,
27, 28). The proof stands under the person's `record` key, so that it outlives an erasure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, select

from audit.actions import EventCode
from audit.types import EventDraft, Network, Outcome, canonical_json
from consent import ledger
from consent.choices import Choice
from consent.notices.types import text_hash
from consent.types import By, ConsentEvent
from governance.core.errors import GovernanceError, NotFoundError
from governance.core.terms import FieldId, KeyClass, Lang, RowId, SubjectId
from governance.customers.master.rules import FOR_MINORS
from governance.customers.master.types import RelationKind
from governance.customers.ports import Ports
from governance.customers.store import records_of
from governance.http.principal import Principal, PrincipalKind
from governance.keys.errors import KeyDestroyedError
from policies.actions import Action
from policies.api import ensure

PROOF: Final = FieldId("consent.proof")
SAID: Final = (
    "method", "place", "action", "statement", "shown", "user_agent", "network", "actor",
)  # fmt: skip
IN_FILES: Final = MappingProxyType({"screen": "place", "ip_address": "network"})  # as files say


class ProofEndedError(GovernanceError):
    """The key of this person's records was destroyed; nobody can show the proof any more."""

    code, status = "proof_ended", 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How somebody chose, opened."""

    method: str = ""
    place: str = ""
    action: str = ""
    statement: str = field(default="", repr=False)
    shown: str = field(default="", repr=False)
    user_agent: str = ""
    network: str = ""
    actor: str = ""
    guardians: tuple[Mapping[str, str], ...] = ()
    file: Mapping[str, str] = field(default_factory=dict, repr=False)  # what else a file said

    def as_json(self) -> dict[str, object]:
        """Every part that says something."""
        found: dict[str, object] = {name: getattr(self, name) for name in SAID}
        found |= {"guardians": [dict(one) for one in self.guardians], "file": dict(self.file)}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofView:
    """What the person saw and did, put together again from the ledger and the notices."""

    id: RowId
    event: ConsentEvent
    recorded_at: datetime
    acted_by: By | None
    lang: Lang
    notice_hash: str | None
    notice_text: str | None = field(repr=False)
    text_is_the_one_shown: bool | None  # None: no text to compare
    collection_point: str | None
    collection_version: int | None
    proof: Proof

    def as_json(self) -> dict[str, object]:
        """The view for a file or a page."""
        event = self.event
        return {
            "id": self.id,
            "seq": event.seq,
            "person": event.subject,
            "purpose": event.purpose,
            "channel": event.channel,
            "recipient_class": event.recipient_class,
            "kind": event.kind.value,
            "occurred_at": event.occurred_at.isoformat(),
            "recorded_at": self.recorded_at.isoformat(),
            "acted_by": self.acted_by.value if self.acted_by else None,
            "evidence": event.evidence.value,
            "guardian": event.guardian,
            "minor": event.minor,
            "valid_until": event.valid_until.isoformat() if event.valid_until else None,
            "import_run": event.import_run,
            "collection_point": self.collection_point,
            "collection_version": self.collection_version,
            "notice": {
                "id": event.notice,
                "version": event.notice_version,
                "lang": self.lang.value,
                "sha256": self.notice_hash,
                "text": self.notice_text,
                "text_is_the_one_shown": self.text_is_the_one_shown,
            },
            "proof": self.proof.as_json(),
        }


def sealed_proof(
    tx: Connection, ports: Ports, principal: Principal, choice: Choice, row: RowId, *, on: date
) -> bytes | None:
    """The proof of a choice under the person's record key, bound to its place in the ledger."""
    said: dict[str, object] = {
        "method": choice.method,
        "place": choice.place,
        "action": choice.action or "",
        "statement": choice.statement or "",
        "shown": choice.shown or "",
        "user_agent": choice.user_agent or "",
        "network": principal.network or "",
        "actor": principal.id,
        "guardians": _guardians(tx, choice.subject, on=on) if choice.guardian else [],
    }
    content = canonical_json({name: value for name, value in said.items() if value})
    cells = {PROOF: content}
    return ports.vault.seal_row(choice.subject, row, cells, key_class=KeyClass.RECORD)[PROOF]


def _guardians(tx: Connection, subject: SubjectId, *, on: date) -> list[dict[str, str]]:
    """Which relations gave the right to act, and on what they were verified."""
    found = []
    for record in records_of(tx, subject, "relation"):
        clear = record.clear
        ended = clear["valid_to"] is not None and clear["valid_to"] < on
        if RelationKind(clear["kind"]) not in FOR_MINORS or ended:
            continue
        verified = clear["verified_on"]
        found.append(
            {
                "relation": str(record.id),
                "kind": clear["kind"],
                "verified_how": clear["verified_how"] or "",
                "verified_on": verified.isoformat() if verified else "",
            }
        )
    return found


def proof_of(tx: Connection, ports: Ports, event: RowId) -> Proof:
    """The opened proof of one event; raises NotFoundError and ProofEndedError."""
    return _opened(ports, _row(tx, event))


def proof_view(ports: Ports, principal: Principal, event: RowId, *, at: datetime) -> ProofView:
    """What the person saw and did, for who may read choices; that it was read is on record."""
    ensure(principal, Action.CONSENT_READ, ports.policies.current)
    with ports.database.read() as tx:
        row = _row(tx, event)
        view = _view(tx, row, _opened(ports, row))
    ports.database.write(lambda tx: ports.audit.append(tx, _read(ports, principal, view, at=at)))
    return view


def _row(tx: Connection, event: RowId) -> Row[Any]:
    row = tx.execute(select(ledger.EVENT).where(ledger.EVENT.c.id == event)).one_or_none()
    if row is None:
        raise NotFoundError
    return row


def _opened(ports: Ports, row: Row[Any]) -> Proof:
    if row.proof is None:
        return Proof()
    try:
        value = ports.vault.open_row(row.id, {PROOF: row.proof})[PROOF].value
    except KeyDestroyedError as error:
        raise ProofEndedError from error
    said: dict[str, Any] = msgspec.json.decode(value if isinstance(value, bytes) else str(value))
    said = {IN_FILES.get(name, name): found for name, found in said.items()}
    guardians = tuple(said.pop("guardians", ()))
    own = {name: str(said.pop(name)) for name in SAID if name in said}
    file = {name: str(value) for name, value in said.items() if value}
    return Proof(**own, guardians=guardians, file=file)


def _view(tx: Connection, row: Row[Any], proof: Proof) -> ProofView:
    event = ledger.event_of(row)
    lang = Lang.EN if row.notice_lang == Lang.EN.value else Lang.JA
    text, same = None, None
    if event.notice is not None and event.notice_version is not None:
        ja, en = (
            ledger.notice_text(tx, event.notice, event.notice_version, one)
            for one in (Lang.JA, Lang.EN)
        )
        text = en if lang is Lang.EN else ja
        if ja is not None and en is not None and row.notice_hash is not None:
            same = text_hash(ja, en) == row.notice_hash
    return ProofView(
        id=RowId(row.id),
        event=event,
        recorded_at=row.recorded_at,
        acted_by=By(row.acted_by) if row.acted_by else None,
        lang=lang,
        notice_hash=row.notice_hash,
        notice_text=text,
        text_is_the_one_shown=same,
        collection_point=row.collection_point,
        collection_version=row.collection_version,
        proof=proof,
    )


def _read(ports: Ports, principal: Principal, view: ProofView, *, at: datetime) -> EventDraft:
    purpose = ports.policies.current.purpose(view.event.purpose)
    return EventDraft(
        action=EventCode.CONSENT_PROOF_READ,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="consent",
        object_id=view.id,
        subject=view.event.subject,
        purpose=None if purpose is None else purpose.id,
        outcome=Outcome.DONE,
        policy_version=ports.policies.current.version or None,
        consent_seq=view.event.seq,
        network=Network(principal.network) if principal.network else None,
    )


def who_acted(choice: Choice, principal: Principal) -> By:
    """Who acted, where the choice does not say: a guardian, staff for the person, the person."""
    if choice.by is not None:
        return choice.by
    if choice.guardian:
        return By.GUARDIAN
    return By.OFFICER if principal.kind is PrincipalKind.STAFF else By.PERSON
