"""What weighs and what does not, on invented people; and registers of other seeds."""

import importlib.util
import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.customers.matching.blocking import MAX_BLOCK, candidate_pairs
from governance.customers.matching.clusters import find_duplicates
from governance.customers.matching.comparing import compare, is_birth_typo
from governance.customers.matching.evidence import WEIGHTS, EvidenceKind, Verdict
from governance.customers.matching.persons import Person, person_from, person_of
from governance.customers.matching.report import cluster_lines, explain
from governance.customers.normalise.rows import layout_of, normalise_row
from governance.customers.types import SourceKind, SourceRow

_spec = importlib.util.spec_from_file_location("invented", Path(__file__).with_name("invented.py"))
assert _spec
assert _spec.loader
invented = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(invented)

BASE = {
    "name": "架空 花子",
    "kana": "カクウ ハナコ",
    "birth_date": "1978-04-01",
    "email": "hanako@example.com",
    "mobile": "+819012345679",
    "phone": "+81312345679",
    "postal_code": "100-0005",
    "address": "東京都千代田区丸の内1-2-3",
    "sex": "female",
}


def person(row: int = 1, **changes: str | None) -> Person:
    return person_from({**BASE, **changes}, row=row)


def verdict(**changes: str | None) -> Verdict:
    return compare(person(1), person(2, **changes)).verdict


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"email": None, "mobile": None},
        {"birth_date": None},
        {"address": None, "postal_code": None, "phone": None},
        {"mobile": "+819099998887"},
        {"email": "other@example.org"},
        {
            "address": "大阪府大阪市北区梅田9-8-7",
            "postal_code": "530-0001",
            "phone": "+81661112223",
        },
        {"name": "別姓 花子", "kana": "ベッセイ ハナコ"},
        {"birth_date": "1978-01-04"},
        {"birth_date": "1979-04-01"},
        {"name": "架空 はなこ"},
        {"name": "カクウ ハナコ", "kana": None},
    ],
)
def test_one_change_leaves_the_same_person(changes: Any) -> None:
    assert verdict(**changes) is Verdict.SAME


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "架空 太郎", "kana": "カクウ タロウ", "birth_date": "1975-09-09", "email": None},
        {"name": "架空 花枝", "kana": "カクウ ハナエ"},  # a twin who shares everything
        {
            "birth_date": "1950-12-24",
            "address": "大阪府大阪市北区梅田9-8-7",
            "postal_code": "530-0001",
            "phone": None,
            "mobile": None,
            "email": None,
        },
        {
            "email": "x@example.org",
            "mobile": "+819099998887",
            "phone": "+81661112223",
            "address": "大阪府大阪市北区梅田9-8-7",
            "postal_code": "530-0001",
        },  # a homonym of one day
        {
            "name": "別姓 次郎",
            "kana": "ベッセイ ジロウ",
            "birth_date": None,
            "email": None,
            "phone": None,
            "address": None,
            "postal_code": None,
        },  # a recycled number
    ],
)
def test_look_alikes_are_not_merged(changes: Any) -> None:
    assert verdict(**changes) is not Verdict.SAME


def test_a_homonym_of_one_day_goes_to_a_person() -> None:
    far = {"address": "大阪府大阪市北区梅田9-8-7", "postal_code": "530-0001", "phone": None}
    assert verdict(email=None, mobile=None, **far) is Verdict.REVIEW


@pytest.mark.parametrize(
    ("a", "b", "typo"),
    [
        ("1978-04-01", "1979-04-01", True),
        ("1978-04-01", "1978-01-04", True),
        ("1978-04-01", "1978-04-11", True),
        ("1953-04-01", "1978-04-01", True),  # 昭和53 taken for 1953
        ("1978-04-01", "2001-09-30", False),
        ("1978-04-01", "1978-12-25", False),
    ],
)
def test_typing_errors_of_dates_are_told_from_other_dates(a: Any, b: Any, typo: Any) -> None:
    assert is_birth_typo(a, b) is typo


@given(
    a=st.fixed_dictionaries(
        {k: st.sampled_from([v, None, "架空 次郎"]) for k, v in BASE.items() if k == "name"}
    ),
    swap=st.sampled_from(sorted(BASE)),
)
def test_comparison_is_symmetric(a: Any, swap: str) -> None:
    one, other = person(1, **a), person(2, **{swap: None})
    there, back = compare(one, other), compare(other, one)
    assert there.score == back.score
    assert there.verdict == back.verdict


def test_every_kind_of_person_evidence_has_a_weight() -> None:
    of_companies = {
        "number_same",
        "number_differs",
        "site_same",
        "form_differs",
        "representative_same",
    }
    assert {k.value for k in EvidenceKind} - {k.value for k in WEIGHTS} == of_companies


def test_a_third_row_never_joins_two_given_names() -> None:
    rows = [
        person(1),
        person(2, name="架空 花枝", kana="カクウ ハナエ"),
        person(3, name=None, kana=None),
    ]
    assert all({1, 2} - set(c.rows) for c in find_duplicates(rows).clusters)


def test_a_number_shared_by_thousands_is_not_compared_all_with_all() -> None:
    rows = [
        person_from(
            {"name": f"架空 {n}", "phone": "+81312345679", "birth_date": "1978-04-01"}, row=n
        )
        for n in range(3_000)
    ]
    assert sum(1 for _ in candidate_pairs(rows)) < len(rows) * MAX_BLOCK


def test_identical_rows_are_joined_in_linear_time() -> None:
    rows = [person(n) for n in range(1, 200)]
    assert sum(1 for _ in candidate_pairs(rows)) < len(rows) * MAX_BLOCK


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_duplicates_of_an_invented_register_are_found(seed: int) -> None:
    register = invented.invented_register(seed, persons=1_500, duplicates=150)
    layout = layout_of(tuple(register.rows[0]), SourceKind.CUSTOMERS)
    persons = [
        person_of(
            normalise_row(
                SourceRow(number=n, cells=tuple(cells.values())), layout, at=date(2026, 10, 1)
            )
        )
        for n, cells in enumerate(register.rows, 1)
    ]
    expected = {p for rows in register.clusters for p in itertools.combinations(rows, 2)}
    found = {
        p for c in find_duplicates(persons).clusters for p in itertools.combinations(c.rows, 2)
    }
    assert 2 * len(found & expected) / (len(found) + len(expected)) >= 0.98


def test_clusters_print_one_json_line_each() -> None:
    found = find_duplicates(
        [person(3), person(8), person(5, name="別人 次郎", kana="ベツジン ジロウ")]
    )
    lines = list(cluster_lines(found.clusters, file="customers.csv"))
    assert [json.loads(line) for line in lines] == [{"file": "customers.csv", "rows": [3, 8]}]


def test_explanations_name_evidence_and_no_value() -> None:
    told = json.dumps(explain(compare(person(1), person(2))), ensure_ascii=False)
    assert "birth_same" in told
    assert not any(value in told for value in BASE.values() if len(value) > 6)
    assert "花子" not in repr(person())
