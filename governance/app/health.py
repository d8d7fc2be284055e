"""Liveness, readiness and figures for operators; none of them needs or shows a person."""

from fastapi import APIRouter, Depends, Request
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from audit.review import waiting
from audit.store import frontier_of
from consent import ledger
from governance.core.errors import GovernanceError
from governance.customers import store
from governance.db.errors import DatabaseUnreachableError
from governance.http.problems import language_of, problem_response
from governance.http.request import open_to_all, wiring_of
from policies.api import PolicyUnavailableError
from retention.access import today
from retention.standing import lag

router = APIRouter(dependencies=[Depends(open_to_all)])
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/healthz", include_in_schema=True)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=None)
def readyz(request: Request) -> Response:
    """The parts that must answer do: database, keys, policy; otherwise 503."""
    wiring = wiring_of(request)
    try:
        if wiring.policies.current.table is None:
            raise PolicyUnavailableError
        with wiring.database.read() as tx:
            size = frontier_of(tx).size
        with wiring.vault.ring.look():
            pass
    except GovernanceError as error:
        return problem_response(error, language_of(request))
    except SQLAlchemyError as error:
        unreachable = DatabaseUnreachableError(reason=type(error).__name__)
        return problem_response(unreachable, language_of(request))
    return JSONResponse({"status": "ready", "audit_size": size})


@router.get("/metrics", response_model=None)
def metrics(request: Request) -> PlainTextResponse:
    """Counts in the Prometheus text format; labels are codes, never ids."""
    wiring = wiring_of(request)
    registry = CollectorRegistry()
    with wiring.database.read() as tx:
        day = today(wiring.clock())
        due, oldest = lag(tx, on=day)
        overdue = (day - oldest).total_seconds() if oldest is not None else 0
        values = {
            "sekisho_audit_events": ("Audit events in the tree", frontier_of(tx).size),
            "sekisho_audit_waiting": ("Audit events not yet in the tree", waiting(tx)),
            "sekisho_consent_seq": ("Sequence number of the consent ledger", ledger.head(tx)),
            "sekisho_retention_due": ("Persons who are due and still here", due),
            "sekisho_retention_lag_seconds": ("How long the first of them is overdue", overdue),
            "sekisho_persons": ("Rows of the customer register", store.count_rows(tx, "person")),
        }
    for name, (words, value) in values.items():
        Gauge(name, words, registry=registry).set(value)
    body = generate_latest(registry).decode()
    return PlainTextResponse(body, headers={"content-type": CONTENT_TYPE})
