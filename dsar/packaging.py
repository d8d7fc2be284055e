"""Making the package of an approved answer: what is shown and said, signed and sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.case import Case, Decision
from dsar.errors import PackageKindError, RequestStepError
from dsar.fulfilment import demand_status, findings, owner_of
from dsar.information import Controller, Facts, information
from dsar.package import SIGNER, Package, pack
from dsar.records import actor_of, changed, demand, write_down
from dsar.report import Answer, disclosed, files_of
from dsar.results import StoredPackage, add_package
from dsar.store import case_by_id
from dsar.types import DISCLOSING, Mark, Refusal, Status
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, RequestId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.keys.signers import ensure_signer
from governance.keys.types import SigningAlgorithm
from governance.registers.store import all_recipients
from policies.actions import Action
from policies.types import Label

COPY_LIFE: Final = timedelta(days=30)  # the copy is purged after it; the hash stays
HOME: Final = frozenset({"JP"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A package made from what the case held at its version."""

    case: Case
    package: Package
    stored: StoredPackage
    files: int


def build_package(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    controller: Controller,
    periods: Mapping[str, Label],
    at: datetime,
) -> Case:
    """The approved answer is packed, signed and sealed under the person's record key."""
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        facts = Facts(
            policy=ports.policies.current,
            recipients=all_recipients(tx),
            controller=controller,
            periods=periods,
        )
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    demand_status(case, frozenset({Status.EXECUTING}))
    if not any(track.kind in DISCLOSING for track in case.tracks):
        raise PackageKindError(request=request)
    if case.decision is None:
        raise RequestStepError(request=request, reason=Refusal.DECISION_MISSING.value, law="-")
    made = _make(ports, case, case.decision, facts, at=at)
    return ports.database.write(
        partial(_record_package, ports=ports, principal=principal, made=made, at=at)
    )


def _make(ports: Ports, case: Case, decision: Decision, facts: Facts, *, at: datetime) -> _Made:
    found = findings(ports, case)
    kinds = tuple(track.kind for track in case.tracks)
    shown, withheld = disclosed(found, decision, kinds)
    files = files_of(
        Answer(
            reference=case.reference,
            kinds=kinds,
            created_at=at,
            decision=decision,
            controller=facts.controller,
            findings=shown,
            withheld=withheld,
            information=tuple(
                (law, information(law, found, facts, countries=HOME)) for law in sorted(case.laws)
            ),
        )
    )
    signer = ensure_signer(ports.vault.ring, SIGNER, SigningAlgorithm.ED25519)
    package = pack(files, reference=case.reference, created_at=at, signer=signer)
    row = new_row_id()
    stored = StoredPackage(
        id=row,
        request=case.id,
        manifest_hash=package.manifest_hash,
        size=len(package.content),
        created_at=at,
        expires_at=at + COPY_LIFE,
        token_digest=None,
        token_expires_at=None,
        downloaded_at=None,
        purged_at=None,
        content=ports.vault.seal_part(
            owner_of(case), row, package.content, key_class=KeyClass.RECORD
        ),
    )
    return _Made(case=case, package=package, stored=stored, files=len(files))


def _record_package(
    tx: Connection, *, ports: Ports, principal: Principal, made: _Made, at: datetime
) -> Case:
    add_package(tx, made.stored, by=principal.id)
    return write_down(
        tx,
        ports,
        principal,
        replace(changed(made.case, at=at), executed=True),
        Mark.PACKAGED,
        EventCode.REQUEST_PACKAGED,
        at=at,
        before=made.case.version,
        counts=(("files", made.files), ("bytes", made.stored.size)),
        refs=(f"manifest:{made.package.manifest_hash}",),
    )
