"""What stands beside a word and says that it is no name, and what does not say so."""

import pytest

from governance.pii.document import Document
from governance.pii.engine import Analyzer
from governance.pii.learned.vetoes import no_person

THINGS = [
    "正しくは「【佐東】商会」です",
    "紹介状　【磯貝】内科医院",
    "和IC降りて右、【武田】通りを北へ",
    "㈱【アスカ】　法人営業部",
    "車両 【川崎】 302 め 5-67",
    "（りそな　【堺】　普通 1234567）",
    "池田泉州・【難波】・当座・1234567",
    "前泊地 【松山】　行先地 徳島",
    "【佐久】の各店に見本を送付",
    "（ハマダ ケイ 【中野】⇔大宮）",
    "ｷｾｯﾄ 【ｹﾝｻｸ ｼﾞﾕｳｼﾖ】",
    "演奏会（【パリ】）は来月",
    "ホスト名 PC-【KEIRI】-04",
    "Stock は OK、【price】 は TBC",
    "【十月】に母が九十",
    "ところ【々々】",
]
PERSONS = [
    "【佐藤】店長に確認",
    "【大西】園長と【森】駅長",
    "取引先の【磯貝】さん、内科の予約",
    "名義 【山田 太郎】　普通 1234567",
    "名義 【小鳥遊】　普通 1234567",
    "㈱【山田 太郎】",
    "担当 【佐東】 商品は後日",
    "ﾀﾝﾄｳ 【ﾐﾔｼﾀ】",
    "spoke with 【Naomi】.",
]


def marked(line: str) -> list[tuple[str, int, int]]:
    places, plain = [], ""
    for part in line.split("【"):
        surface, closed, rest = part.partition("】")
        if closed:
            places.append((len(plain), len(plain) + len(surface)))
        plain += surface + rest
    return [(plain, start, end) for start, end in places]


@pytest.mark.parametrize("line", THINGS)
def test_words_beside_say_that_it_is_no_person(line: str) -> None:
    assert all(no_person(*place) for place in marked(line))


@pytest.mark.parametrize("line", PERSONS)
def test_words_beside_leave_a_person(line: str) -> None:
    assert not any(no_person(*place) for place in marked(line))


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("本日、佐藤がうかがいました。", True),
        ("一つ目の文。\n二つ目の文（追記）\n", True),
        ("佐藤 折返し要", False),
        ("本日の件です。\n・佐藤 済", False),
        ("", False),
    ],
)
def test_lines_that_all_end_as_sentences_are_prose(text: str, *, prose: bool) -> None:
    assert Document(text, "ja").is_prose is prose


def test_honorific_suffices_in_notes_without_the_tagger(analyzer: Analyzer) -> None:
    text = "入金：北様、南様、西様"
    assert {text[span.start : span.end] for span in analyzer.analyze(text)} >= {"北", "南", "西"}
