"""An invented register (架空) from a seed: households, twins, homonyms, known duplicates."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

FAMILIES = [
    ("佐野", "サノ"),
    ("相沢", "アイザワ"),
    ("大泉", "オオイズミ"),
    ("木暮", "コグレ"),
    ("桐生", "キリュウ"),
    ("土肥", "ドイ"),
    ("柏木", "カシワギ"),
    ("八代", "ヤシロ"),
    ("南雲", "ナグモ"),
    ("百武", "ヒャクタケ"),
    ("渡辺", "ワタナベ"),
    ("高田", "タカダ"),
    ("島本", "シマモト"),
    ("斎藤", "サイトウ"),
    ("浜野", "ハマノ"),
    ("富永", "トミナガ"),
    ("国分", "コクブ"),
    ("真壁", "マカベ"),
    ("滝本", "タキモト"),
    ("桜庭", "サクラバ"),
    ("広田", "ヒロタ"),
    ("竜崎", "リュウザキ"),
    ("峰岸", "ミネギシ"),
    ("梅原", "ウメハラ"),
    ("三枝", "サエグサ"),
]
GIVENS = [
    ("修", "オサム"),
    ("敦子", "アツコ"),
    ("健人", "ケント"),
    ("千佳", "チカ"),
    ("浩二", "コウジ"),
    ("真由", "マユ"),
    ("隼人", "ハヤト"),
    ("弥生", "ヤヨイ"),
    ("達郎", "タツロウ"),
    ("奈々", "ナナ"),
    ("勇気", "ユウキ"),
    ("紗季", "サキ"),
    ("義明", "ヨシアキ"),
    ("多恵", "タエ"),
    ("光", "ヒカル"),
    ("大地", "ダイチ"),
    ("美咲", "ミサキ"),
    ("正人", "マサト"),
    ("和代", "カズヨ"),
    ("雅", "ミヤビ"),
    ("信吾", "シンゴ"),
    ("典子", "ノリコ"),
    ("俊", "シュン"),
    ("遥", "ハルカ"),
    ("一平", "イッペイ"),
    ("恵理", "エリ"),
    ("匠", "タクミ"),
    ("直子", "ナオコ"),
    ("治", "ハル"),
    ("麻由", "マヨ"),
]
TOWNS = [
    (f"{100 + 7 * i:03}-{i * 13 % 10000:04}", f"架空県{name}市{town}町", f"0{21 + i}")
    for i, (name, town) in enumerate((n, t) for n in "青赤白黒緑" for t in "東西南北中")
]
VARIANTS = {
    "沢": "澤",
    "高": "髙",
    "島": "嶋",
    "斎": "齋",
    "浜": "濱",
    "富": "冨",
    "国": "國",
    "真": "眞",
    "滝": "瀧",
    "桜": "櫻",
    "広": "廣",
    "竜": "龍",
    "崎": "﨑",
    "峰": "峯",
    "辺": "邊",
}

Cells = dict[str, str]


@dataclass(slots=True)
class Register:
    """Cells of every row, and which rows are of one person."""

    rows: list[Cells] = field(default_factory=list)
    clusters: list[tuple[int, ...]] = field(default_factory=list)


def invented_register(seed: int, *, persons: int, duplicates: int) -> Register:
    """A register of invented people in which `duplicates` persons stand twice or more."""
    dice = random.Random(seed)  # noqa: S311 -- invented people, no secrets
    people: list[Cells] = []
    while len(people) < persons:
        people += _household(dice, len(people))
    people = people[:persons]
    entries = [(number, person) for number, person in enumerate(people)]
    for number in dice.sample(range(persons), duplicates):
        for _ in range(1 + (dice.random() < 0.1)):
            again = _again(dice, people[number])
            entries = [*entries, (number, again)]
    dice.shuffle(entries)
    homes: dict[int, list[int]] = {}
    for row, (number, _) in enumerate(entries, 1):
        homes.setdefault(number, []).append(row)
    clusters = sorted(tuple(rows) for rows in homes.values() if len(rows) > 1)
    return Register(rows=[person for _, person in entries], clusters=clusters)


def _household(dice: random.Random, number: int) -> list[Cells]:
    """One to four people under a roof, who share address, landline and sometimes more."""
    family, reading = dice.choice(FAMILIES)
    postal, town, area = dice.choice(TOWNS)
    room = f"　コーポ架空{dice.randint(101, 909)}号室" if dice.random() < 0.4 else ""
    address = f"{town}{dice.randint(1, 9)}-{dice.randint(1, 30)}-{dice.randint(1, 20)}{room}"
    landline = (
        f"{area}-{dice.randint(200, 999)}-{dice.randint(0, 9999):04}"[:12]
        if dice.random() < 0.7
        else ""
    )
    landline = landline if len(landline.replace("-", "")) == 10 else ""
    members: list[Cells] = []
    born = _some_day(dice)
    for given, given_kana in dice.sample(GIVENS, dice.choice([1, 1, 2, 3, 4])):
        born = born if members and dice.random() < 0.05 else _some_day(dice)  # twins
        mobile = f"0{dice.choice('789')}0-{dice.randint(1000, 9999)}-{dice.randint(0, 9999):04}"
        email = f"{chr(97 + number % 26)}{dice.randint(10_000, 999_999)}@example.com"
        if members and dice.random() < 0.1:
            email = members[0]["メールアドレス"]
        if members and dice.random() < 0.1:
            mobile = members[0]["携帯番号"]
        members.append({
            "氏名": f"{family}　{given}", "フリガナ": f"{reading}　{given_kana}",
            "生年月日": born.strftime("%Y/%m/%d"), "郵便番号": postal, "住所": address,
            "電話番号": landline, "携帯番号": mobile if dice.random() < 0.85 else "",
            "メールアドレス": email if dice.random() < 0.8 else "", "登録日": "2020/04/01",
        })  # fmt: skip
    return members


def _some_day(dice: random.Random) -> date:
    return date(1935, 1, 1) + timedelta(days=dice.randint(0, 31_000))


def _again(dice: random.Random, person: Cells) -> Cells:
    """The same person entered once more: other notation, and often one thing changed."""
    cells = {**person}
    for change in dice.sample(NOTATIONS, 3):
        change(dice, cells)
    if dice.random() < 0.6:
        dice.choice(CHANGES)(dice, cells)
    return cells


def _variant_kanji(_: random.Random, cells: Cells) -> None:
    cells["氏名"] = "".join(VARIANTS.get(c, c) for c in cells["氏名"])


def _no_space(_: random.Random, cells: Cells) -> None:
    cells["氏名"] = cells["氏名"].replace("　", "")


def _hiragana(_: random.Random, cells: Cells) -> None:
    cells["フリガナ"] = "".join(
        chr(ord(c) - 96) if "ァ" <= c <= "ヶ" else c for c in cells["フリガナ"]
    )


def _wide_digits(_: random.Random, cells: Cells) -> None:
    cells["携帯番号"] = cells["携帯番号"].translate(
        str.maketrans("0123456789-", "０１２３４５６７８９－")
    )


def _upper(_: random.Random, cells: Cells) -> None:
    cells["メールアドレス"] = cells["メールアドレス"].upper()


def _blocks(_: random.Random, cells: Cells) -> None:
    head, *rest = cells["住所"].split("-")
    if len(rest) == 2:
        lot, tail = rest[1][:2].rstrip("　"), rest[1][len(rest[1][:2].rstrip("　")) :]
        cells["住所"] = f"{head}丁目{rest[0]}番{lot}号{tail}"


def _no_prefecture(_: random.Random, cells: Cells) -> None:
    cells["住所"] = cells["住所"].removeprefix("架空県")


def _showa(_: random.Random, cells: Cells) -> None:
    year, month, day = cells["生年月日"].split("/")
    if 1927 <= int(year) <= 1988:
        cells["生年月日"] = f"昭和{int(year) - 1925}年{int(month)}月{int(day)}日"


def _new_mobile(dice: random.Random, cells: Cells) -> None:
    if cells["携帯番号"]:
        cells["携帯番号"] = f"090-{dice.randint(1000, 9999)}-{dice.randint(0, 9999):04}"


def _new_email(dice: random.Random, cells: Cells) -> None:
    if cells["メールアドレス"]:
        cells["メールアドレス"] = f"n{dice.randint(10_000, 999_999)}@example.org"


def _no_birth(_: random.Random, cells: Cells) -> None:
    cells["生年月日"] = ""


def _no_address(_: random.Random, cells: Cells) -> None:
    cells["住所"] = ""


def _no_reading(_: random.Random, cells: Cells) -> None:
    cells["フリガナ"] = ""


def _new_family(dice: random.Random, cells: Cells) -> None:
    name, reading = dice.choice(FAMILIES)
    for column, new in (("氏名", name), ("フリガナ", reading)):
        written = cells[column].replace("　", " ")
        if " " in written:
            cells[column] = f"{new}　{written.partition(' ')[2]}"
        else:
            return


NOTATIONS: list[Callable[[random.Random, Cells], None]] = [
    _variant_kanji, _no_space, _hiragana, _wide_digits, _upper, _blocks, _no_prefecture, _showa,
]  # fmt: skip
CHANGES: list[Callable[[random.Random, Cells], None]] = [
    _new_mobile, _new_email, _no_birth, _no_address, _no_reading, _new_family,
]  # fmt: skip
