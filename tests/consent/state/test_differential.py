"""The state in memory against the reference model and the database, whatever happens in a town.

Choices, facts, laws, notices, merges and time come in any order; after each the state is advanced
and every use of every person is asked. A permit must be a permit in all three; a reason that
memory tells must be the right one; the database tells every reason.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.types import ChangeClass, EventKind, EvidenceGrade
from governance.core.terms import Law
from governance.customers.subjects import SubjectState
from tests.consent.state.town import PURPOSES, USES, Town, town

SOAK = int(os.environ.get("SEKISHO_SOAK", "0"))
EXAMPLES = SOAK // 10 or 8  # about 1,700 decisions each
WALK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PERSONS = 4
who = st.integers(0, PERSONS - 1)
channels = st.sampled_from(["*", "*", "app", "email"])
kinds = st.sampled_from([*EventKind, *[EventKind.GIVEN] * 8, *[EventKind.WITHDRAWN] * 2])
says = st.tuples(
    st.just("says"),
    who,
    st.sampled_from([*PURPOSES, "*"]),
    kinds,
    st.fixed_dictionaries(
        {
            "channel": channels,
            "recipient_class": st.sampled_from(["*", "*", "internal", "third_party"]),
            "notice_version": st.sampled_from(["1.0", "1.0", "1.0", "2.0", None]),
            "evidence": st.sampled_from([*[EvidenceGrade.ACTIVE] * 6, *EvidenceGrade]),
            "guardian": st.booleans(),
            "minor": st.sampled_from([False, False, False, False, True]),
            "import_run": st.sampled_from([None, None, None, "a", "b"]),
        }
    ),
    st.sampled_from([None, None, timedelta(minutes=1), timedelta(days=40)]),
    st.sampled_from([timedelta(0), timedelta(0), timedelta(days=300)]),
)
states = st.tuples(
    st.just("becomes"),
    who,
    st.sampled_from(
        [
            (SubjectState.ACTIVE, None),
            (SubjectState.RESTRICTED, None),
            (SubjectState.ERASED, "tax"),
            (SubjectState.ERASED, None),
        ]
    ),
)
learns = st.tuples(
    st.just("learns"),
    who,
    st.sampled_from(["age", "guardian_verified", "last_active_on", "grown_on"]),
    st.sampled_from([10, 17, 40, None]),
    st.booleans(),
    st.integers(-400, 0),
)
laws = st.tuples(
    st.just("under"),
    who,
    st.sampled_from([Law.APPI, Law.GDPR]),
    st.integers(-2, 20),
    st.sampled_from([None, 1, 30]),
)
times = st.tuples(
    st.just("passes"),
    st.sampled_from(
        [
            timedelta(seconds=1),
            timedelta(minutes=1),
            timedelta(hours=21),
            timedelta(days=1),
            timedelta(days=31),
            timedelta(days=200),
        ]
    ),
)
acts = st.one_of(
    says,
    says,
    says,
    says,
    states,
    learns,
    laws,
    times,
    times,
    st.tuples(st.just("merge"), who, who),
    st.tuples(st.just("undo"), who),
    st.tuples(st.just("publishes"), st.sampled_from([*ChangeClass][1:])),
)


def _says(place: Town, n: int, purpose: str, kind: EventKind, *rest: Any) -> None:
    more, ends, ago = rest
    until = None if ends is None else place.at + ends
    place.says(n, purpose, kind, **more, occurred_at=place.at - ago, valid_until=until)


def _learns(place: Town, n: int, fact: str, *told: Any) -> None:
    age, verified, days = told
    value = {"age": age, "guardian_verified": verified}
    day = (place.at + timedelta(days=days)).date()
    place.learns(n, **{fact: value.get(fact, day)})


def _under(place: Town, n: int, law: Law, first: int, length: int | None) -> None:
    begins = (place.at + timedelta(days=first)).date()
    place.under(n, law, begins, length and begins + timedelta(days=length))


ACTS: dict[str, Callable[..., None]] = {
    "says": _says,
    "becomes": lambda place, n, state: place.becomes(n, *state),
    "learns": _learns,
    "under": _under,
    "passes": Town.passes,
    "merge": Town.merge,
    "undo": Town.undo,
    "publishes": Town.publishes,
}


def agree(place: Town, *, codes: bool) -> int:
    """How many decisions were compared; they are the same."""
    asked = [(name, use) for name in place.names for use in USES]
    expected = [place.world.check(name, *use, place.at) for name, use in asked]
    for (name, use), right in zip(asked, expected, strict=True):
        found = place.by_memory(name, use)
        if found is None:
            outside = use[2] != "internal"  # the register is asked, so the database decides
            assert outside or right.code != "permit", (use, right)
            continue
        assert found.code.value == right.code, (use, right, found.code)
        if found.ends is not None:
            assert right.until is None or found.ends <= right.until
        elif right.until is not None and found:
            assert right.until - place.at > timedelta(hours=1)
    if codes:
        inside = [(one, right) for one, right in zip(asked, expected, strict=True)]
        inside = [(one, right) for one, right in inside if one[1][2] == "internal"]
        for (one, right), told in zip(
            inside, place.by_database([one for one, _ in inside]), strict=True
        ):
            assert told.code.value == right.code, (one, right, told.code)
    return len(asked)


@WALK
@given(
    st.lists(
        st.tuples(
            st.frozensets(st.sampled_from([Law.APPI, Law.GDPR])), st.sampled_from([40, 40, 10])
        ),
        min_size=PERSONS,
        max_size=PERSONS,
    ),
    st.lists(acts, min_size=6, max_size=20),
)
def test_memory_database_and_model_decide_alike(people: list[Any], life: list[Any]) -> None:
    with town() as place:
        place.publishes(ChangeClass.FIRST)
        for n, (laws, age) in enumerate(people):
            place.comes(laws, age)
            for purpose in PURPOSES:
                place.says(n, purpose, EventKind.GIVEN, notice_version="1.0", guardian=n == 0)
        place.live.follow(at=place.at)
        for n, act in enumerate(life):
            ACTS[act[0]](place, *act[1:])
            state = place.live.current
            assert state is not None
            before = state.bits(0)
            advance = place.live.follow(at=place.at)
            assert advance.seq == state.seq
            assert before == state.bits(0) or advance.everyone or advance.changed
            agree(place, codes=n == len(life) - 1)
        fresh = place.live.current
        assert fresh is not None
        with place.database.read() as tx:
            again = type(fresh).load(tx, place.policies.current, at=place.at)
        for name in place.names:
            n, m = fresh.ordinal(name), again.ordinal(name)
            assert n is not None
            assert m is not None
            assert fresh.bits(n) == again.bits(m), "following is the same as loading anew"
