"""Files of consents among choices made here, clause by clause and in random interleavings."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from consent import ledger
from consent.choices import Choice
from consent.service import choose, known_of
from consent.types import ConsentEvent, EventKind, EvidenceGrade, SubjectDecision
from governance.app.wiring import Wiring
from governance.core.terms import SubjectId
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportOutcome, ImportRequest
from tests.installation import (
    AT,
    CONSENTS,
    MANAGER,
    OFFICER,
    create,
    customer,
    import_file,
    register,
    subjects,
    write_file,
)

OFFERS = "mail_marketing"
GIVEN, WITHDRAWN, REFUSED = EventKind.GIVEN, EventKind.WITHDRAWN, EventKind.REFUSED
WORDS = {GIVEN: "同意", WITHDRAWN: "撤回", REFUSED: "拒否"}
LINE = {"同意ID": "K1", "目的コード": "P02", "操作": "同意", "通知版": "v3.1", "証跡ID": "e1"}
SOON = timedelta(minutes=1)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Wiring]:
    """An installation without anybody."""
    wiring = create(tmp_path)
    yield wiring
    wiring.close()


@pytest.fixture
def shop(empty: Wiring, tmp_path: Path) -> Wiring:
    """One customer, of whom files and choices speak."""
    import_file(empty, write_file(tmp_path, register([customer(1)])))
    return empty


def line(days: int, word: str = "同意", **other: str) -> dict[str, str]:
    """A row about the customer, so many days before now."""
    when = (AT - timedelta(days=days)).isoformat()
    return LINE | {"顧客ID": "C000001", "日時": when, "操作": word} | other


def take(
    wiring: Wiring, folder: Path, rows: Sequence[Mapping[str, str]], *, name: str = "a.csv",
    at: datetime = AT,
) -> ImportOutcome:  # fmt: skip
    path = write_file(folder, register(rows, headers=CONSENTS), name=name)
    return import_file(wiring, path, at=at)


def say(wiring: Wiring, subject: SubjectId, kind: EventKind, *, at: datetime = AT) -> None:
    choose(wiring.ports, OFFICER, Choice(subject=subject, purpose=OFFERS, kind=kind), at=at)


def answer(wiring: Wiring, subject: SubjectId, *, at: datetime = AT) -> SubjectDecision:
    purpose = wiring.policies.current.purpose(OFFERS)
    assert purpose is not None
    with wiring.database.read() as tx:
        return known_of(tx, subject, purpose, at=at).decide(channel=None, recipient=None, at=at)


def told(wiring: Wiring, subject: SubjectId) -> tuple[ConsentEvent, ...]:
    with wiring.database.read() as tx:
        return ledger.full_history(tx, subject)


# --- the clauses, one by one


def test_an_imported_grant_overrides_no_refusal_of_the_ledger(shop: Wiring, tmp_path: Path) -> None:
    (person,) = subjects(shop)
    for kind, lifted in (
        (WITHDRAWN, EventKind.REQUESTED),
        (REFUSED, EventKind.REQUESTED),
        (EventKind.OBJECTED, EventKind.OBJECTION_LIFTED),
    ):
        say(shop, person, GIVEN)
        say(shop, person, kind)
        take(shop, tmp_path, [line(0, 同意ID=f"K-{kind}")], name=f"{kind}.csv")
        assert not answer(shop, person), kind
        say(shop, person, lifted)


def test_an_imported_withdrawal_always_applies(shop: Wiring, tmp_path: Path) -> None:
    (person,) = subjects(shop)
    say(shop, person, GIVEN)
    assert answer(shop, person)
    take(shop, tmp_path, [line(900, "撤回")])
    assert not answer(shop, person)


def test_the_order_of_occurrence_decides_within_a_file(shop: Wiring, tmp_path: Path) -> None:
    (person,) = subjects(shop)
    take(shop, tmp_path, [line(1, 同意ID="K2"), line(3, "撤回", 同意ID="K1")])
    assert answer(shop, person)
    assert [event.kind for event in told(shop, person)] == [WITHDRAWN, GIVEN]


def test_a_withdrawal_under_a_known_id_is_not_lost(shop: Wiring, tmp_path: Path) -> None:
    (person,) = subjects(shop)
    take(shop, tmp_path, [line(9)])
    assert answer(shop, person)
    second = take(shop, tmp_path, [line(9), line(2, "撤回")], name="b.csv")
    assert (second.counts.stored, second.counts.merged) == (1, 1)
    assert not answer(shop, person)


def test_both_words_under_one_id_of_one_file_are_taken(shop: Wiring, tmp_path: Path) -> None:
    (person,) = subjects(shop)
    first = take(shop, tmp_path, [line(2, "撤回"), line(9)])
    assert (first.counts.stored, first.counts.merged) == (2, 0)
    assert not answer(shop, person)


def test_another_date_of_a_known_grant_is_told_and_prolongs_nothing(
    shop: Wiring, tmp_path: Path
) -> None:
    (person,) = subjects(shop)
    take(shop, tmp_path, [line(9)])
    until = answer(shop, person).valid_until
    second = take(shop, tmp_path, [line(1)], name="b.csv")
    assert (second.counts.stored, second.counts.merged) == (0, 1)
    assert second.problems["CONFLICT_KEPT"] == 1
    assert answer(shop, person).valid_until == until


def test_ids_of_two_systems_may_be_the_same(shop: Wiring, tmp_path: Path) -> None:
    import_file(shop, write_file(tmp_path, register([customer(2)]), name="more.csv"))
    first, second = subjects(shop)
    take(shop, tmp_path, [line(9)])
    assert take(shop, tmp_path, [line(9, 顧客ID="C000002")], name="b.csv").counts.stored == 1
    assert answer(shop, first)
    assert answer(shop, second)


@pytest.mark.parametrize(
    ("other", "grade"),
    [
        ({}, EvidenceGrade.IMPORTED_PROVEN),
        ({"証跡ID": ""}, EvidenceGrade.IMPORTED),
        ({"取得方法": "既定でチェック済み"}, EvidenceGrade.PRE_TICKED),
    ],
)
def test_the_evidence_has_a_grade(
    shop: Wiring, tmp_path: Path, other: dict[str, str], grade: EvidenceGrade
) -> None:
    (person,) = subjects(shop)
    take(shop, tmp_path, [line(9, **other)])
    assert told(shop, person)[0].evidence is grade


def test_other_words_of_files_are_known_and_unknown_ones_refused(
    shop: Wiring, tmp_path: Path
) -> None:
    (person,) = subjects(shop)
    rows = [
        line(9 - n, word, 同意ID=f"K{n}")
        for n, word in enumerate(("Opt-in", "更新", "配信停止", "異議", "たぶん"))
    ]
    outcome = take(shop, tmp_path, rows)
    assert (outcome.counts.stored, outcome.counts.refused) == (4, 1)
    assert [event.kind for event in told(shop, person)] == [
        GIVEN, EventKind.RENEWED, WITHDRAWN, EventKind.OBJECTED,
    ]  # fmt: skip


def test_a_dry_run_counts_as_the_run_and_stores_nothing(shop: Wiring, tmp_path: Path) -> None:
    rows = [line(9), line(9), line(2, "撤回"), line(1, "たぶん", 同意ID="K3")]
    path = write_file(tmp_path, register(rows, headers=CONSENTS), name="a.csv")
    dry = take_in(shop.ports, MANAGER, ImportRequest(path=path, dry_run=True), at=AT)
    assert told(shop, subjects(shop)[0]) == ()
    wet = import_file(shop, path)
    assert dry.counts == wet.counts
    assert (wet.counts.stored, wet.counts.merged, wet.counts.refused) == (2, 1, 1)


# --- random interleavings


def test_no_interleaving_of_files_and_choices_opens_what_was_closed(
    empty: Wiring, tmp_path: Path
) -> None:
    """Two dozen persons, four files with their rows shuffled, own choices between; told twice."""
    dice = random.Random(20261126)  # noqa: S311 # which cases, no secret
    wiring, count = empty, 24
    import_file(wiring, write_file(tmp_path, register([customer(n) for n in range(1, count + 1)])))
    people = subjects(wiring)
    words: dict[SubjectId, list[tuple[int | None, EventKind]]] = {one: [] for one in people}
    files = []
    for step in range(4):
        now = AT + step * SOON
        for person in people:
            if dice.random() < 0.5:
                kind = dice.choice((GIVEN, GIVEN, GIVEN, WITHDRAWN, REFUSED))
                say(wiring, person, kind, at=now)
                words[person].append((None, kind))
        rows = []
        for number, person in enumerate(people, 1):
            mine = sorted(dice.sample(range(1, 400), k=dice.randrange(3)), reverse=True)
            for nth, days in enumerate(mine):
                kind = dice.choice((GIVEN, GIVEN, GIVEN, WITHDRAWN, REFUSED))
                words[person].append((step, kind))
                rows.append(
                    line(days, WORDS[kind], 顧客ID=f"C{number:06}", 同意ID=f"{step}-{number}-{nth}")
                )
        dice.shuffle(rows)
        files.append(rows)
        take(wiring, tmp_path, rows, name=f"{step}.csv", at=now)
    late = AT + 9 * SOON
    answers = {person: bool(answer(wiring, person, at=late)) for person in people}
    assert 3 < sum(answers.values()) < count - 3, "the dice must show both sides"
    for person in people:
        assert answers[person] is _open_by_the_clauses(words[person]), words[person]
    with wiring.database.read() as tx:
        before = ledger.head(tx)
    for step, rows in enumerate(files):
        again = take(wiring, tmp_path, rows[::-1], name=f"again{step}.csv", at=late)
        assert again.counts.stored == 0
    with wiring.database.read() as tx:
        assert ledger.head(tx) == before


def _open_by_the_clauses(words: Sequence[tuple[int | None, EventKind]]) -> bool:
    """The clauses read one after the other; `None` is a choice made here, a number a file."""
    if not words:
        return False
    own = [n for n, (file, kind) in enumerate(words) if file is None and kind is GIVEN]
    since = words[own[-1] + 1 :] if own else words
    refusals = [n for n, (_, kind) in enumerate(since) if kind is not GIVEN]
    if not refusals:
        return bool(own) or any(kind is GIVEN for _, kind in since)
    last = refusals[-1]
    lifting = {file for file, kind in since[last + 1 :] if kind is GIVEN}
    unanswered = set()
    for file, kind in since[: last + 1]:
        if kind is not GIVEN:
            unanswered.add(file)
        elif unanswered <= {file}:
            unanswered = set()
    return any(unanswered == {file} for file in lifting)
