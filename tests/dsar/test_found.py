"""Findings: third persons' places, one spelling for sealing, what an answer leaves out."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.answer_files import table
from dsar.case import WithheldItem
from dsar.found import Found, FoundRecord, FoundValue, from_bytes, to_bytes
from dsar.redaction import folded, own_words, places_about_others
from dsar.report import disclosed
from dsar.types import Ground, Outcome, RequestKind
from governance.core.terms import FieldId, Lang, RowId
from governance.documents.neutralise import restored, visible
from governance.pii.language import language_of
from governance.pii.redaction import Placeholders
from governance.pii.types import Entity, Reason, Role, Span
from policies.masking import Span as Place
from policies.types import Label
from tests.dsar.cases import GRANTED

OWN = own_words(["山田 太郎", "090-0000-1234", "taro@example.com"])
LABEL = Label(ja="項目", en="Field")


def span(text: str, part: str, role: Role, entity: Entity = Entity.PERSON) -> Span:
    start = text.index(part)
    return Span(
        start=start,
        end=start + len(part),
        entity=entity,
        score=0.9,
        reason=Reason.FULL_NAME,
        role=role,
    )


@pytest.mark.parametrize(
    ("text", "part", "role", "replaced"),
    [
        ("佐藤花子さん", "佐藤花子", Role.UNKNOWN, True),
        ("佐藤花子さん", "佐藤花子", Role.THIRD, True),
        ("妻の山田です", "山田", Role.FAMILY, True),
        ("担当の鈴木です", "鈴木", Role.STAFF, True),
        ("私は糖尿病です", "糖尿病", Role.SELF, False),
        ("山田太郎です", "山田太郎", Role.UNKNOWN, False),
        ("山田です", "山田", Role.UNKNOWN, False),
        ("父の山田です", "山田", Role.THIRD, True),
        ("電話０９０（００００）１２３４", "０９０（００００）１２３４", Role.UNKNOWN, False),
        ("mail TARO@example.com", "TARO@example.com", Role.UNKNOWN, False),
        ("mail jiro@example.com", "jiro@example.com", Role.UNKNOWN, True),
    ],
)
def test_place_is_replaced_unless_it_is_the_persons_own(
    text: str, part: str, role: Role, *, replaced: bool
) -> None:
    places = places_about_others(text, [span(text, part, role)], own=OWN)
    assert bool(places) is replaced


def test_shown_text_never_holds_a_replaced_place() -> None:
    text = "佐藤花子さんと山田太郎"
    places = places_about_others(text, [span(text, "佐藤花子", Role.UNKNOWN)], own=OWN)
    value = FoundValue(name=FieldId("inquiry.body"), label=LABEL, text=text, others=places)
    assert value.shown(Placeholders(Lang.JA)) == "【氏名1】さんと山田太郎"
    assert "佐藤" not in repr(value)


def test_place_beyond_the_text_hides_all_of_it() -> None:
    value = FoundValue(
        name=FieldId("inquiry.body"),
        label=LABEL,
        text="短い",
        others=(Place(start=0, end=9, label="PERSON"),),
    )
    assert value.shown(Placeholders(Lang.JA)) == "＊＊＊"


def test_text_is_analysed_in_its_language() -> None:
    assert language_of("ご連絡") is Lang.JA
    assert language_of("Please call") is Lang.EN
    assert folded("ﾔﾏﾀﾞ　ﾀﾛｳ") == folded("ヤマダ タロウ")


TEXTS = st.text(min_size=1, max_size=30)


def found_of(texts: list[str]) -> Found:
    return Found(
        source="inquiry",
        label=LABEL,
        records=tuple(
            FoundRecord(
                row=RowId(f"row-{n}"),
                values=(
                    FoundValue(
                        name=FieldId("inquiry.body"),
                        label=LABEL,
                        text=text,
                        others=(Place(start=0, end=1, label="PERSON"),),
                    ),
                    FoundValue(name=FieldId("inquiry.subject"), label=LABEL, text=text),
                ),
            )
            for n, text in enumerate(texts)
        ),
        withheld=(WithheldItem(field=FieldId("inquiry.clerk"), grounds=(Ground.APPI_33_2_1,)),),
    )


@given(st.lists(TEXTS, max_size=5))
def test_finding_comes_back_as_it_was(texts: list[str]) -> None:
    found = found_of(texts)
    assert from_bytes(to_bytes(found)) == found


def test_finding_of_an_earlier_version_opens_and_names_its_fields_by_their_ids() -> None:
    left = WithheldItem(field=FieldId("shop.friend"), grounds=(Ground.APPI_33_2_1,))
    found = replace(found_of(["一"]), withheld=(left,), labels=((left.field, LABEL),))
    document = json.loads(to_bytes(found))
    del document["labels"]
    old = from_bytes(json.dumps(document).encode())
    assert old == replace(found, labels=())
    for one, name in ((found, f"{found.label.ja}: 項目"), (old, "shop.friend")):
        _, lines = disclosed([one], GRANTED, [RequestKind.DISCLOSURE])
        assert name in {line.label.ja for line in lines}


DANGEROUS = st.text(min_size=1, max_size=20).map(lambda text: f"={text}")


@given(st.lists(DANGEROUS, min_size=1, max_size=3))
def test_no_cell_starts_a_formula_and_every_one_can_be_restored(texts: list[str]) -> None:
    written = table(found_of(texts), Placeholders(Lang.JA)).removeprefix("\ufeff")
    lines = csv.reader(io.StringIO(written, newline=""))
    _, *rows = list(lines)
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert [restored(row[1]) for row in rows] == [visible(text) for text in texts]


def test_officers_item_leaves_one_record_or_all() -> None:
    found = found_of(["一", "二"])
    one = WithheldItem(
        field=FieldId("inquiry.body"), row=RowId("row-0"), grounds=(Ground.APPI_33_2_2,)
    )
    partial = replace(GRANTED, outcome=Outcome.PARTIAL, items=(one,))
    (shown,), lines = disclosed([found], partial, [RequestKind.DISCLOSURE])
    names = [[value.name for value in record.values] for record in shown.records]
    assert names == [["inquiry.subject"], ["inquiry.body", "inquiry.subject"]]
    assert {line.name: line.count for line in lines} == {"inquiry.body": 1, "inquiry.clerk": 1}
    everywhere = replace(partial, items=(replace(one, row=None),))
    (shown,), lines = disclosed([found], everywhere, [RequestKind.DISCLOSURE])
    assert all(value.name != "inquiry.body" for r in shown.records for value in r.values)
    assert {line.name: line.count for line in lines}[FieldId("inquiry.body")] == 2


def test_notice_of_purposes_hands_out_no_data() -> None:
    assert disclosed([found_of(["一"])], GRANTED, [RequestKind.PURPOSE_NOTICE]) == ((), ())
