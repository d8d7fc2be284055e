"""When the state may answer, what threads see of it, and how a new policy takes its place."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from consent.checks import check, check_many, check_many_now, check_now
from consent.choices import Choice
from consent.gates import UseRequest
from consent.service import choose
from consent.state.live import NoLease
from consent.types import ChangeClass, EventKind
from governance.app.bench.deciding import reloading
from governance.app.bench.deciding.crowds import installation
from governance.app.bench.deciding.reloading import Storm
from governance.app.wiring import Wiring
from governance.core.ids import new_subject_id
from governance.core.terms import Law, SubjectId
from governance.customers.subjects import SubjectState
from policies.purposes import Basis
from policies.reasons import ReasonCode
from tests.consent.state.town import Held, town
from tests.installation import AT, OFFICER, add_person, system

SENDER = system("mail_sender", "mail_marketing", "order_fulfilment")
OFFERS = "mail_marketing"
APPI = frozenset({Law.APPI})


def say(wiring: Wiring, subject: SubjectId, kind: EventKind) -> int:
    return choose(wiring.ports, OFFICER, Choice(subject=subject, purpose=OFFERS, kind=kind), at=AT)


def use(subject: SubjectId, **more: object) -> UseRequest:
    plain: dict[str, object] = {"subject": subject, "purpose": OFFERS, "channel": "email"}
    return UseRequest(**(plain | more))  # type: ignore[arg-type] # named parts of a request


@pytest.fixture
def asked(on_sqlite: Wiring) -> tuple[Wiring, SubjectId]:
    """An installation whose state is exact, a person who said yes, and a recorder that runs."""
    person = add_person(on_sqlite)
    say(on_sqlite, person, EventKind.GIVEN)
    on_sqlite.live.freshness = Held()
    on_sqlite.live.follow(at=AT)
    check(on_sqlite.ports, SENDER, use(person), at=AT)  # the recorder's thread begins
    return on_sqlite, person


def test_memory_and_database_give_the_same_answer(asked: tuple[Wiring, SubjectId]) -> None:
    wiring, person = asked
    quick = check_now(wiring.ports, wiring.live, SENDER, use(person), at=AT)
    slow = check(wiring.ports, SENDER, use(person), at=AT)
    assert quick is not None
    assert replace(quick, decision_id=slow.decision_id) == slow


def test_without_a_lease_memory_answers_nothing(asked: tuple[Wiring, SubjectId]) -> None:
    wiring, person = asked
    wiring.live.freshness = NoLease()
    assert check_now(wiring.ports, wiring.live, SENDER, use(person), at=AT) is None
    assert check_many_now(wiring.ports, wiring.live, SENDER, [use(person)], at=AT) is None
    (answer,) = check_many(wiring.ports, wiring.live, SENDER, [use(person)], at=AT)
    assert answer, "the database does"


def test_a_permit_ends_with_the_lease(asked: tuple[Wiring, SubjectId]) -> None:
    wiring, person = asked

    class Short(Held):
        def holds_until(self) -> float | None:
            return (super().holds_until() or 0.0) - 59.5

    wiring.live.freshness = Short()
    answer = check_now(wiring.ports, wiring.live, SENDER, use(person), at=AT)
    assert answer is not None
    assert answer.valid_until is not None
    assert answer.valid_until < AT + timedelta(seconds=1)


def test_a_later_number_than_memory_has_is_asked_of_the_database(
    asked: tuple[Wiring, SubjectId],
) -> None:
    wiring, person = asked
    seq = say(wiring, person, EventKind.WITHDRAWN)
    late = use(person, min_seq=seq)
    assert check_now(wiring.ports, wiring.live, SENDER, late, at=AT) is None
    assert check(wiring.ports, SENDER, late, at=AT).exact is ReasonCode.SUBJECT_WITHDRAWN
    wiring.live.follow(at=AT)
    assert check_now(wiring.ports, wiring.live, SENDER, use(person), at=AT) is None, "which reason"
    slow = check(wiring.ports, SENDER, use(person), at=AT, live=wiring.live)
    quick = check_now(wiring.ports, wiring.live, SENDER, use(person), at=AT)
    assert quick is not None, "the reason is remembered"
    assert quick.exact is slow.exact is ReasonCode.SUBJECT_WITHDRAWN
    say(wiring, person, EventKind.GIVEN)
    wiring.live.follow(at=AT)
    again = check_now(wiring.ports, wiring.live, SENDER, use(person), at=AT)
    assert again, "and forgotten with the next choice"


def test_a_batch_ends_where_its_semantics_say(asked: tuple[Wiring, SubjectId]) -> None:
    wiring, person = asked
    whole = [use(person), use(new_subject_id()), use(person)]
    for stop, many in ((None, 3), (False, 2), (True, 1)):
        for ask in (check_many, check_many_now):
            found = ask(wiring.ports, wiring.live, SENDER, whole, at=AT, stop=stop)
            assert found is not None
            assert [bool(one) for one in found] == [True, False, True][:many]
    wiring.ports.decisions.settle()


def test_an_unknown_law_is_every_law_for_many_persons_too() -> None:
    with town() as place:
        place.publishes(ChangeClass.FIRST)
        name = place.comes(frozenset(), 40)
        place.says(0, OFFERS, EventKind.GIVEN, notice_version="1.0")
        place.live.follow(at=place.at)
        (found,) = place.by_database([(name, (OFFERS, "email", "internal"))])
        assert found.code is ReasonCode.PERMIT


def test_a_moment_that_memory_does_not_cover_is_the_databases() -> None:
    with town() as place:
        place.publishes(ChangeClass.FIRST)
        name = place.comes(APPI, 40)
        place.says(
            0, OFFERS, EventKind.GIVEN, notice_version="1.0",
            valid_until=place.at + timedelta(minutes=5),
        )  # fmt: skip
        place.live.follow(at=place.at)
        state = place.live.current
        assert state is not None
        assert state.decide(name, OFFERS, channel="email", at=place.at)
        assert state.ends_at(0) == state.next_at == place.at + timedelta(minutes=5)
        place.passes(timedelta(minutes=5))
        assert place.live.exact(place.at) is None, "equal instant is over"
        advance = place.live.follow(at=place.at)
        assert advance.changed == (name,)
        assert place.live.exact(place.at) is state
        assert not state.decide(name, OFFERS, channel="email", at=place.at)
        assert state.decide(name, OFFERS, channel="email", at=place.at - timedelta(hours=1)) is None


def test_readers_never_see_a_number_before_its_bits() -> None:
    with town() as place:
        place.publishes(ChangeClass.FIRST)
        name = place.comes(APPI, 40)
        place.says(0, OFFERS, EventKind.GIVEN, notice_version="1.0")
        place.live.follow(at=place.at)
        withdrawn: dict[int, bool] = {}  # number of the sequence -> whether it is a withdrawal
        wrong: list[int] = []
        ended = threading.Event()

        def look() -> None:
            state = place.live.current
            assert state is not None
            while not ended.is_set():
                seq = state.seq
                permitted = bool(state.decide(name, OFFERS, channel="email", at=place.at))
                if permitted and state.seq == seq and withdrawn.get(seq):
                    wrong.append(seq)

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for n in range(40):
            kind = EventKind.GIVEN if n % 2 else EventKind.WITHDRAWN
            place.says(0, OFFERS, kind, notice_version="1.0")
            withdrawn[place.world.events[-1].seq] = kind is EventKind.WITHDRAWN
            place.live.follow(at=place.at)
        ended.set()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_another_policy_has_a_state_of_its_own() -> None:
    with town() as place:
        place.publishes(ChangeClass.FIRST)
        name = place.comes(APPI, 40)
        place.live.follow(at=place.at)
        question = (OFFERS, "email", "internal")
        assert place.by_memory(name, question) is None
        before = place.policies.current
        free = replace(
            before.purposes[next(p for p in before.purposes if p == OFFERS)],
            basis=MappingProxyType({Law.APPI: Basis.WITHIN_PURPOSE}),
        )
        changed = replace(
            before, version="next", purposes=MappingProxyType({**before.purposes, free.id: free})
        )
        place.policies.swap(changed)
        assert place.live.exact(place.at) is None, "the old cells say nothing of the new policy"
        place.live.follow(at=place.at)
        found = place.by_memory(name, question)
        assert found is not None
        assert found.code is ReasonCode.PERMIT


def test_a_policy_is_exchanged_under_checks_without_a_wrong_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reloading, "THREADS", 2)
    with installation(20) as place:
        place.wiring.live.freshness = Held()
        storm = Storm(place)
        storm.run(swaps=12)
    assert storm.asked > 0
    assert (storm.wrong, storm.errors) == (0, 0)


def test_a_person_who_comes_later_has_a_place() -> None:
    with town() as place:
        place.live.follow(at=place.at)
        names = [place.comes(APPI, 40) for _ in range(3)]
        advance = place.live.follow(at=place.at)
        assert set(advance.changed) == set(names)
        state = place.live.current
        assert state is not None
        assert sorted(state.ordinal(name) or 0 for name in names) == [0, 1, 2]
        assert state.decide(SubjectId("nobody"), OFFERS, at=place.at).code is (  # type: ignore[union-attr] # an unknown person has an answer
            ReasonCode.SUBJECT_UNKNOWN
        )


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_every_kind_of_change_is_followed(new_database: Callable[..., str], engine: str) -> None:
    url = new_database("upgraded") if engine == "postgres" else None
    with town(url) as place:
        place.publishes(ChangeClass.FIRST)
        first, second = place.comes(APPI, 40), place.comes(APPI, 40)
        place.live.follow(at=place.at)

        def changed() -> set[SubjectId] | None:
            advance = place.live.follow(at=place.at)
            return None if advance.everyone else set(advance.changed)

        question = (OFFERS, "email", "internal")
        for n in (0, 1):
            place.says(n, OFFERS, EventKind.GIVEN, notice_version="1.0")
        assert changed() == {first, second}
        assert place.by_memory(first, question)
        place.becomes(0, SubjectState.RESTRICTED)
        assert changed() == {first}
        assert not place.by_memory(first, question)
        place.merge(0, 1)
        assert changed() == {first, second}
        assert not place.by_memory(second, question), "one person now, and restricted"
        place.undo(0)
        assert changed() == {first, second}
        assert place.by_memory(second, question)
        place.publishes(ChangeClass.MATERIAL)
        assert changed() is None
        assert not place.by_memory(second, question)
        assert changed() == set()
