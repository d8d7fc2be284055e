"""A no to marketing holds when a file brings the person anew, until their own new word."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from consent.choices import Choice
from consent.opted_out import KEPT
from consent.service import choose, subject_gate
from consent.types import By, EventKind
from governance.app.wiring import Wiring
from governance.core.terms import FieldId, PurposeId, SubjectId
from governance.customers.store import SUPPRESSION
from governance.customers.suppression import OPTED_OUT, marks
from governance.jobs.journal_record import JournalKind
from policies.reasons import ReasonCode
from retention.service import forget
from tests.installation import (
    AT,
    CONSENTS,
    OFFICER,
    create,
    customer,
    import_file,
    register,
    subjects,
    write_file,
)

EMAIL, OBJECTED = FieldId("person.email"), ReasonCode("denied.subject.objected")


@pytest.fixture
def wiring(tmp_path: Path) -> Iterator[Wiring]:
    made = create(tmp_path)
    yield made
    made.close()


def bring(wiring: Wiring, folder: Path, number: int, name: str, **columns: str) -> SubjectId:
    """The person whom this file brings."""
    before = set(subjects(wiring))
    import_file(wiring, write_file(folder, register([customer(number, **columns)]), name=name))
    (fresh,) = set(subjects(wiring)) - before
    return fresh


def say(wiring: Wiring, subject: SubjectId, kind: EventKind, *, by: By) -> None:
    said = Choice(subject=subject, purpose="mail_marketing", kind=kind, by=by, method="web_form",
                  place="test")  # fmt: skip
    choose(wiring.ports, OFFICER, said, at=AT)


def why(wiring: Wiring, subject: SubjectId) -> ReasonCode:
    purpose = wiring.policies.current.purpose(PurposeId("mail_marketing"))
    assert purpose is not None
    with wiring.database.read() as tx:
        told = subject_gate(tx, subject, purpose, channel="email", recipient=None, at=AT)
    return told.code


def listed(wiring: Wiring) -> int:
    with wiring.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(SUPPRESSION)).scalar_one())


@pytest.mark.parametrize("kind", [EventKind.OBJECTED, EventKind.WITHDRAWN])
def test_a_file_opens_marketing_for_nobody_who_said_no(
    wiring: Wiring, tmp_path: Path, kind: EventKind
) -> None:
    mail = {"メールアドレス": "taro@example.com"}
    first = bring(wiring, tmp_path, 1, "shop.csv", **mail)
    say(wiring, first, kind, by=By.PERSON)
    assert listed(wiring) == 2  # the address and the mobile, under keys of their own
    again = bring(wiring, tmp_path, 77, "bought.csv", **mail)
    other = bring(wiring, tmp_path, 78, "others.csv")
    assert again != first
    assert why(wiring, again) is OBJECTED
    assert why(wiring, other) is not OBJECTED
    told = [record.entry for record in wiring.ports.journal.replay()]
    assert JournalKind.OBJECTION in {one.kind for one in told if one.subject == again}


def test_a_new_consent_of_the_person_ends_what_the_withdrawal_began(
    wiring: Wiring, tmp_path: Path
) -> None:
    first = bring(wiring, tmp_path, 1, "shop.csv")
    say(wiring, first, EventKind.WITHDRAWN, by=By.PERSON)
    say(wiring, first, EventKind.GIVEN, by=By.PERSON)
    assert listed(wiring) == 0


def test_the_report_of_the_file_names_the_row(wiring: Wiring, tmp_path: Path) -> None:
    first = bring(wiring, tmp_path, 1, "shop.csv")
    say(wiring, first, EventKind.OBJECTED, by=By.OFFICER)
    mobile = {"携帯番号": "090-0000-0001"}
    rows = register([customer(5), customer(6, **mobile)])
    outcome = import_file(wiring, write_file(tmp_path, rows, name="list.csv"))
    assert outcome.problems["OPTED_OUT"] == 1
    assert (outcome.counts.stored, outcome.counts.refused) == (2, 0)


def test_only_the_persons_own_word_takes_the_no_off_the_list(
    wiring: Wiring, tmp_path: Path
) -> None:
    first = bring(wiring, tmp_path, 1, "shop.csv")
    say(wiring, first, EventKind.OBJECTED, by=By.PERSON)
    say(wiring, first, EventKind.OBJECTION_LIFTED, by=By.OFFICER)
    assert listed(wiring) == 2
    say(wiring, first, EventKind.OBJECTION_LIFTED, by=By.PERSON)
    assert listed(wiring) == 0


def test_the_list_ends_by_its_own_day_and_tells_the_index_nothing(
    wiring: Wiring, tmp_path: Path
) -> None:
    first = bring(wiring, tmp_path, 1, "shop.csv")
    say(wiring, first, EventKind.OBJECTED, by=By.PERSON)
    with wiring.database.read() as tx:
        assert marks(tx, wiring.vault, [EMAIL]).of(EMAIL, "person1@example.com") == ()
        known = marks(tx, wiring.vault, [EMAIL], mark=OPTED_OUT)
        assert len(known.of(EMAIL, "person1@example.com")) == 1
    over = AT + timedelta(days=31 * KEPT)
    assert wiring.database.write(lambda tx: forget(tx, at=AT))[1] == 0
    assert wiring.database.write(lambda tx: forget(tx, at=over))[1] == 2


def told(wiring: Wiring, folder: Path, *rows: tuple[str, str, str]) -> None:
    """A file of choices of customer 1: day, purpose code, what was done."""
    lines = [
        {"同意ID": f"K{n}", "顧客ID": "C000001", "日時": day, "目的コード": code, "操作": word}
        for n, (day, code, word) in enumerate(rows, start=1)
    ]
    path = write_file(folder, register(lines, headers=CONSENTS), name="choices.csv")
    import_file(wiring, path)


@pytest.fixture
def code(wiring: Wiring) -> str:
    purpose = wiring.policies.current.purpose(PurposeId("mail_marketing"))
    assert purpose is not None
    return purpose.id


@pytest.mark.parametrize("word", ["異議", "利用停止", "配信停止", "撤回"])
def test_a_no_in_a_file_of_choices_is_recognised_too(
    wiring: Wiring, tmp_path: Path, code: str, word: str
) -> None:
    bring(wiring, tmp_path, 1, "shop.csv")
    told(wiring, tmp_path, ("2026/09/01 10:00", code, word))
    assert listed(wiring) == 2
    again = bring(wiring, tmp_path, 2, "bought.csv", 携帯番号="090-0000-0001")
    assert why(wiring, again) is OBJECTED


def test_a_no_of_a_file_is_recognised_from_the_day_that_it_names(
    wiring: Wiring, tmp_path: Path, code: str
) -> None:
    bring(wiring, tmp_path, 1, "shop.csv")
    told(wiring, tmp_path, ("2025/09/01 10:00", code, "異議"))
    with wiring.database.read() as tx:
        ends = set(tx.execute(select(SUPPRESSION.c.ends_on)).scalars())
    assert ends == {date(2030, 9, 1)}


@pytest.mark.parametrize(
    "rows",
    [
        [("2021/09/01 10:00", "mail_marketing", "異議")],  # over: five years have passed
        [("2026/08/01 10:00", "mail_marketing", "不同意")],  # never asked for anything
        [("2026/08/01 10:00", "order_support", "異議")],  # not about marketing
        [
            ("2026/08/01 10:00", "mail_marketing", "撤回"),
            ("2026/08/02 10:00", "mail_marketing", "同意"),
        ],
    ],
)
def test_what_is_no_standing_no_to_marketing_lists_nobody(
    wiring: Wiring, tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    bring(wiring, tmp_path, 1, "shop.csv")
    told(wiring, tmp_path, *rows)
    assert listed(wiring) == 0


def test_a_later_no_lengthens_the_time_and_an_earlier_one_shortens_nothing(
    wiring: Wiring, tmp_path: Path, code: str
) -> None:
    first = bring(wiring, tmp_path, 1, "shop.csv")
    told(wiring, tmp_path, ("2025/09/01 10:00", code, "異議"))
    say(wiring, first, EventKind.OBJECTED, by=By.PERSON)
    with wiring.database.read() as tx:
        ends = set(tx.execute(select(SUPPRESSION.c.ends_on)).scalars())
    assert ends == {date(2031, 10, 1)}


def test_how_long_a_no_is_recognised_is_a_setting(
    wiring: Wiring, tmp_path: Path, code: str
) -> None:
    settings = wiring.settings.model_copy(update={"opt_out_months": 12})
    shorter = replace(wiring, ports=replace(wiring.ports, controller=settings))
    bring(shorter, tmp_path, 1, "shop.csv")
    told(shorter, tmp_path, ("2026/09/01 10:00", code, "異議"))
    with shorter.database.read() as tx:
        ends = set(tx.execute(select(SUPPRESSION.c.ends_on)).scalars())
    assert ends == {date(2027, 9, 1)}
