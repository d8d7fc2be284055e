"""The third gate of many persons at once says what it says of each, merged or not."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import update

from consent.many import subject_gates
from consent.persons import marks_of
from consent.service import subject_gate
from consent.types import EventKind
from governance.core.ids import new_subject_id
from governance.core.terms import SubjectId
from governance.customers.store import SUBJECT, set_state
from governance.customers.subjects import SubjectState
from governance.gateway.reading import mark_of
from policies.reasons import ReasonCode
from tests.governance.gateway.merging.couple import Couple

PURPOSES = ("mail_marketing", "order_support", "dsar_fulfilment", "data_quality")


def same(couple: Couple, who: Sequence[SubjectId]) -> None:
    """Both ways agree for every purpose, on the decision and on what it rests on."""
    policy, at = couple.town.ports.policies.current, couple.town.now
    with couple.town.ports.database.read() as tx:
        marks = {one: mark_of(tx, one, at=at) for one in who}
        assert marks_of(tx, who, at=at) == marks
        for name in PURPOSES:
            purpose = policy.purpose(name)
            assert purpose is not None
            found = subject_gates(tx, who, purpose, at=at)
            assert found == {
                one: (mark, subject_gate(tx, one, purpose, channel=None, recipient=None, at=at))
                for one, mark in marks.items()
            }


@pytest.mark.parametrize("kind", [EventKind.GIVEN, EventKind.WITHDRAWN, EventKind.RESTRICTED])
def test_many_gates_agree_with_each_before_and_after_a_merge(couple: Couple, kind: Any) -> None:
    who = (couple.older, couple.newer, SubjectId(new_subject_id()))
    same(couple, who)
    couple.choose(couple.newer, kind)
    same(couple, who)
    done = couple.merge()
    same(couple, who)
    couple.unmerge(done)
    same(couple, who)


@pytest.mark.parametrize("state", list(SubjectState))
def test_many_gates_agree_in_every_state(couple: Couple, state: SubjectState) -> None:
    change = update(SUBJECT).where(SUBJECT.c.id == couple.older).values(state=state.value)
    couple.town.ports.database.write(lambda tx: tx.execute(change))
    same(couple, (couple.older, couple.newer))
    same(couple, ())


@pytest.mark.parametrize("state", [SubjectState.ERASING, SubjectState.ERASED])
def test_who_is_unknown_or_erased_is_refused_with_the_reason_and_has_no_mark(
    couple: Couple, state: SubjectState
) -> None:
    nobody, gone, kept = SubjectId(new_subject_id()), couple.older, couple.newer
    database, at = couple.town.ports.database, couple.town.now
    couple.choose(gone, EventKind.GIVEN)
    database.write(lambda tx: set_state(tx, gone, state))
    database.write(lambda tx: set_state(tx, kept, state, kept_by_law="RET-X"))
    purpose = couple.town.ports.policies.current.purpose("mail_marketing")
    assert purpose is not None
    with database.read() as tx:
        found = subject_gates(tx, (nobody, gone, kept), purpose, at=at)
    assert not any(gate.said for gate in found.values())
    assert found[nobody] == found[gone]
    assert (found[gone].mark, found[gone].said.code) == (None, ReasonCode.SUBJECT_UNKNOWN)
    assert found[kept].mark is not None
