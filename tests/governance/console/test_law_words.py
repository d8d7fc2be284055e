"""Articles, duties and days in the words of Japanese statutes."""

import re
from datetime import date

import pytest

from governance.console.law_pages import HIDDEN, _term
from governance.console.law_words import article_words, day_words, duty_term, item_labels
from governance.core.terms import Lang
from governance.i18n.actors import actor_name
from governance.ui.words import country_name
from policies.law.answers import law_show
from policies.law.in_force import law_in_force
from policies.law.load import rules_of

JAPANESE = re.compile("[ぁ-んァ-ヶ一-龥]")
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")
DAY = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("article", "said"),
    [
        ("30, Rules 22-25", "個人情報保護法30条、規則22条から25条まで"),
        ("27(5)(iii), (6)", "個人情報保護法27条5項3号、6項"),
        ("32(2),(3)", "個人情報保護法32条2項、3項"),
        ("26(1) proviso, Rule 9", "個人情報保護法26条1項ただし書、規則9条"),
        ("32(1), Order 10", "個人情報保護法32条1項、施行令10条"),
        ("27(2)-(4), Rule 11", "個人情報保護法27条2項から4項まで、規則11条"),
        ("29の4", "個人情報保護法29条の4"),
        ("44-46", "個人情報保護法44条から46条まで"),
        ("20 / GL 4-3-(4)", "個人情報保護法20 / GL 4-3-(4)"),
    ],
)
def test_an_article_reads_as_a_statute_says_it(article: str, said: str) -> None:
    assert article_words("APPI", article, Lang.JA) == said
    assert article_words("APPI", article, Lang.EN) == f"APPI {article}"


def test_every_law_of_the_duties_has_a_name() -> None:
    names = {one.law for one in rules_of(law_in_force(), DAY).obligations.values()}
    for lang in Lang:
        said = [article_words(name, "1", lang) for name in names]
        assert not [one for one in said if "Act1" in one or "APPI-" in one]


def test_a_duty_leads_to_its_entry_and_an_unknown_one_stays_bare() -> None:
    term = duty_term("義務", "APPI-30", Lang.JA, on=DAY)
    assert (term.text[:10], term.href) == ("個人情報保護法30条", "/console/law/APPI-30")
    assert duty_term("義務", "OTHER-1", Lang.JA, on=DAY).href == ""


def test_codes_are_words_and_unknown_ones_stay() -> None:
    assert item_labels(("person.name", "own.field"), Lang.JA) == "氏名、own.field"
    assert country_name("US", Lang.JA) == "アメリカ合衆国"
    assert country_name("Atlantis", Lang.EN) == "Atlantis"
    assert actor_name("u:taro", Lang.JA) == "taro"
    assert actor_name("p:0d37580d", Lang.EN) == "the customer"
    assert actor_name("svc:shop", Lang.JA) == "shop（システム）"
    assert day_words("by 2028-07-16", Lang.JA) == "2028年7月16日(日)まで"
    assert day_words("within 30 days", Lang.JA) == "within 30 days"


@pytest.mark.parametrize("lang", list(Lang))
def test_what_the_shipped_law_says_is_no_code_and_on_a_japanese_page_japanese(lang: Lang) -> None:
    book = law_in_force()
    rules = rules_of(book, DAY)
    entries = (
        *rules.obligations, *rules.rules, *rules.retention_rules, *book.switches, *book.amendments,
    )  # fmt: skip
    bare = set()
    for entry in entries:
        found = law_show(entry, at=DAY, book=book)
        for name in found.keys() - HIDDEN - {"article", "version"}:
            said = _term(name, found[name], rules, lang).text
            foreign = not JAPANESE.search(said) if lang is Lang.JA else CODE.search(said)
            if foreign and re.search("[a-z]{3}", said):
                bare.add((name, said))
    assert not bare
