"""An installation with something of everybody's, and every caller that may knock at a route."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select

from audit.models import EVENTS
from consent.choices import Choice
from consent.receipts.issue import newest_choice
from consent.service import choose
from consent.types import EventKind
from dsar.correspondence.models import LetterRow
from dsar.intake.service import file_request
from dsar.intake.types import Claim, Filing, Source
from dsar.types import Intake, RequestKind
from governance.app.factory import create_app
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, PurposeId, RowId, SubjectId
from governance.db.types import table_of
from governance.http.principal import Principal, PrincipalKind
from governance.http.throttle import Throttle
from governance.identity.service import issue_code, register_client
from policies.actions import Action
from policies.api import stated_actions
from policies.types import RoleKind
from tests.duties import SHOWN, put_in
from tests.governance.app.test_routes import all_routes, is_open
from tests.installation import (
    AT,
    OFFICER,
    create,
    customer,
    import_file,
    register,
    subjects,
    write_file,
)
from tests.office import Office, opened

MAIL: Final = PurposeId("mail_marketing")
NONE: Final = "00000000-0000-4000-8000-000000000000"
PARAMETER: Final = re.compile(r"\{(\w+)(?::path)?\}")
LIMITLESS: Final = 10**9
NOBODY: Final = "nobody"
OWNER: Final = "customer"  # the first person
OTHER_PERSON: Final = "other customer"
OTHER_SYSTEM: Final = "other system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A method of a route, the actions that it states, and whether anybody may knock."""

    method: str
    path: str
    actions: tuple[Action, ...]
    open: bool

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names in the path, in their order."""
        return tuple(PARAMETER.findall(self.path))


def places(app: FastAPI) -> tuple[Place, ...]:
    """Every method of every route that FastAPI serves."""
    found = [
        Place(
            method=method,
            path=route.path,
            actions=tuple(stated_actions(route.dependant)),
            open=is_open(route),
        )
        for route in all_routes(app.routes)
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]
    return tuple(sorted(found, key=lambda one: (one.path, one.method)))


@dataclass(kw_only=True)
class Ground:
    """The application in this process, what exists in it, and who may come."""

    wiring: Wiring
    app: FastAPI
    runner: asyncio.Runner
    callers: dict[str, dict[str, str]] = field(repr=False)  # headers
    roles: dict[str, frozenset[str]]
    found: dict[str, str] = field(default_factory=dict)  # "/prefix {parameter}" -> what exists

    def may(self, caller: str, place: Place) -> bool:
        """Whether one of the caller's roles holds every action that the route states."""
        if place.open:
            return True
        current = self.wiring.policies.current
        return all(
            bool(current.may(self.roles.get(caller, frozenset()), one)) for one in place.actions
        )

    def existing(self, place: Place) -> dict[str, str] | None:
        """Values of the path's parameters that name something; None when nothing is there."""
        given = {}
        for name in place.parameters:
            value = next(
                (
                    value
                    for key, value in self.found.items()
                    for prefix, _, wanted in [key.partition(" ")]
                    if wanted == name and place.path.startswith(prefix)
                ),
                None,
            )
            if value is None:
                return None
            given[name] = value
        return given

    def ask(
        self,
        calls: Iterable[tuple[str, str, str, dict[str, Any]]],
        *,
        patience: float | None = None,
    ) -> list[httpx.Response]:
        """The answers to calls (caller, method, address, more), one after another.

        One that is still being told after `patience` seconds counts as begun without a fault.
        """
        return self.runner.run(self._ask(list(calls), patience))

    async def _ask(
        self, calls: list[tuple[str, str, str, dict[str, Any]]], patience: float | None
    ) -> list[httpx.Response]:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        base = self.wiring.settings.origin
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            answers = []
            for caller, method, address, more in calls:
                headers = self.callers[caller] | more.pop("headers", {})
                try:
                    async with asyncio.timeout(patience):
                        answer = await client.request(method, address, headers=headers, **more)
                except TimeoutError:
                    answer = httpx.Response(200)
                answers.append(answer)
            return answers


