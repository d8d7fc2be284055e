"""Other data of the same kind: at least 99 in 100 invented values come out exactly."""

from collections.abc import Callable, Iterator
from datetime import date
from random import Random

import pytest

from governance.customers.normalise.address import AddressKey, address_key
from governance.customers.normalise.companies import company_key
from governance.customers.normalise.dates import DateRole, normalise_date
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.kana import normalise_kana
from governance.customers.normalise.phone import normalise_phone
from governance.customers.normalise.postal import normalise_postal
from tests.governance.customers.normalise import notations
from tests.governance.customers.normalise.notations import Sample

SEED, ROUNDS, EXACT = 20261125, 40, 0.99
AT = date(2026, 10, 1)


def birth(text: str) -> str | None:
    return normalise_date(text, at=AT, role=DateRole.BIRTH).value


READERS: dict[str, tuple[Callable[[Random], Iterator[Sample]], Callable[[str], str | None]]] = {
    "phone": (notations.phones, lambda text: normalise_phone(text).value),
    "birth_date": (notations.dates, birth),
    "email": (notations.emails, lambda text: normalise_email(text).value),
    "kana": (notations.readings, lambda text: normalise_kana(text).value),
    "postal_code": (notations.postal_codes, lambda text: normalise_postal(text).value),
}


@pytest.mark.parametrize("field", sorted(READERS))
def test_other_values_are_normalised_exactly(field: str) -> None:
    samples, read = READERS[field]
    draw = Random(SEED)  # noqa: S311 # samples, not secrets
    made = [sample for _ in range(ROUNDS) for sample in samples(draw)]
    wrong = [(s.text, s.value, got) for s in made if (got := read(s.text)) != s.value]
    assert 1 - len(wrong) / len(made) >= EXACT, wrong[:20]


SAME_PLACE = (
    ("東京都千代田区丸の内一丁目二番三号", "東京都千代田区丸の内1-2-3"),
    ("東京都千代田区丸の内１−２−３", "千代田区丸の内1丁目2番3号"),
    ("東京都千代田区丸の内1の2の3", "東京都千代田区丸の内一の二の三"),
    ("石川県金沢市尾張町2ノ16ノ5", "石川県金沢市尾張町2-16-5"),
    ("茨城県つくば市大字上郷123番地", "茨城県つくば市上郷123"),
    ("長野県松本市字北深志10", "松本市北深志10番地"),
    ("京都府京都市中京区烏丸通四条上る笋町689", "京都市中京区笋町689"),
    ("北海道札幌市中央区北五条西2丁目5番地", "札幌市中央区北5条西2-5"),
    ("東京都千代田区霞ヶ関1-2-3", "東京都千代田区霞が関1-2-3"),
    ("東京都新宿区西新宿2-8-1-501", "東京都新宿区西新宿2-8-1 青空ビル501号室"),
    ("福岡市博多区博多駅前３－２５－２１　４０２号室", "福岡市博多区博多駅前3-25-21 402"),
)
OTHER_PLACE = (
    ("東京都千代田区丸の内1-2-3", "東京都千代田区丸の内1-2-4"),
    ("札幌市中央区北5条西2-5", "札幌市中央区北6条西2-5"),
    ("京都市中京区笋町689", "京都市中京区手洗水町689"),
)


@pytest.mark.parametrize(("one", "other"), SAME_PLACE)
def test_one_place_has_one_key(one: str, other: str) -> None:
    a, b = address_key(one), address_key(other)
    assert a.place == b.place
    assert not (a.room and b.room) or a.room == b.room


@pytest.mark.parametrize(("one", "other"), OTHER_PLACE)
def test_two_places_have_two_keys(one: str, other: str) -> None:
    assert address_key(one).place != address_key(other).place


def test_a_room_behind_the_house_number_is_a_room() -> None:
    found = address_key("東京都新宿区西新宿2-8-1-501")
    assert found == AddressKey(town="新宿区西新宿", numbers="2-8-1", room="501")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("㈱青空商事", "青空商事（株）"),
        ("カ）アオゾラ", "アオゾラ(株)"),
        ("株式会社 ブルー・スカイ", "ブルースカイ㈱"),
        ("Blue Sky Co., Ltd.", "ＢＬＵＥ　ＳＫＹ"),
        ("医）青空会", "医療法人 青空会"),
    ],
)
def test_one_company_has_one_key(one: str, other: str) -> None:
    assert company_key(one) == company_key(other)
