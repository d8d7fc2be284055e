"""Making the package of an approved answer: what is shown and said, signed and sealed."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from consent import ledger
from consent.collecting.rules import in_force
from dsar.answer_files import files_of
from dsar.case import Case, Decision
from dsar.errors import PackageGapsError, PackageKindError, RequestStepError
from dsar.found import Found
from dsar.fulfilment import demand_status, findings, owner_of
from dsar.gaps import Gap, gaps
from dsar.information import Facts, information
from dsar.package import SIGNER, Package, pack
from dsar.portability import LeftField, portable
from dsar.records import actor_of, changed, demand, write_down
from dsar.report import Answer, disclosed, labels_of, stays
from dsar.results import StoredPackage, add_package
from dsar.review.service import leaving
from dsar.store import case_by_id
from dsar.types import DISCLOSING, Mark, Refusal, RequestKind, Status
from governance.core.clock import JST
from governance.core.controller import Controller
from governance.core.ids import new_row_id
from governance.core.terms import KeyClass, Lang, NoticeId, RequestId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.keys.signers import ensure_signer
from governance.keys.types import SigningAlgorithm
from governance.registers.store import all_recipients
from policies.actions import Action
from policies.types import Label
from retention.periods import periods
from retention.store import in_force as schedule_in_force

COPY_LIFE: Final = timedelta(days=30)  # the copy is purged after it; the hash stays
PUBLIC: Final = NoticeId("public_matters")  # the notice with the security measures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A package made from what the case held at its version."""

    case: Case
    package: Package
    stored: StoredPackage
    files: int
    lacking: tuple[Gap, ...]


def facts_of(
    tx: Connection,
    ports: Ports,
    *,
    controller: Controller,
    at: datetime,
) -> Facts:
    """What the registers say today."""
    day = at.astimezone(JST).date()
    return Facts(
        policy=ports.policies.current,
        recipients=all_recipients(tx),
        controller=controller,
        periods=periods(schedule_in_force(tx)),
        measures=_measures(tx, on=day),
        on=day,
    )


def _measures(tx: Connection, *, on: date) -> Label | None:
    """The published notice that tells the security measures, without its title and history."""
    published = in_force(ledger.notices(tx), PUBLIC, on=on)
    if published is None:
        return None
    said = [ledger.notice_text(tx, PUBLIC, published.version, lang) or "" for lang in Lang]
    ja, en = (whole.partition("\n\n")[2].rpartition("\n\n")[0] or whole for whole in said)
    return Label(ja=ja, en=en) if ja and en else None


def missing(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    controller: Controller,
    at: datetime,
) -> tuple[Gap, ...]:
    """What the registers lack for this answer's information page, for the officer to fill."""
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        facts = facts_of(tx, ports, controller=controller, at=at)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    return gaps(case.laws, findings(ports, case), facts)


def build_package(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    controller: Controller,
    at: datetime,
    keep: timedelta = COPY_LIFE,
    despite_gaps: bool = False,
) -> Case:
    """The approved answer is packed, signed and sealed under the person's record key.

    Raises PackageGapsError while a register lacks what the page must say, unless the officer says
    that it goes out so; the page then says that nothing is registered, and the gaps are on record.
    """
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        facts = facts_of(tx, ports, controller=controller, at=at)
    demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
    demand_status(case, frozenset({Status.EXECUTING}))
    if not any(track.kind in DISCLOSING for track in case.tracks):
        raise PackageKindError(request=request)
    if case.decision is None:
        raise RequestStepError(request=request, reason=Refusal.DECISION_MISSING.value, law="-")
    found = leaving(ports, case)
    lacking = gaps(case.laws, found, facts)
    if lacking and not despite_gaps:
        raise PackageGapsError(gaps=", ".join(gap.code for gap in lacking))
    answer = answer_of(case, case.decision, found, facts, at=at)
    made = _made(ports, case, answer, lacking, keep=keep, at=at)
    return ports.database.write(
        partial(_record_package, ports=ports, principal=principal, made=made, at=at)
    )


def answer_of(
    case: Case, decision: Decision, found: tuple[Found, ...], facts: Facts, *, at: datetime
) -> Answer:
    """Everything that the person is told; preview and package are both made of it."""
    kinds = tuple(track.kind for track in case.tracks)
    shown, withheld = disclosed(found, decision, kinds)
    left: tuple[LeftField, ...] = ()
    if RequestKind.PORTABILITY in kinds:
        going = portable(shown, catalogue(), facts.policy.purposes)
        shown, left = going.findings, going.left
    return Answer(
        reference=case.reference,
        kinds=kinds,
        created_at=at,
        decision=decision,
        controller=facts.controller,
        findings=shown,
        withheld=withheld,
        information=tuple((law, information(law, found, facts)) for law in sorted(case.laws)),
        stays=stays(left, labels_of(found)),
    )


def _made(
    ports: Ports,
    case: Case,
    answer: Answer,
    lacking: tuple[Gap, ...],
    *,
    keep: timedelta,
    at: datetime,
) -> _Made:
    files = files_of(answer)
    signer = ensure_signer(ports.vault.ring, SIGNER, SigningAlgorithm.ED25519)
    package = pack(files, reference=case.reference, created_at=at, signer=signer)
    row = new_row_id()
    stored = StoredPackage(
        id=row,
        request=case.id,
        manifest_hash=package.manifest_hash,
        size=len(package.content),
        created_at=at,
        expires_at=at + keep,
        token_digest=None,
        token_expires_at=None,
        downloaded_at=None,
        archive_at=None,
        purged_at=None,
        content=ports.vault.seal_part(
            owner_of(case), row, package.content, key_class=KeyClass.RECORD
        ),
    )
    return _Made(case=case, package=package, stored=stored, files=len(files), lacking=lacking)


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
        reasons=tuple(f"missing.{gap.code}" for gap in made.lacking),
        counts=(("files", made.files), ("bytes", made.stored.size)),
        refs=(f"manifest:{made.package.manifest_hash}",),
    )
