"""Many readings at once say of each person what a reading alone says."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from consent.choices import Choice
from consent.service import choose
from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import ActorId, SubjectId
from governance.customers.store import set_state
from governance.customers.subjects import SubjectState
from governance.customers.upkeep import merges
from governance.customers.upkeep.merges import Merge, MergeState, Standing
from governance.gateway.crowd import LEAST
from governance.gateway.reading import Answer, read_many
from governance.gateway.types import ReadAnswer, ReadRequest
from tests.installation import (
    AT,
    OFFICER,
    customer,
    events,
    import_file,
    register,
    staff,
    write_file,
)
from tests.installation import subjects as persons_of

KINDS = (EventKind.GIVEN, EventKind.WITHDRAWN, EventKind.OBJECTED, EventKind.RESTRICTED)


def merge(survivor: SubjectId, absorbed: SubjectId) -> Merge:
    return Merge(
        id=new_row_id(),
        survivor=survivor,
        absorbed=absorbed,
        state=MergeState.MERGED,
        consent_seq=0,
        undone_seq=None,
        left=new_row_id(),
        right=new_row_id(),
        before=Standing(state="active", restricted_at=None, band=None, guardian=False),
        merged_by=ActorId("u:x"),
        merged_at=AT,
    )


@pytest.fixture
def people(installation: Wiring, tmp_path: Path) -> tuple[SubjectId, ...]:
    """Persons in every state, with every choice, of whom two are one; and nobody."""
    rows = [customer(n, 移転元="DE" if n % 3 else "JP") for n in range(1, 15)]
    import_file(installation, write_file(tmp_path, register(rows)))
    found = persons_of(installation)
    for subject, kind in zip(found, KINDS * 2, strict=False):
        for purpose in ("mail_marketing", "order_support"):
            said = Choice(subject=subject, purpose=purpose, kind=kind)
            choose(installation.ports, OFFICER, said, at=AT)
    write = installation.database.write
    write(lambda tx: set_state(tx, found[8], SubjectState.RESTRICTED))
    write(lambda tx: set_state(tx, found[9], SubjectState.ERASED))
    write(lambda tx: set_state(tx, found[10], SubjectState.ERASED, kept_by_law="RET-X"))
    write(lambda tx: merges.enter(tx, merge(found[0], found[1])))
    return (*found, new_subject_id(), found[0])


def plain(answers: Sequence[Answer]) -> list[object]:
    """What was said, without the number of the event."""
    return [
        (answer.rows, answer.counts, answer.known, answer.consent_seq, answer.policy_version)
        if isinstance(answer, ReadAnswer)
        else type(answer)
        for answer in answers
    ]


@pytest.mark.parametrize(
    ("role", "purpose"),
    [
        ("support", "order_support"),
        ("marketing", "mail_marketing"),
        ("privacy_officer", "dsar_fulfilment"),
        ("data_manager", "data_quality"),
        ("support", "no_such_purpose"),
    ],
)
@pytest.mark.parametrize("tables", [("person",), ("person", "purchase", "company")])
def test_many_are_answered_as_each_alone(
    installation: Wiring,
    people: tuple[SubjectId, ...],
    role: str,
    purpose: str,
    tables: tuple[str, ...],
) -> None:
    assert len(people) >= LEAST
    asked = [ReadRequest(subject=s, purpose=purpose, tables=tables) for s in people]
    together = read_many(installation.ports, staff(role), asked, at=AT)
    with installation.database.read() as tx:
        recorded = len(events(tx, "person.read"))
    alone = [read_many(installation.ports, staff(role), [one], at=AT)[0] for one in asked]
    assert plain(together) == plain(alone)
    assert recorded == sum(isinstance(answer, ReadAnswer) for answer in together)


def test_a_withdrawal_while_many_are_read_makes_only_that_answer_anew(
    installation: Wiring, people: tuple[SubjectId, ...]
) -> None:
    marketing, given = staff("marketing"), people[4]
    asked = [ReadRequest(subject=s, purpose="mail_marketing") for s in people]
    moved: list[bool] = []

    def analyse(texts: Sequence[str], _lang: object) -> tuple[tuple[()], ...]:
        return tuple(() for _ in texts)

    class Moving:
        """Opens truly, after the person withdrew."""

        def open_rows(self, rows: object) -> object:
            if not moved:
                moved.append(True)
                said = Choice(subject=given, purpose="mail_marketing", kind=EventKind.WITHDRAWN)
                choose(installation.ports, OFFICER, said, at=AT)
            return installation.vault.open_rows(rows)  # type: ignore[arg-type] # as it came

    from dataclasses import replace  # noqa: PLC0415 # here alone

    ports = replace(installation.ports, vault=Moving(), analyse=analyse)  # type: ignore[arg-type]
    answers = read_many(ports, marketing, asked, at=AT)
    found = answers[4]
    assert isinstance(found, ReadAnswer)
    assert {view.shown.value for row in found.rows for view in row.fields} == {None}
    with installation.database.read() as tx:
        told = [event.subject for event in events(tx, "person.read")]
    assert len(told) == len(set(told)) + 1  # one person was asked for twice
