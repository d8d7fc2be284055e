"""Values of an answer as people read them: one language, days in words, the rest as it is."""

import pytest

from dsar.answer_words import in_words
from governance.core.terms import Lang
from policies.types import Label

READ = (
    ("person.sex", "女性 / female", Label(ja="女性", en="female")),
    ("person.acquisition_method", "電話 / telephone", Label(ja="電話", en="telephone")),
    ("consent.purpose", "配信 / News", Label(ja="配信", en="News")),
    ("provision.items", "氏名 / Name、住所 / Address", Label(ja="氏名、住所", en="Name, Address")),
    ("person.birth_date", "1941-07-09", Label(ja="1941年7月9日", en="9 Jul 1941")),
    ("person.mobile", "+817052133868", Label(ja="070-5213-3868", en="070-5213-3868")),
    ("person.phone", "+81335818111", Label(ja="03-3581-8111", en="03-3581-8111")),
    ("person.phone", "+81501234567", Label(ja="0501234567", en="0501234567")),
    ("contact.phone", "+442071838750", Label(ja="+44 20 7183 8750", en="+44 20 7183 8750")),
    ("purchase.amount", "-12780", Label(ja="-12,780円", en="-12,780 yen")),
    ("consent.notice", "ご案内 / Offers", Label(ja="ご案内", en="Offers")),
    (
        "collection.notices",
        "甲、乙（版 1） / A, B (version 1)\n丙（版 2） / C (version 2)",
        Label(ja="甲、乙（版 1）\n丙（版 2）", en="A, B (version 1)\nC (version 2)"),
    ),
    ("person.registered_on", "2011-06-10", Label(ja="2011年6月10日(金)", en="Fri 10 Jun 2011")),
    *(
        ("x.at", value, Label(ja="2026年11月27日(金) 17:34", en="Fri 27 Nov 2026, 17:34"))
        for value in ("2026-11-27 08:34:28.919236+00:00", "2026-11-27T08:34:28+00:00")
    ),
)
AS_IT_IS = (
    "架空 / invented",
    "2026-13-40",
    "2026-11-27 99:00:00+00:00",
    "2026-11-27まで",
    "C000604",
    "+817052133868",
)


@pytest.mark.parametrize(("name", "value", "read"), READ)
def test_a_value_is_read_in_one_language(name: str, value: str, read: Label) -> None:
    assert Label(ja=in_words(name, value, Lang.JA), en=in_words(name, value, Lang.EN)) == read


@pytest.mark.parametrize("value", AS_IT_IS)
def test_what_is_not_ours_stays_letter_for_letter(value: str) -> None:
    assert {in_words("person.notes", value, lang) for lang in Lang} == {value}