def address(place: Place, given: Mapping[str, str]) -> str:
    """The route's path with these values."""
    return PARAMETER.sub(lambda name: given[name[1]], place.path)


def unknown(place: Place, like: Mapping[str, str] | None = None) -> dict[str, str]:
    """Values of the form of an id that name nothing; words that are no ids stay as they are."""
    words = {"version": "77.7", "kind": "purchases", "lang": "ja", "column": "action"}
    given = like or {}
    return {
        name: given.get(name, words[name]) if name in words else NONE for name in place.parameters
    }


def told(answer: httpx.Response, given: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
    """What an answer says, but for its own id and the ids that the caller sent."""
    text, headers = answer.text, dict(answer.headers)
    for known in (headers.pop("x-request-id", NONE), *given.values()):
        text = text.replace(known, "*")
    headers.pop("content-length", None)
    return answer.status_code, text, headers


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """The installation, open until the block ends."""
    wiring = create(folder)
    import_file(wiring, write_file(folder, register([customer(1), customer(2)])))
    with opened(wiring) as office, asyncio.Runner() as runner:
        app = create_app(wiring)
        for name in ("collect_throttle", "request_throttle"):
            setattr(app.state, name, Throttle(LIMITLESS))
        made = Ground(wiring=wiring, app=app, runner=runner, callers={NOBODY: {}}, roles={})
        _callers(made, office)
        _things(made)
        yield made


def _callers(made: Ground, office: Office) -> None:
    """One caller for each role of the policy, two persons, two systems of the same role."""
    wiring, known = made.wiring, frozenset(made.wiring.policies.current.roles)
    for role, stated in wiring.policies.current.roles.items():
        match stated.kind:
            case RoleKind.STAFF:
                made.callers[role] = {"cookie": cookie(office.browsers[role])}
            case RoleKind.SYSTEM:
                made.callers[role] = {"authorization": f"Bearer {_key(wiring, role, role, known)}"}
            case _:
                continue
        made.roles[role] = frozenset({role})
    made.callers[OTHER_SYSTEM] = {
        "authorization": f"Bearer {_key(wiring, 'other', 'request_intake', known)}"
    }
    made.roles[OTHER_SYSTEM] = frozenset({"request_intake"})
    for name, subject in zip((OWNER, OTHER_PERSON), subjects(wiring), strict=True):
        browser = httpx.Client(base_url=office.base, timeout=60, trust_env=False)
        code = wiring.database.write(
            partial(issue_code, actor=ActorId(f"p:{subject}"), kind=PrincipalKind.PERSON, at=AT)
        )
        assert browser.post("/sign-in", data={"code": code}).status_code == 303  # see other
        made.callers[name] = {"cookie": cookie(browser)}
        browser.close()
        made.roles[name] = frozenset({"customer"})


def cookie(browser: httpx.Client) -> str:
    """What the browser sends of its cookies."""
    return "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)


def _key(wiring: Wiring, name: str, role: str, known: frozenset[str]) -> str:
    work = partial(
        register_client, name=name.replace("_", "-"), role=role, purposes=[MAIL],
        known_roles=known, at=AT,
    )  # fmt: skip
    return wiring.database.write(work)[1]


def _things(made: Ground) -> None:
    """Something exists for each kind of id that is cheap to make; `found` names it."""
    wiring = made.wiring
    first, _second = subjects(wiring)
    duties = put_in(wiring, at=AT)
    person = Principal(
        id=ActorId(f"p:{first}"), kind=PrincipalKind.PERSON, roles=frozenset({"customer"})
    )
    filing = Filing(
        kind=RequestKind.DISCLOSURE,
        intake=Intake.PORTAL,
        source=Source.PORTAL,
        claim=Claim(name="架空 花子", email="person1@example.com"),
        policy_days=14,
        subject=first,
    )
    request = file_request(wiring.ports, person, filing, at=AT).id
    choice = _choice(wiring, first)
    with wiring.database.read() as tx:
        letter = tx.execute(select(table_of(LetterRow).c.id)).scalars().first()
        event = tx.execute(select(EVENTS.c.id).order_by(EVENTS.c.id)).scalars().first()
    made.found |= {
        "/ subject": first,
        "/ person": first,
        "/ request_id": request,
        "/ letter": str(letter),
        "/console/consents entry": str(choice),
        "/v1/consents event": str(choice),
        "/v1/consents choice": str(choice),
        "/v1/own choice": str(choice),
        "/console/audit event": str(event),
        "/v1/audit/proofs event": str(event),
        "/v1/audit actor": "u:privacy_officer",
        "/v1/audit column": "action",
        "/ provision": str(duties.provision),
        "/console/recipients key": "V1",
        "/v1/recipients key": "V1",
        "/console/notices notice": "marketing",
        "/v1/notices notice": "marketing",
        "/notices notice": "marketing",
        "/portal/choices purpose": MAIL,
        "/v1/reports name": "R09",
        "/v1/clients name": "other",
        "/console/law entry": "tax_7y",
        "/v1/persons kind": "purchases",
        "/v1/companies kind": "deals",
        "/console/letter-texts lang": "ja",
    }
    _over_http(made, first)


def _choice(wiring: Wiring, subject: SubjectId) -> RowId:
    """The customer agreed to mail."""
    made = Choice(
        subject=subject, purpose=MAIL, kind=EventKind.GIVEN, method="form", action="unticked_box",
        shown=SHOWN,
    )  # fmt: skip
    choose(wiring.ports, OFFICER, made, at=AT)
    with wiring.database.read() as tx:
        return newest_choice(tx, subject, MAIL)


def _over_http(made: Ground, person: SubjectId) -> None:
    """What callers make for themselves, each by its own caller."""
    hook = {
        "client": "mail-sender",
        "url": "https://hooks.example.com/in",
        "types": ["consent.changed"],
    }
    company = {"fields": {"name": "株式会社架空商事"}}
    search = {"purpose": "order_support", "values": {"customer_id": "C000001"}, "save": True}
    glass = {"purpose": "order_support", "subject": person, "minutes": 10, "reason": "架空" * 10}
    breach = {"kind": "leak", "about": "mail", "aware_at": AT.isoformat(), "grounds": ["many"]}
    hold = {"number": "2026-E", "name": "架空", "reason": "調査（架空）", "persons": [person]}
    asked = {"exercise": "access", "regime": "appi", "name": "架空", "email": "p@example.com"}
    kept = {"name": "架空", "query": {"action": "system.initialised"}}
    lease = {"holder": NONE[:-1] + "1", "applied": 0}
    calls: dict[str, tuple[str, str, dict[str, Any], str]] = {
        "/v1/webhooks hook": ("it_operator", "/v1/webhooks", hook, "id"),
        "/v1/companies company": (
            "sales", "/v1/companies?purpose=corporate_sales", company, "id",
        ),
        "/v1/persons/searches search_id": ("support", "/v1/persons/search", search, "search_id"),
        "/ glass": ("support", "/v1/break-glass", glass, "break_glass"),
        "/ breach": ("privacy_officer", "/v1/breaches", breach, "id"),
        "/ number": ("privacy_officer", "/v1/holds", hold, "number"),
        "/ reference": ("request_intake", "/v1/data-rights-requests", asked, "request_id"),
        "/v1/audit/filters name": ("auditor", "/v1/audit/filters", kept, "id"),
        "/v1/leases holder": ("shop", "/v1/leases", lease, ""),
    }  # fmt: skip
    answers = made.ask(
        (caller, "POST", path, {"json": body}) for caller, path, body, _ in calls.values()
    )
    for (key, (_, _, body, name)), answer in zip(calls.items(), answers, strict=True):
        assert answer.is_success, (key, answer.text)
        made.found[key] = answer.json()[name] if name else body["holder"]
