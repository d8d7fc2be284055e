"""Articles, duties and days in the words of Japanese statutes."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from governance.console.law_pages import HIDDEN, _amendment, _term, _title
from governance.console.law_words import (
    article_words,
    day_words,
    duty_term,
    file_words,
    item_labels,
    tongues,
)
from governance.console.lists.law import _duty, _rule, _set
from governance.core.terms import Lang
from governance.i18n.actors import actor_name
from governance.i18n.countries import country_name
from policies.law.answers import Json, law_show
from policies.law.in_force import law_in_force
from policies.law.load import RuleSet, rules_of, shipped, switched
from policies.law.types import Amendment, LawBook

JAPANESE = re.compile("[ぁ-んァ-ヶ一-龥]")
ANY_JAPANESE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
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
    assert article_words("APPI", article, Lang.EN) == f"APPI Art. {article}".replace("の", "-")


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


def books() -> Iterator[tuple[LawBook, RuleSet]]:
    """The law as shipped, and with every prepared rule set switched on."""
    for book in (shipped(), switched(shipped(), shipped().switches)):
        yield book, rules_of(book, DAY)


def entries(book: LawBook, rules: RuleSet) -> Iterator[dict[str, Json]]:
    """Everything that has a page of its own."""
    duties = (*rules.obligations, *rules.rules, *rules.retention_rules)
    for entry in (*duties, *book.switches, *book.amendments):
        yield law_show(entry, at=DAY, book=book)


@pytest.mark.parametrize("lang", list(Lang))
def test_what_the_shipped_law_says_is_no_code_and_in_the_language_of_the_page(lang: Lang) -> None:
    bare = set()
    for book, rules in books():
        for found in entries(book, rules):
            for name in found.keys() - HIDDEN - {"version"}:
                said = _term(name, found[name], rules, lang).text
                foreign = lang is Lang.JA and not JAPANESE.search(said)
                if CODE.search(said) or (foreign and re.search("[a-z]{3}", said)):
                    bare.add((name, said))
    assert not bare


def test_no_japanese_is_on_an_english_law_page_outside_marked_quotes() -> None:
    left = set()
    for book, rules in books():
        for found in entries(book, rules):
            kept = found.keys() - HIDDEN
            left |= {_title(found, Lang.EN), file_words(book.disclaimer, Lang.EN)}
            left |= {_term(name, found[name], rules, Lang.EN).text for name in kept}
            left |= {_term(name, found[name], rules, Lang.EN).term for name in kept}
        left |= {str(words) for one in book.amendments.values() for words in told(one)}
        left |= {
            words
            for one in book.sources.values()
            for words, lang in tongues(one.title)
            if lang is Lang.EN
        }
        left |= {file_words(one.kind, Lang.EN) for one in book.sources.values()}
        left |= set(listed(book, rules))
    assert len(left) > 500  # all of the pages was walked
    assert not {said for said in left if ANY_JAPANESE.search(said)}


def told(one: Amendment) -> tuple[object, ...]:
    return tuple(_amendment(one, Lang.EN).values())


def listed(book: LawBook, rules: RuleSet) -> Iterator[str]:
    """What the three lists of the register show in English."""
    rows = (
        *(_duty(one, rules, Lang.EN) for one in rules.obligations.values()),
        *(_rule(one, rules, Lang.EN) for one in rules.rules.values()),
        *(_set(one, book, Lang.EN) for one in book.switches.values()),
    )
    return (str(cell.value) for one in rows for cell in one.cells.values())


def test_a_title_is_kept_as_written_with_each_language_marked() -> None:
    title = "iuris.jp 労働基準法109条, 143条 (text) and 附則"
    assert "".join(words for words, _ in tongues(title)) == title
    assert tongues(title)[1] == ("労働基準法109条, 143条", Lang.JA)
    assert [lang for _, lang in tongues(title)] == [Lang.EN, Lang.JA, Lang.EN, Lang.JA]
    assert tongues("GDPR text") == (("GDPR text", Lang.EN),)


def test_a_branch_article_and_a_text_without_articles_read_in_both_languages() -> None:
    assert article_words("MyNumberAct", "29の4", Lang.EN) == "My Number Act Art. 29-4"
    assert article_words("MyNumberAct", "29の4", Lang.JA) == "番号法29条の4"
    whole = article_words("APPI-Supplementary", "補完的ルール", Lang.EN)
    assert whole == "Supplementary Rules to the APPI"


def test_parts_of_a_list_are_told_apart_where_one_holds_a_comma() -> None:
    rules = rules_of(shipped(), DAY)
    assert _term("exceptions", ["(i) a", "(ii) b"], rules, Lang.EN).text == "(i) a, (ii) b"
    assert _term("exceptions", ["(i) a, c", "(ii) b"], rules, Lang.EN).text == "(i) a, c; (ii) b"
