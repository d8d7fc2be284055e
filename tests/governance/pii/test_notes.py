"""Names and places as notes and lists write them: what is found, with its bounds.

〔…〕 marks each name, 〈…〉 each address; both must be found as marked and no other of these kinds.
"""

import re

import pytest

from governance.pii.engine import Analyzer
from governance.pii.types import Entity

MARK = re.compile(r"[〔〈]([^〕〉]+)[〕〉]")
NOTES = [
    "集金 〔沼〕さん済、〔茂木〕さん口座",
    "皆さん、奥さん、お客さんへ",
    "ペンキ塗りたて。近藤塗装さん明日も来ます",
    "長沢建具さん見積り3社目",
    "福岡 支店長が不在",
    "教育委員会の〔藤森〕委員、〔佐藤〕教諭",
    "【会費】\n〔大友〕 済\n〔千田〕 済\n〔相沢〕 未",
    "〔佐藤 花子〕（インフル）〔鈴木 一郎〕（ベトナム）",
    "〔佐藤 花子〕（〔サトウ ハナコ〕）",
    "出席 〔秋月 涼〕/〔星 真弓〕",
    "新人 〔桑名 茂〕・〔佐久間 凛〕",
]
PLACES = [
    "① 大河内さん 〈小山町 14-6〉",
    "配達 三浦様 〈三田井 718〉 13時まで",
    "粗大ごみ 〈下奈良一丁堤 31〉 たんす1",
    "工事立会 〈緑町2の5 光ハイツ103〉",
    "現 〈行田市城西4-7-3〉 エレベーターなし3F",
    "自衛隊 習志野 330 さ 12-34",
    "広島 3名、日本橋 5時、青葉台 11/3",
]


def marked(line: str) -> tuple[str, list[tuple[int, int]]]:
    text, places, at = "", [], 0
    for mark in MARK.finditer(line):
        text += line[at : mark.start()]
        places.append((len(text), len(text) + len(mark[1])))
        text, at = text + mark[1], mark.end()
    return text + line[at:], places


def found(analyzer: Analyzer, text: str, entity: Entity) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in analyzer.analyze(text) if one.entity is entity]


@pytest.mark.parametrize("line", NOTES)
def test_names_of_notes_are_found_as_they_stand(analyzer: Analyzer, line: str) -> None:
    text, places = marked(line)
    assert found(analyzer, text, Entity.PERSON) == places


@pytest.mark.parametrize("line", PLACES)
def test_towns_without_their_city_are_found_where_a_house_follows(
    rules: Analyzer, line: str
) -> None:
    text, places = marked(line)
    assert found(rules, text, Entity.ADDRESS) == places


def test_surname_before_a_given_name_is_one_name(analyzer: Analyzer) -> None:
    text = "Customer: O'Connor, Dmitri, DOB 12 November 1998"
    spans = [one for one in analyzer.analyze(text, "en") if one.entity is Entity.PERSON]
    assert [text[one.start : one.end] for one in spans] == ["O'Connor, Dmitri"]


def test_trade_before_a_surname_introduces_it(rules: Analyzer) -> None:
    assert found(rules, "配達員佐藤が門を開けた", Entity.PERSON) == [(3, 5)]


def test_kind_of_account_may_follow_its_number(rules: Analyzer) -> None:
    assert len(found(rules, "返金先：2219834（普通）", Entity.BANK_ACCOUNT)) == 1
