"""Data sets of an invented town: through the gate, by two persons, gone on their day."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from consent.types import EventKind
from governance.app.wiring import Wiring
from governance.core.terms import Lang, SubjectId
from governance.customers.catalogue import catalogue
from governance.gateway.bulk.exporting import PERSON
from governance.portal.publishing import published
from governance.reports.rendering import ReportFormat
from governance.reports.service import ground_of
from governance.reports.service import make as report
from governance.reports.types import Period, ReportId
from retention.datasets import service, store
from retention.datasets.building import make
from retention.datasets.errors import (
    DatasetProvisionError,
    DatasetSamePersonError,
    DatasetStandardError,
    DatasetStateError,
    DatasetTooRareError,
    DatasetUnknownError,
)
from retention.datasets.reading import read_request
from retention.datasets.types import Dataset, DatasetId, State
from retention.errors import RetentionRefusedError
from tests.governance.gateway.bulk.town import say
from tests.installation import (
    AT,
    OFFICER,
    create,
    customer,
    data_bytes,
    events,
    import_file,
    register,
    staff,
    subjects,
    write_file,
)

ANALYST = staff("analyst", name="bunseki")
AUDITOR = staff("auditor", name="kansa")
HEADERS = (
    *("顧客ID", "氏名", "フリガナ", "携帯番号", "メールアドレス", "会員状態"),
    *("登録日", "取得元", "住所", "生年月日", "性別"),
)
ANONYMISED = """
schema: sekisho-dataset/1
name: 年代と地域
kind: anonymised
purpose: purchase_analysis
table: person
expires_on: 2027-03-31
k: 3
most_removed_percent: 40
items:
  - {column: birth_date, way: age_band}
  - {column: address, way: prefecture}
  - {column: registered_on, way: year}
