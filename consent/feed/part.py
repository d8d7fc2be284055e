"""What one calling system is told of the policy: its purposes, what they cover, their cells."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from consent.gates import RECORD
from governance.core.terms import PurposeId
from governance.http.principal import Principal
from governance.registers.passage import passage
from governance.registers.store import all_recipients
from governance.registers.types import Recipient
from policies.actions import Action
from policies.actors import decide_actor_on_record, may
from policies.purposes import HOME, INTERNAL, PurposeRecord, covers_recipient, recipient_class
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot

WIRE_VERSION: Final = 1
HIDDEN: Final = (ReasonCode.SUBJECT,)  # all that a caller without explain:subject learns
EXPLAINED: Final = tuple(code for code in ReasonCode if code.value.startswith("denied.subject"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One number in each person's row."""

    purpose: PurposeRecord
    channel: str | None  # None: every channel of the purpose must be open
    recipient_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a policy that one system needs, and the cells of its rows in their order."""

    document: dict[str, Any]
    cells: tuple[Cell, ...] = field(repr=False)
    codes: tuple[ReasonCode, ...]

    @property
    def tag(self) -> str:
        """Names this part: rows of another one mean something else."""
        return str(self.document["tag"])


def part_of(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    wanted: Collection[str] | None,
    *,
    at: datetime,
) -> Part:
    """The purposes that the principal may claim, narrowed to those wanted (None: all of them)."""
    explained = may(principal, Action.EXPLAIN_SUBJECT, policy)
    codes = EXPLAINED if explained else HIDDEN
    recipients = all_recipients(tx)
    claimed = [
        record
        for name in sorted(principal.purposes)
        if (record := policy.purposes.get(name)) is not None
        and (wanted is None or record.id in wanted)
    ]
    cells: list[Cell] = []
    purposes = []
    for record in claimed:
        mine = _cells(record)
        cells += mine
        purposes.append(_purpose(tx, policy, principal, record, mine, recipients, at=at))
    document = {
        "v": WIRE_VERSION,
        "policy": policy.version,
        "home": HOME,
        "codes": [code.value for code in codes],
        "aliases": _aliases(policy, claimed),
        "purposes": purposes,
    }
    document["tag"] = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]
    return Part(document=document, cells=tuple(cells), codes=codes)


def _cells(record: PurposeRecord) -> list[Cell]:
    classes = sorted({recipient_class(name) for name in record.recipients})
    return [
        Cell(purpose=record, channel=channel, recipient_class=kind)
        for channel in (None, *sorted(record.channels))
        for kind in classes
    ]


def _purpose(
    tx: Connection,
    policy: PolicySnapshot,
    principal: Principal,
    record: PurposeRecord,
    cells: Iterable[Cell],
    recipients: Iterable[Recipient],
    *,
    at: datetime,
) -> dict[str, Any]:
    actor = decide_actor_on_record(principal, policy, kind=RECORD, action="use", purpose=record.id)
    code = actor.code
    if actor and not record.basis:
        code = ReasonCode.PURPOSE_NO_BASIS
    return {
        "id": record.id,
        "code": code.value,
        "obligations": [duty.as_json() for duty in actor.obligations] if actor else [],
        "recipients": list(record.recipients),
        "channels": sorted(record.channels),
        "countries": sorted(record.countries),
        "cells": [[cell.channel, cell.recipient_class] for cell in cells],
        "outside": {
            one.reference: [
                one.country,
                passage(tx, record, one.reference, on=at.date()).code.value,
            ]
            for one in recipients
            if one.reference != INTERNAL and covers_recipient(record, one.reference)
        },
    }


def _aliases(policy: PolicySnapshot, claimed: Iterable[PurposeRecord]) -> dict[str, PurposeId]:
    """Codes of imported files under which these purposes are known too."""
    mine = {record.id for record in claimed}
    return {code: purpose for code, purpose in policy.codes.items() if purpose in mine}
