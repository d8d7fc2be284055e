"""Use cases of training: take a test, put an attendance down, see who is missing, remind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import ActorId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from governance.identity.accounts import AccountUnknownError
from governance.identity.rules import training_lapsed
from governance.identity.store import all_staff, staff_by_id
from governance.identity.training import store
from governance.identity.training.rules import scored, standing, trained_until
from governance.identity.training.types import Course, Result, Standing, Way
from governance.identity.types import AccountState, Limits, Staff
from policies.actions import PERSONAL, Action
from policies.api import ensure
from policies.duties import granted
from policies.snapshot import PolicySnapshot

Courses = Mapping[str, Course]


class CourseUnknownError(NotFoundError):
    """There is no such course."""

    code = "course_unknown"


class OwnAttendanceError(ForbiddenError):
    """Nobody puts down the own attendance; the test is for everybody."""

    code = "own_attendance"


class AnswersMissingError(GovernanceError):
    """Not every question was answered (`count` are missing); the try was not counted."""

    code, status = "answers_missing", 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How one employee stands."""

    staff: Staff
    needed: bool  # a role of theirs opens personal data
    until: datetime | None
    lapsed: bool
    standings: tuple[Standing, ...]

    @property
    def missing(self) -> bool:
        """Whether a training that is needed does not hold."""
        return self.needed and self.lapsed


def own(
    tx: Connection, courses: Courses, principal: Principal
) -> tuple[tuple[Standing, ...], tuple[Result, ...]]:
    """How the reader stands with each course, and every try."""
    results = store.results_of(tx, principal.id)
    return tuple(standing(one, results) for one in courses.values()), results


def take_test(
    tx: Connection,
    ports: Ports,
    courses: Courses,
    principal: Principal,
    course: str,
    answers: Mapping[int, int],
    *,
    at: datetime,
) -> Result:
    """The try stands, passed or not; a pass opens what had lapsed from the next request on."""
    ensure(principal, Action.TRAINING_READ, ports.policies.current)
    found = _course(courses, course)
    missing = len(found.questions) - len(answers.keys() & set(range(len(found.questions))))
    if missing:
        raise AnswersMissingError(count=missing)
    right, passed = scored(found, answers)
    result = Result(
        id=new_row_id(),
        staff=principal.id,
        course=found.id,
        version=found.version,
        way=Way.TEST,
        at=at,
        right=right,
        of=len(found.questions),
        passed=passed,
        recorded_by=principal.id,
    )
    _put(tx, ports, courses, principal, result, at=at)
    return result


def record_attendance(
    tx: Connection,
    ports: Ports,
    courses: Courses,
    principal: Principal,
    login: str,
    course: str,
    *,
    at: datetime,
) -> Result:
    """The employee attended a session of this course; put down by another person."""
    ensure(principal, Action.TRAINING_WRITE, ports.policies.current)
    found = _course(courses, course)
    staff = staff_by_id(tx, ActorId(f"u:{login}"))
    if staff is None:
        raise AccountUnknownError
    if staff.id == principal.id:
        raise OwnAttendanceError
    result = Result(
        id=new_row_id(),
        staff=staff.id,
        course=found.id,
        version=found.version,
        way=Way.ATTENDANCE,
        at=at,
        right=0,
        of=0,
        passed=True,
        recorded_by=principal.id,
    )
    _put(tx, ports, courses, principal, result, at=at)
    return result


def _course(courses: Courses, name: str) -> Course:
    if name not in courses:
        raise CourseUnknownError
    return courses[name]


def _put(
    tx: Connection,
    ports: Ports,
    courses: Courses,
    principal: Principal,
    result: Result,
    *,
    at: datetime,
) -> None:
    store.add_result(tx, result)
    results = store.results_of(tx, result.staff)
    store.note_until(tx, result.staff, trained_until(courses.values(), results))
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.TRAINING_COMPLETED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="principal",
            object_id=result.staff,
            outcome=Outcome.DONE if result.passed else Outcome.FAILED,
            reasons=(f"course.{result.course}", f"way.{result.way.value}"),
            counts=(("version", result.version), ("right", result.right), ("of", result.of)),
        ),
    )


def register(
    tx: Connection,
    ports: Ports,
    courses: Courses,
    principal: Principal,
    limits: Limits,
    *,
    at: datetime,
) -> tuple[Line, ...]:
    """How everybody who may act stands, those whom something is missing from first."""
    ensure(principal, Action.TRAINING_WRITE, ports.policies.current)
    return lines(tx, ports.policies.current, courses, limits, at=at)


def lines(
    tx: Connection, policy: PolicySnapshot, courses: Courses, limits: Limits, *, at: datetime
) -> tuple[Line, ...]:
    """The same, for whoever was let in already (the report, the clock)."""
    done = store.all_results(tx)
    found = [
        _line(staff, done.get(staff.id, ()), policy, courses, limits, at=at)
        for staff in all_staff(tx)
        if staff.state is not AccountState.ENDED
    ]
    return tuple(sorted(found, key=lambda one: (not one.missing, not one.needed, one.staff.login)))


def _line(
    staff: Staff,
    results: tuple[Result, ...],
    policy: PolicySnapshot,
    courses: Courses,
    limits: Limits,
    *,
    at: datetime,
) -> Line:
    needed = any(
        granted(policy.roles, role) & PERSONAL for role in staff.roles if role in policy.roles
    )
    until = trained_until(courses.values(), results)
    demanded = training_lapsed(staff, at=at, limits=limits)
    return Line(
        staff=staff,
        needed=needed,
        until=until,
        lapsed=demanded if limits.training is not None else until is None or at >= until,
        standings=tuple(standing(one, results) for one in courses.values()),
    )


def settle(tx: Connection, courses: Courses) -> int:
    """How many accounts stand otherwise than was known: a course came, ended or was renewed."""
    done, changed = store.all_results(tx), 0
    for staff in all_staff(tx):
        until = trained_until(courses.values(), done.get(staff.id, ()))
        if until != staff.trained_until:
            store.note_until(tx, staff.id, until)
            changed += 1
    return changed
