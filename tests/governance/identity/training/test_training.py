"""Training is the condition of roles that open personal data, and lapses by itself (APPI 24)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from governance.app.staff import add_staff
from governance.app.staff_findings import training_finding
from governance.app.staff_jobs import training_step
from governance.app.wiring import Wiring
from governance.core.terms import ActorId, Lang
from governance.customers.post import BLOB
from governance.db.types import table_of
from governance.http.principal import Principal, PrincipalKind
from governance.identity import service
from governance.identity.accounts import set_staff_mail
from governance.identity.credentials.terms import limits_of
from governance.identity.training import service as training
from governance.identity.training.reading import TrainingFileError, course_of, courses
from governance.identity.training.rules import months_later, scored, standing, trained_until
from governance.identity.training.types import Course, Result, Way
from governance.identity.types import Limits
from governance.jobs.models import OutboxRow
from governance.reports.rendering import ReportFormat, shape
from governance.reports.service import ground_of, make
from governance.reports.types import Period, ReportId
from policies.actions import PERSONAL, Action
from policies.actors import decide_actor, roles_of
from policies.api import TrainingDueError, ensure
from policies.reasons import ReasonCode
from tests.installation import AT, create, staff

BASICS = courses(None)["basics"]
RIGHT = {n: one.right for n, one in enumerate(BASICS.questions)}
GRACE = timedelta(days=30)
OFFICER = staff("privacy_officer", name="keeper")
OPERATOR = staff("it_operator", name="operator9")
OUTBOX = table_of(OutboxRow)


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("training"))
    settings = made.settings.model_copy(update={"training_required": True})
    yield replace(made, settings=settings)
    made.close()


@pytest.fixture
def limits(wiring: Wiring) -> Limits:
    return replace(limits_of(wiring.settings), idle=None)


def hired(wiring: Wiring, login: str, role: str) -> str:
    """The secret of a session that lasts a long time."""
    hire = partial(add_staff, wiring=wiring, login=login, display_name="架空", roles=[role], at=AT)
    wiring.database.write(hire)
    _, secret = wiring.database.write(
        partial(
            service.open_session,
            actor=ActorId(f"u:{login}"),
            kind=PrincipalKind.STAFF,
            lasting=timedelta(days=3000),
            at=AT,
        )
    )
    return secret


def who(wiring: Wiring, secret: str, limits: Limits, *, at: datetime) -> Principal:
    with wiring.database.read() as tx:
        found, _ = service.principal_by_session(tx, secret, at=at, lang=Lang.JA, limits=limits)
    return found


def take(wiring: Wiring, principal: Principal, answers: dict[int, int], *, at: datetime) -> Result:
    def write(tx: Connection) -> Result:
        held = courses(None)
        return training.take_test(tx, wiring.ports, held, principal, "basics", answers, at=at)

    return wiring.database.write(write)


def result(at: datetime, *, passed: bool = True, version: int = 1) -> Result:
    return Result(
        id="r",
        staff=ActorId("u:x"),
        course="basics",
        version=version,
        way=Way.TEST,
        at=at,
        right=6,
        of=6,
        passed=passed,
        recorded_by=ActorId("u:x"),
    )


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        ("2026-01-31", 1, "2026-03-01"),
        ("2026-10-01", 12, "2027-10-02"),
        ("2024-02-29", 12, "2025-03-01"),
    ],
)
def test_a_training_holds_to_the_end_of_its_day_in_japan(day: str, months: int, end: str) -> None:
    at = datetime.fromisoformat(f"{day}T03:00:00+00:00")
    assert months_later(at, months) == datetime.fromisoformat(f"{end}T00:00:00+09:00")


@given(st.integers(0, 36_000), st.integers(1, 36))
def test_the_end_lies_about_so_many_months_ahead(hours: int, months: int) -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours * 24 + hours % 24)
    days = (months_later(at, months) - at).days
    assert months * 28 <= days <= months * 31 + 1


def test_a_failed_try_and_an_old_version_give_nothing() -> None:
    strict = replace(BASICS, version=2, least_version=2)
    assert standing(BASICS, [result(AT, passed=False)]).until is None
    assert standing(strict, [result(AT)]).until is None
    assert standing(strict, [result(AT, version=2)]).until == months_later(AT, 12)
    other = replace(BASICS, id="other")
    assert trained_until([BASICS, other], [result(AT)]) is None
    assert trained_until([BASICS], [result(AT)]) == months_later(AT, 12)


@given(st.dictionaries(st.integers(0, 5), st.integers(-1, 9)))
def test_a_score_counts_right_answers_alone(answers: dict[int, int]) -> None:
    right, passed = scored(BASICS, answers)
    assert right == sum(answers.get(n) == one for n, one in RIGHT.items())
    assert passed == (right >= 5)


def test_a_role_that_opens_personal_data_lapses_and_a_pass_gives_it_back(
    wiring: Wiring, limits: Limits
) -> None:
    secret = hired(wiring, "hanako", "privacy_officer")
    policy = wiring.policies.current
    in_grace = who(wiring, secret, limits, at=AT + GRACE - timedelta(seconds=1))
    assert ensure(in_grace, Action.PERSON_READ, policy) is in_grace
    late = AT + GRACE
    lapsed = who(wiring, secret, limits, at=late)
    for action in PERSONAL:
        with pytest.raises(TrainingDueError):
            ensure(lapsed, action, policy)
    purpose = next(iter(policy.purposes))
    decision = decide_actor(lapsed, policy, field="person.email", action="read", purpose=purpose)
    assert decision.code is ReasonCode.ACTOR_TRAINING_DUE
    assert roles_of(lapsed, policy) == {"staff"}
    for allowed in (Action.CONSOLE_OPEN, Action.TRAINING_READ):
        ensure(lapsed, allowed, policy)

    with pytest.raises(training.AnswersMissingError):
        take(wiring, lapsed, {0: 0}, at=late)
    assert not take(wiring, lapsed, dict.fromkeys(RIGHT, 9), at=late).passed
    assert who(wiring, secret, limits, at=late).untrained
    assert take(wiring, lapsed, RIGHT, at=late).passed
    again = who(wiring, secret, limits, at=late)
    ensure(again, Action.PERSON_READ, policy)
    end = months_later(late, BASICS.valid_months) + GRACE
    assert not who(wiring, secret, limits, at=end - timedelta(seconds=1)).untrained
    assert who(wiring, secret, limits, at=end).untrained


def test_roles_without_personal_data_stay(wiring: Wiring, limits: Limits) -> None:
    secret = hired(wiring, "operator", "it_operator")
    late = who(wiring, secret, limits, at=AT + GRACE)
    assert late.untrained
    ensure(late, Action.KEY_READ, wiring.policies.current)


def test_where_no_training_is_demanded_nothing_lapses(wiring: Wiring) -> None:
    secret = hired(wiring, "jiro", "support")
    free = Limits()
    assert not who(wiring, secret, free, at=AT + timedelta(days=2000)).untrained


def test_an_attendance_is_put_down_by_another(wiring: Wiring, limits: Limits) -> None:
    secret = hired(wiring, "saburo", "support")
    put = partial(training.record_attendance, ports=wiring.ports, courses=courses(None), at=AT)
    own = replace(OFFICER, id=ActorId("u:saburo"))
    with pytest.raises(training.OwnAttendanceError):
        wiring.database.write(partial(put, principal=own, login="saburo", course="basics"))
    with pytest.raises(training.CourseUnknownError):
        wiring.database.write(partial(put, principal=OFFICER, login="saburo", course="x"))
    wiring.database.write(partial(put, principal=OFFICER, login="saburo", course="basics"))
    assert not who(wiring, secret, limits, at=AT + GRACE).untrained


def test_the_register_names_who_is_missing_and_the_clock_reminds_once_a_week(
    wiring: Wiring, limits: Limits
) -> None:
    hired(wiring, "shiro", "support")
    late = AT + GRACE
    mail = partial(set_staff_mail, ports=wiring.ports, principal=OPERATOR, login="shiro")
    wiring.database.write(partial(mail, address="shiro@example.com", at=AT))
    look = partial(training.register, ports=wiring.ports, courses=courses(None))
    with wiring.database.read() as tx:
        lines = look(tx, principal=OFFICER, limits=limits, at=late)
    assert "shiro" in {one.staff.login for one in lines if one.missing}
    assert not {one.staff.login for one in lines if one.missing} & {"operator", "saburo"}

    def count(tx: Connection) -> int:
        return len(
            tx.execute(OUTBOX.select().where(OUTBOX.c.idem_key.like("training/shiro/%"))).all()
        )

    step = partial(training_step, wiring, cursor=None, limit=1)
    for at in (late, late + timedelta(hours=1)):
        wiring.database.write(lambda tx, at=at: step(tx, at=at))  # type: ignore[misc] # bound now
    with wiring.database.read() as tx:
        assert count(tx) == 1
    wiring.database.write(lambda tx: step(tx, at=late + timedelta(days=7)))
    with wiring.database.read() as tx:
        assert count(tx) == 2


def test_reminders_speak_the_person_s_language_and_absentees_are_followed_up(
    wiring: Wiring,
) -> None:
    hired(wiring, "emma", "support")
    hired(wiring, "keeper2", "privacy_officer")
    mail = partial(set_staff_mail, ports=wiring.ports, principal=OPERATOR)
    for login, lang in (("emma", Lang.EN), ("keeper2", Lang.JA)):
        address = f"{login}@example.com"
        wiring.database.write(partial(mail, login=login, address=address, lang=lang, at=AT))
    late = AT + GRACE + timedelta(days=70)
    wiring.database.write(lambda tx: training_step(wiring, tx, cursor=None, limit=1, at=late))
    with wiring.database.read() as tx:
        rows = tx.execute(OUTBOX.select()).all()
    said = {row.idem_key.rpartition("/")[0]: row for row in rows}
    told = {
        key: wiring.vault.open_blob(BLOB, row.idem_key, row.payload).decode()
        for key, row in said.items()
        if key in ("training/emma", "training_absent/keeper2")
    }
    assert '"en"' in told["training/emma"]
    assert '"ja"' in told["training_absent/keeper2"]
    assert "emma" not in told["training_absent/keeper2"]  # who it is stands on the page alone
    found = training_finding(replace(wiring, clock=lambda: late), late, timedelta(days=1))
    assert found.state == "attention"
    assert int(found.params["count"]) > 0


def test_the_report_tells_the_register_and_names_the_missing(wiring: Wiring) -> None:
    hired(wiring, "goro", "support")
    auditor = staff("auditor", name="audit")
    period = Period(first=AT.date() - timedelta(days=10), last=AT.date())
    ground = ground_of(wiring)
    for lang in Lang:
        made, _ = make(ground, auditor, ReportId.R16, period, form=ReportFormat.JSON, lang=lang)
        told = json.dumps(shape(made), ensure_ascii=False)
        assert "goro" in told
        assert BASICS.title[lang] in told


GOOD = {
    "id": "own",
    "version": 1,
    "title": {"ja": "題", "en": "t"},
    "sections": [{"heading": {"ja": "a", "en": "a"}, "text": {"ja": "b", "en": "b"}}],
    "questions": [
        {
            "ask": {"ja": "a", "en": "a"},
            "answers": [{"ja": "a", "en": "a"}, {"ja": "b", "en": "b"}],
            "right": 1,
            "why": {"ja": "c", "en": "c"},
        }
    ],
}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Own Course"},
        {"version": 0},
        {"version": "1"},
        {"least_version": 2},
        {"pass_percent": 10},
        {"questions": []},
        {"questions": [{**GOOD["questions"][0], "right": 3}]},  # type: ignore[index] # of the literal
        {"title": {"ja": "題"}},
        {"title": {"ja": "題", "en": "x" * 6000}},
        {"more": 1},
    ],
)
def test_a_course_of_another_form_is_refused_whole(change: dict[str, object]) -> None:
    assert isinstance(course_of(json.dumps(GOOD).encode(), "own.yaml"), Course)
    with pytest.raises(TrainingFileError):
        course_of(json.dumps({**GOOD, **change}).encode(), "own.yaml")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[1]", b"a: [", b"!!python/object:os.system {}", b"x" * 1_000_001],
)
def test_what_is_no_course_is_refused(content: bytes) -> None:
    with pytest.raises(TrainingFileError):
        course_of(content, "own.yaml")


def test_a_folder_without_a_course_or_with_two_of_one_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingFileError):
        courses(tmp_path / "nothing")
    own = tmp_path / "own"
    own.mkdir()
    for name in ("a", "b"):
        (own / f"{name}.yaml").write_text(json.dumps(GOOD), encoding="utf-8")
    with pytest.raises(TrainingFileError):
        courses(own)
