"""Health, errors in words, and the safe headers of every answer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from governance.app.edge import MAX_BODY
from governance.app.factory import create_app
from governance.core.terms import Lang
from governance.ui.headers import CSP, security_headers
from governance.ui.problems import problem_of, problem_of_status
from policies.actions import Action, action_label
from policies.api import ActionForbiddenError
from policies.snapshot import NO_POLICY, PolicyHolder
from tests.governance.app.conftest import Town
from tests.installation import create
from tests.serving import served

PLACES = (
    ("GET", "/", 200), ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("GET", "/metrics", 200),
    ("GET", "/openapi.json", 200), ("GET", "/docs", 200), ("GET", "/sign-in", 200),
    ("GET", "/static/none.css", 404), ("GET", "/nowhere", 404), ("GET", "/console", 401),
    ("GET", "/portal", 401), ("DELETE", "/", 405), ("POST", "/sign-in", 401),
    ("GET", "/access/v1/evaluation", 405), ("POST", "/access/v1/evaluation", 401),
    ("POST", "/portal/choices/mail_marketing", 401), ("GET", "/broken", 500), ("GET", "/away", 503),
)  # fmt: skip
BROWSER = {"accept": "text/html"}


@pytest.fixture(scope="module")
def all_places(town: Town) -> Iterator[httpx.Client]:
    app = create_app(town.wiring)

    def broken() -> None:
        raise LookupError("山田太郎 taro@example.com")

    def away() -> None:
        raise OperationalError("SELECT taro@example.com", None, ConnectionError("taro@example.com"))

    app.add_api_route("/broken", broken)
    app.add_api_route("/away", away)
    with served(app) as base, httpx.Client(base_url=base, timeout=30) as client:
        yield client


@pytest.mark.parametrize(("method", "path", "status"), PLACES)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_answer_has_the_safe_headers_and_a_request_number(
    all_places: httpx.Client, method: str, path: str, status: int, accept: str
) -> None:
    answer = all_places.request(method, path, headers={"accept": accept})
    if path == "/portal" and accept == "text/html":
        status = 303  # to where a customer signs in
    if path != "/sign-in" or method == "GET":
        assert answer.status_code == status
    for name, value in security_headers(https=False):
        assert answer.headers.get_list(name) == [value]
    assert answer.headers["content-security-policy"] == CSP
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert "server" not in answer.headers
    if not path.startswith("/static/"):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize(("path", "status"), [("/broken", 500), ("/away", 503)])
def test_an_unforeseen_fault_is_told_without_its_words(
    all_places: httpx.Client, path: str, status: int, lang: Lang
) -> None:
    for accept in ("text/html", "application/json"):
        answer = all_places.get(path, headers={"accept": accept, "accept-language": lang.value})
        assert answer.status_code == status
        assert "taro@" not in answer.text
        assert "LookupError" not in answer.text
        assert answer.headers["x-request-id"] not in ("", "-")


@pytest.mark.parametrize("lang", list(Lang))
def test_a_page_tells_a_refused_action_by_its_name_and_nothing_twice(lang: Lang) -> None:
    refused = problem_of(ActionForbiddenError(action="hold:read"), lang, reference="-")
    assert action_label(Action.HOLD_READ, lang) in refused.happened
    assert "hold:read" in refused.happened
    assert refused.unchanged == ""
    bare = problem_of_status(404, lang, reference="-")
    assert bare.unchanged


@pytest.mark.parametrize(
    ("lang", "words"), [("ja", "見つかりません"), ("en", "not")], ids=["ja", "en"]
)
def test_an_unknown_address_is_told_in_words(anybody: httpx.Client, lang: str, words: str) -> None:
    page = anybody.get("/nowhere", headers=BROWSER | {"accept-language": lang})
    problem = anybody.get("/nowhere", headers={"accept-language": lang})
    assert page.status_code == problem.status_code == 404
    assert f'lang="{lang}"' in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    assert set(problem.json()) == {"type", "title", "status", "detail", "code"}
    assert problem.json()["code"] == "not_found"
    assert problem.json()["detail"]


def test_a_body_larger_than_any_form_is_refused_with_and_without_its_length(
    anybody: httpx.Client,
) -> None:
    told = anybody.post("/sign-in", content=b"code=" + b"x" * MAX_BODY)
    assert told.status_code == 413
    assert told.json()["code"] == "body_too_large"

    def parts() -> Iterator[bytes]:
        for _ in range(12):
            yield b"x" * 1024 * 1024

    form = {"content-type": "application/x-www-form-urlencoded"}
    silent = anybody.post("/sign-in", content=parts(), headers=form)
    assert silent.status_code in (400, 413)


def test_health_says_nothing_of_anybody(anybody: httpx.Client) -> None:
    assert anybody.get("/healthz").json() == {"status": "ok"}


def test_figures_count_and_name_nobody(town: Town, anybody: httpx.Client) -> None:
    body = anybody.get("/metrics").text
    assert "sekisho_persons 2.0" in body
    assert "sekisho_audit_events" in body
    assert town.first not in body


def test_ready_says_how_far_the_log_is(anybody: httpx.Client) -> None:
    answer = anybody.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"


def test_not_ready_without_a_policy(town: Town) -> None:
    bare = replace(town.wiring, policies=PolicyHolder(NO_POLICY))
    with served(create_app(bare)) as base:
        answer = httpx.get(f"{base}/readyz")
    assert answer.status_code == 503
    assert answer.json()["code"] == "policy_unavailable"


@pytest.mark.parametrize("part", ["database", "keys"])
def test_not_ready_when_a_part_does_not_answer(tmp_path: Path, part: str) -> None:
    wiring = create(tmp_path)
    store = wiring.database if part == "database" else wiring.keys
    with store.writer_engine.begin() as tx:
        names = list(
            tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        )
        for name in names:
            tx.execute(text(f'ALTER TABLE "{name}" RENAME TO "gone_{name}"'))
    with served(create_app(wiring)) as base:
        answer = httpx.get(f"{base}/readyz")
    wiring.close()
    assert answer.status_code == 503
    assert answer.json()["detail"]


def test_https_is_demanded_for_good_where_the_origin_is_https(town: Town) -> None:
    settings = town.wiring.settings.model_copy(update={"origin": "https://privacy.example.com"})
    with served(create_app(replace(town.wiring, settings=settings))) as base:
        answer = httpx.get(base)
    assert "max-age=" in answer.headers["strict-transport-security"]