"""
PSEUDONYMISED = ANONYMISED.replace("kind: anonymised", "kind: pseudonymised")


def settle(wiring: Wiring, folder: Path) -> list[SubjectId]:
    """Eight customers: six alike, one with a rare place, and one who did not agree."""
    rows = [
        customer(n, 生年月日="1984/05/06", 性別="女", 登録日=f"2020/0{n}/02") for n in range(1, 9)
    ]
    rows[6] |= {"住所": "沖縄県八重山郡与那国町与那国1-1", "生年月日": "1910/01/01"}
    import_file(wiring, write_file(folder, register(rows, headers=HEADERS)))
    people = list(subjects(wiring))
    for person in people[:7]:
        say(wiring, person, EventKind.GIVEN, "purchase_analysis")
    return people


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    folder = tmp_path_factory.mktemp("datasets")
    wiring = create(folder)
    settle(wiring, folder)
    yield wiring
    wiring.close()


def made(wiring: Wiring, source: str = ANONYMISED) -> Dataset:
    return make(wiring.ports, ANALYST, read_request(source), at=AT)


def released(wiring: Wiring, source: str = ANONYMISED) -> Dataset:
    known = made(wiring, source)
    return wiring.database.write(
        lambda tx: service.release(tx, wiring.ports, OFFICER, known.id, at=AT)
    )


def rows_of(wiring: Wiring, dataset: DatasetId, path: Path) -> list[dict[str, str]]:
    service.take(wiring.ports, ANALYST, dataset, path, at=AT)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_who_is_rare_or_did_not_agree_is_not_in_it(town: Wiring, tmp_path: Path) -> None:
    known = released(town)
    assert (known.persons_read, known.persons, known.removed, known.smallest) == (7, 6, 1, 6)
    rows = rows_of(town, known.id, tmp_path / "rows.csv")
    assert rows == [{"birth_date": "40-49", "address": "東京都", "registered_on": "2020"}] * 6


def test_a_pseudonymised_one_has_random_signs_that_lead_nowhere(
    town: Wiring, tmp_path: Path
) -> None:
    first, second = (released(town, PSEUDONYMISED) for _ in "ab")
    signs = [
        {row[PERSON] for row in rows_of(town, one.id, tmp_path / f"{one.id}.csv")}
        for one in (first, second)
    ]
    assert len(signs[0]) == len(signs[1]) == 7
    assert not signs[0] & signs[1]
    assert not signs[0] & set(subjects(town))
    assert not any(sign.encode() in data_bytes(town) for sign in signs[0])


def test_the_rows_are_sealed_where_they_lie(town: Wiring) -> None:
    released(town)
    assert "沖縄県".encode() not in data_bytes(town)
    assert b"40-49" not in data_bytes(town)


def test_nobody_takes_it_before_a_second_person_released_it(town: Wiring, tmp_path: Path) -> None:
    known = made(town)
    path = tmp_path / "early.csv"
    with pytest.raises(DatasetStateError):
        service.take(town.ports, ANALYST, known.id, path, at=AT)
    assert not path.exists()
    both = staff("analyst", name="bunseki")
    with pytest.raises(RetentionRefusedError):
        town.database.write(lambda tx: service.release(tx, town.ports, both, known.id, at=AT))
    town.database.write(lambda tx: service.release(tx, town.ports, OFFICER, known.id, at=AT))
    with pytest.raises(DatasetStateError):
        town.database.write(lambda tx: service.release(tx, town.ports, OFFICER, known.id, at=AT))


def test_its_maker_does_not_release_it_whatever_the_roles(town: Wiring) -> None:
    known = made(town)
    maker = staff("privacy_officer", name="bunseki")
    assert maker.id == ANALYST.id
    with pytest.raises(DatasetSamePersonError):
        town.database.write(lambda tx: service.release(tx, town.ports, maker, known.id, at=AT))
    with pytest.raises(DatabaseError):
        town.database.write(lambda tx: store.release(tx, known.id, by=maker.id, at=AT))


def test_what_misses_the_standard_leaves_nothing(town: Wiring) -> None:
    with town.database.read() as tx:
        before = store.every(tx)
    with pytest.raises(DatasetStandardError):
        made(town, ANONYMISED.replace("way: age_band", "way: year"))
    with pytest.raises(DatasetTooRareError):
        made(town, ANONYMISED.replace("k: 3", "k: 8"))
    with town.database.read() as tx:
        assert store.every(tx) == before


def test_how_it_was_made_is_shown_to_few_and_on_record(town: Wiring) -> None:
    known = made(town)
    with pytest.raises(RetentionRefusedError):
        town.database.write(lambda tx: service.method(tx, town.ports, ANALYST, known.id, at=AT))
    said, found = town.database.write(
        lambda tx: service.method(tx, town.ports, OFFICER, known.id, at=AT)
    )
    assert said == ANONYMISED
    assert '"r34_5"' in found
    with town.database.read() as tx:
        assert events(tx, "dataset.method_read")


def test_only_released_anonymised_data_is_given_away(town: Wiring) -> None:
    inside, fresh = released(town, PSEUDONYMISED), made(town)
    for one in (inside, fresh):
        with pytest.raises(DatasetProvisionError):
            give(town, one.id, "架空研究所")
    known = released(town)
    assert [p.recipient for p in give(town, known.id, "架空研究所").provisions] == ["架空研究所"]
    for name in ("", "a" * 201, "a\nb"):
        with pytest.raises(DatasetProvisionError):
            give(town, known.id, name)


def give(wiring: Wiring, dataset: DatasetId, name: str) -> Dataset:
    return wiring.database.write(
        lambda tx: service.provide(tx, wiring.ports, OFFICER, dataset, recipient=name, at=AT)
    )


def test_it_ends_with_its_day_and_its_rows_are_gone(installation: Wiring, tmp_path: Path) -> None:
    settle(installation, tmp_path)
    known = released(installation)
    last = AT.replace(year=2027, month=3, day=31)
    assert service.end_over(installation.ports, OFFICER, at=last) == 0
    after = last + timedelta(days=1)
    path = tmp_path / "late.csv"
    with pytest.raises(DatasetStateError):  # before the job has come
        service.take(installation.ports, ANALYST, known.id, path, at=after)
    assert service.end_over(installation.ports, OFFICER, at=after) == 1
    assert service.end_over(installation.ports, OFFICER, at=after) == 0
    assert not path.exists()
    with installation.database.read() as tx:
        assert store.by_id(tx, known.id).state is State.ENDED
        assert tx.execute(text("SELECT count(*) FROM dataset_part")).scalar() == 0
        assert [one.id for one in service.published(tx)] == [known.id]
        assert len(events(tx, "dataset.ended")) == 1


def test_an_unknown_one_is_told_as_such(town: Wiring) -> None:
    with town.database.read() as tx, pytest.raises(DatasetUnknownError):
        service.shown(tx, town.ports, AUDITOR, DatasetId("none"))


def test_the_register_tells_standards_provisions_and_looks(town: Wiring) -> None:
    known = released(town)
    give(town, known.id, "=架空研究所")
    town.database.write(lambda tx: service.method(tx, town.ports, OFFICER, known.id, at=AT))
    period = Period(first=AT.date(), last=AT.date())
    document, content = report(
        ground_of(town), OFFICER, ReportId.R22, period, form=ReportFormat.CSV, lang=Lang.JA
    )
    figures = {one.key: one.value for part in document.sections for one in part.figures}
    rows = {part.key: part.listing.rows for part in document.sections if part.listing}
    assert any(row[0] == known.id and "34条5号" in row[1] for row in rows["standards"])
    assert (known.id, "=架空研究所") in {row[:2] for row in rows["provisions"]}
    assert figures["looked"] == len(rows["method"]) >= 1
    assert b'"=' not in content


def test_the_items_stand_on_the_published_page(town: Wiring) -> None:
    known = released(town)
    with town.database.read() as tx:
        found = {
            lang: published(tx, town.policies.current, town.settings, lang, on=AT.date())
            for lang in Lang
        }
    for lang in Lang:
        name, items, _, since = found[lang].anonymised[0]
        assert (name, since) == (known.name, AT.date())
        assert catalogue().fields[known.fields[0]].label(lang) in items
