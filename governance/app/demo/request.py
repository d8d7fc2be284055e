"""One request for disclosure (開示, APPI 33) from intake to a sealed package that verifies."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from dsar import decisions, delivery, fulfilment, packaging, service, stepping
from dsar.case import Case
from dsar.collection import every_source
from dsar.package import SIGNER, verify_package
from dsar.review import service as review
from dsar.rules import suggestion
from dsar.types import Event, EvidenceKind, Intake, RequestKind
from governance.app.approvals import approvals_of
from governance.app.demo.errors import DemoStepError
from governance.app.demo.stage import Outcome as Told
from governance.app.demo.stage import Stage, Watch, words
from governance.core.terms import ActorId
from governance.http.principal import Principal, PrincipalKind
from governance.keys.signers import ensure_signer
from governance.keys.types import SigningAlgorithm

T = TypeVar("T")
STEPS = 10


def disclose(stage: Stage, watch: Watch) -> Told:
    """The person proved who they are, two officers agreed, and the package is what was signed."""
    person = Principal(
        id=ActorId(f"p:{stage.customer}"),
        kind=PrincipalKind.PERSON,
        roles=frozenset({"customer"}),
    )
    case = _received(stage, person)
    watch(2, STEPS)
    for kind, by in (
        (EvidenceKind.PORTAL_SESSION, person),
        (EvidenceKind.DOCUMENT, stage.who("support")),
    ):
        case = _do(stage, service.prove_identity, by, case, kind, accepted=True)
    case = _do(stage, stepping.advance, stage.who("officer"), case, Event.START)
    watch(4, STEPS)
    case = _collected(stage, case)
    watch(7, STEPS)
    case = _decided(stage, case)
    package = _delivered(stage, case, person)
    watch(10, STEPS)
    found = fulfilment.findings(stage.wiring.ports, case)
    values = sum(len(record.values) for part in found for record in part.records)
    return Told(
        sentence=words(
            stage,
            "request.done",
            reference=case.reference,
            sources=len(found),
            values=values,
            size=len(package),
        )
    )


def _received(stage: Stage, person: Principal) -> Case:
    wiring = stage.wiring
    new = service.NewRequest(
        kind=RequestKind.DISCLOSURE,
        intake=Intake.PORTAL,
        policy_days=wiring.settings.dsar_policy_days,
        subject=stage.customer,
        words=words(stage, "request.words"),
        lang=stage.lang,
    )
    prepared = service.prepare_request(wiring.ports, new)
    return wiring.database.write(
        lambda tx: service.receive(tx, wiring.ports, person, new, prepared, at=wiring.clock())
    )


def _do(
    stage: Stage,
    use_case: Callable[..., Case],
    by: Principal,
    case: Case,
    *args: object,
    **more: object,
) -> Case:
    """One use case of the request, in its own transaction."""
    wiring = stage.wiring

    def write(tx: Connection) -> Case:
        return use_case(tx, wiring.ports, by, case.id, *args, at=wiring.clock(), **more)

    return wiring.database.write(write)


def _collected(stage: Stage, case: Case) -> Case:
    wiring, officer = stage.wiring, stage.who("officer")
    fulfilment.collect(
        wiring.ports, officer, case.id, sources=every_source(wiring.ports), at=wiring.clock()
    )
    case = _do(stage, stepping.advance, officer, case, Event.FINISH_COLLECTING)
    desk = review.Desk(ports=wiring.ports, principal=officer, request=case.id, at=wiring.clock())
    return review.accept_all(desk)


def _decided(stage: Stage, case: Case) -> Case:
    """The officer decides, another person approves; the same person is refused."""
    wiring, officer = stage.wiring, stage.who("officer")
    desk = approvals_of(wiring)
    outcome, grounds = suggestion(case)

    def decide(tx: Connection) -> decisions.Decided:
        return decisions.decide(
            tx,
            wiring.ports,
            desk,
            officer,
            case.id,
            outcome=outcome,
            grounds=grounds,
            at=wiring.clock(),
        )

    decided = wiring.database.write(decide)
    if decided.digest is None:
        raise DemoStepError(step="request", found="no approval asked")
    wiring.database.write(
        partial(
            decisions.approve,
            approvals=desk,
            principal=stage.who("approver"),
            request=case.id,
            digest=decided.digest,
            at=wiring.clock(),
        )
    )
    return _do(stage, stepping.advance, officer, case, Event.EXECUTE)


def _delivered(stage: Stage, case: Case, person: Principal) -> bytes:
    """The package, downloaded once by the person and verified as they would verify it."""
    wiring, officer = stage.wiring, stage.who("officer")
    packaging.build_package(
        *(wiring.ports, officer, case.id),
        controller=wiring.settings,
        at=wiring.clock(),
        despite_gaps=True,  # the demo's company has said nothing of automated decisions
    )
    released = wiring.database.write(
        lambda tx: delivery.deliver(tx, wiring.ports, officer, case.id, at=wiring.clock())
    )
    package = delivery.download(wiring.ports, person, released.token, at=wiring.clock())
    signer = ensure_signer(wiring.vault.ring, SIGNER, SigningAlgorithm.ED25519)
    if not verify_package(package, signer.public_key):
        raise DemoStepError(step="request", found="package does not verify")
    return package
