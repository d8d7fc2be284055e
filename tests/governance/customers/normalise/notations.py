"""Invented values in every notation that registers show, with what each must become.

Made by a seeded generator from other digits, days and words than any sample file has. Numbers
come from ranges that are not in service or are random; hosts are reserved names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import jaconv

WIDE = str.maketrans("0123456789-()+./ ", "０１２３４５６７８９－（）＋．／　")
KANJI = "〇一二三四五六七八九"
ERAS = (
    ("令和", "R", "㋿", date(2019, 5, 1), 2018),
    ("平成", "H", "㍻", date(1989, 1, 8), 1988),
    ("昭和", "S", "㍼", date(1926, 12, 25), 1925),
    ("大正", "T", "㍽", date(1912, 7, 30), 1911),
)
HYPHENS = "-‐−ー－–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One written value and what it says; none: it cannot be known."""

    text: str
    value: str | None


Make = Callable[[Random], Sample]


def wide(text: str) -> str:
    return text.translate(WIDE)


def kanji_number(number: int) -> str:
    """十, 二十三: numbers below a hundred as they are spoken."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else KANJI[tens] + "十")
    return (head + (KANJI[ones] if ones else "")) or KANJI[0]


# Telephone numbers


def _digits(draw: Random, count: int) -> str:
    while True:
        found = "".join(draw.choice("123456789") for _ in range(count))
        if len(set(found)) >= min(count, 3):
            return found


def parts_of(draw: Random) -> tuple[str, str, str]:
    """Area or prefix, exchange, subscriber."""
    kind = draw.randrange(6)
    if kind == 0:
        return draw.choice(("03", "06")), _digits(draw, 4), _digits(draw, 4)
    if kind == 1:
        return draw.choice(("045", "052", "011", "092")), _digits(draw, 3), _digits(draw, 4)
    if kind == 2:
        return draw.choice(("0467", "0263", "0985")), _digits(draw, 2), _digits(draw, 4)
    if kind == 3:
        return "0120", _digits(draw, 3), _digits(draw, 3)
    prefix = draw.choice(("070", "080", "090", "050"))
    return prefix, _digits(draw, 4), _digits(draw, 4)


def _hyphen(draw: Random, *words: str) -> str:
    sign = draw.choice(HYPHENS)
    return sign.join(words)


PHONES: dict[str, Callable[[Random, str, str, str], str]] = {
    "hyphens": _hyphen,
    "wide": lambda draw, a, b, c: wide(_hyphen(draw, a, b, c)),
    "plain": lambda _, a, b, c: a + b + c,
    "brackets": lambda _, a, b, c: f"{a}({b}){c}",
    "brackets_first": lambda _, a, b, c: f"（{a}）{b}-{c}",
    "spaces": lambda _, a, b, c: f"{a} {b} {c}",
    "dots": lambda _, a, b, c: f"{a}.{b}.{c}",
    "international": lambda _, a, b, c: f"+81-{a[1:]}-{b}-{c}",
    "international_zero": lambda _, a, b, c: f"+81 (0){a[1:]}-{b}-{c}",
    "international_wide": lambda _, a, b, c: wide(f"+81 {a[1:]} {b} {c}"),
    "country_in_brackets": lambda _, a, b, c: f"(+81){a[1:]}-{b}-{c}",
    "dialled_from_abroad": lambda _, a, b, c: f"0081-{a[1:]}-{b}-{c}",
    "label": lambda draw, a, b, c: draw.choice(("TEL:", "℡", "電話：", "Tel. ")) + f"{a}-{b}-{c}",
    "extension": lambda draw, a, b, c: (
        f"{a}-{b}-{c}" + draw.choice((" 内線12", "（内線345）", "内21"))
    ),
    "remark": lambda draw, a, b, c: (
        f"{a}-{b}-{c}" + draw.choice(("(代)", "（夫）", " 直通", "（携帯）"))
    ),
    "who": lambda draw, a, b, c: draw.choice(("代表 ", "自宅：", "携帯:")) + f"{a}-{b}-{c}",
    "apostrophe": lambda _, a, b, c: f"'{a}{b}{c}",
    "two": lambda draw, a, b, c: (
        f"{a}-{b}-{c}" + draw.choice(("/", "、", "・", " ")) + "080-2468-1357"
    ),
}


def phones(draw: Random) -> Iterator[Sample]:
    """One number in each notation, and numbers that are none."""
    for style in PHONES.values():
        a, b, c = parts_of(draw)
        yield Sample(text=style(draw, a, b, c), value=f"+81{a[1:]}{b}{c}")
    mobile = "90" + _digits(draw, 8)
    yield Sample(text=mobile, value="+81" + mobile)  # the zero that a spreadsheet swallowed
    yield Sample(text=mobile + ".0", value="+81" + mobile)
    a, b, c = parts_of(draw)
    for broken in (f"{a}-{b}-{c}5", f"{a}-{b}", "9.01E+09", "なし", f"{a}-{b}-XXXX"):
        yield Sample(text=broken, value=None)


# Dates


def eras_of(day: date) -> tuple[str, str, str, int]:
    """Name, letter, sign and year in the era of a day."""
    for name, letter, sign, first, before in ERAS:
        if day >= first:
            return name, letter, sign, day.year - before
    raise ValueError


def first_year(day: date) -> str:
    """元 for the first year of an era."""
    count = eras_of(day)[3]
    return "元" if count == 1 else str(count)


def one_by_one(year: int) -> str:
    """一九八五."""
    return "".join(KANJI[int(c)] for c in str(year))


def month_and_day(day: date) -> str:
    """四月二十三日."""
    return f"{kanji_number(day.month)}月{kanji_number(day.day)}日"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DATES: dict[str, Callable[[date], str]] = {
    "slashes": lambda d: f"{d.year}/{d.month}/{d.day}",
    "iso": lambda d: d.isoformat(),
    "dots": lambda d: f"{d.year}.{d.month:02}.{d.day:02}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "kanji": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "wide": lambda d: wide(f"{d.year}/{d.month:02}/{d.day:02}"),
    "middle_dots": lambda d: f"{d.year}・{d.month}・{d.day}",
    "time": lambda d: f"{d.year}/{d.month}/{d.day} 0:00:00",
    "time_of_day": lambda d: f"{d.year}/{d.month}/{d.day} AM 9:30",
    "kanji_digits": lambda d: f"{one_by_one(d.year)}年{month_and_day(d)}",
    "era": lambda d: f"{eras_of(d)[0]}{eras_of(d)[3]}年{d.month}月{d.day}日",
    "era_first": lambda d: f"{eras_of(d)[0]}{first_year(d)}年{d.month}月{d.day}日",
    "era_letter": lambda d: f"{eras_of(d)[1]}{eras_of(d)[3]}.{d.month}.{d.day}",
    "era_letter_wide": lambda d: wide(f"{eras_of(d)[1]}{eras_of(d)[3]}/{d.month}/{d.day}"),
    "era_sign": lambda d: f"{eras_of(d)[2]}{eras_of(d)[3]}年{d.month}月{d.day}日",
    "era_short": lambda d: f"{eras_of(d)[0][0]}{eras_of(d)[3]}.{d.month}.{d.day}",
    "era_kanji": lambda d: f"{eras_of(d)[0]}{kanji_number(eras_of(d)[3])}年{month_and_day(d)}生",
    "era_compact": lambda d: f"{eras_of(d)[1]}{eras_of(d)[3]:02}{d.month:02}{d.day:02}",
    "both": lambda d: f"{d.year}年({eras_of(d)[0]}{eras_of(d)[3]}年){d.month}月{d.day}日",
    "spaced": lambda d: f"{eras_of(d)[0]} {eras_of(d)[3]} 年 {d.month} 月 {d.day} 日",
    "german": lambda d: f"{d.day:02}.{d.month:02}.{d.year}",
    "words": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
}
IMPOSSIBLE = (
    "昭和65年4月1日",
    "昭和64年1月8日",
    "平成31年5月1日",
    "大正16年1月1日",
    "2月30日",
    "1987/2/29",
    "1987/13/1",
    "87/4/5",
    "1987/4",
    "1987年",
    "S62",
    "不明",
    "1900/01/01",
    "3011/1/1",
    "1999年(平成10年)4月5日",
)


def dates(draw: Random) -> Iterator[Sample]:
    """One day of each era in each notation, and days that cannot be known."""
    for style in DATES.values():
        day = date(1912, 7, 31) + timedelta(days=draw.randrange(41_000))
        yield Sample(text=style(day), value=day.isoformat())
    for text in IMPOSSIBLE:
        yield Sample(text=text, value=None)


# E-mail addresses

WORDS = ("umi", "sora", "kaze", "mori", "hoshi", "nami", "tsuki", "yuki")
HOSTS = ("example.com", "example.net", "mail.example.org", "example.co.jp")
EMAILS: dict[str, Callable[[str, str], str]] = {
    "plain": lambda a, h: f"{a}@{h}",
    "capitals": lambda a, h: f"{a.title()}@{h.upper()}",
    "wide": lambda a, h: "".join(chr(ord(c) + 0xFEE0) for c in f"{a}@{h}"),
    "wide_at": lambda a, h: f"{a}＠{h}",
    "mailto": lambda a, h: f"mailto:{a}@{h}",
    "angle": lambda a, h: f"海野 そら <{a}@{h}>",
    "label": lambda a, h: f"Eメール：{a}@{h}",
    "remark": lambda a, h: f"{a}@{h}（自宅）",
    "edges": lambda a, h: f"\u3000{a}@{h} ",
    "two": lambda a, h: f"{a}@{h}; other@example.com",
    "two_spaced": lambda a, h: f"{a}@{h} other@example.com",
    "ideographic_dot": lambda a, h: f"{a}@{h}".replace(".", "。") if "." not in a else f"{a}@{h}",
}


def emails(draw: Random) -> Iterator[Sample]:
    """One address in each notation, IDN hosts, and what is no address."""
    for style in EMAILS.values():
        local = draw.choice(WORDS) + draw.choice((".", "_", "-", "+", "")) + _digits(draw, 4)
        host = draw.choice(HOSTS)
        yield Sample(text=style(local, host), value=f"{local}@{host}")
    word = draw.choice(WORDS)
    yield Sample(text=f"{word}@例え.example", value=f"{word}@xn--r8jz45g.example")
    yield Sample(text=f"{word}@bücher.example", value=f"{word}@xn--bcher-kva.example")
    yield Sample(text=f"{word}..1@example.com", value=f"{word}..1@example.com")
    for text in (
        f"{word}@",
        f"@{word}.example",
        f"{word}@@example.com",
        f"{word}@example",
        f".{word}@example.com",
        f"{word}(at)example.com",
        f"{word}@example.com様",
        f"{word}@example,com",
        f"{word} @example.com",
    ):
        yield Sample(text=text, value=None)


# Readings

READINGS = (
    "ウミノ ソラ",
    "ホッタ ジュンコ",
    "リュウ ショウタ",
    "ミヨシ キョウヘイ",
    "ニッタ ケンイチ",
    "ショウジ ユウキ",
    "トシマ ミユウ",
    "ヒョウドウ レン",
    "チヨダ ハルオ",
    "キクチ リョウ",
)
SMALL = str.maketrans("ァィゥェォッャュョ", "アイウエオツヤユヨ")


def half(text: str) -> str:
    return jaconv.z2h(text, kana=True)


def hiragana(text: str) -> str:
    return jaconv.kata2hira(text)


def readings(draw: Random) -> Iterator[Sample]:
    """One reading in each notation, and what is no reading."""
    for style in (
        str,
        half,
        hiragana,
        lambda t: t.replace(" ", "　"),
        lambda t: f"{t} 様",
        lambda t: t.replace(" ", "・"),
        lambda t: f" {t}　",
        lambda t: t.translate(SMALL),
    ):
        reading = draw.choice(READINGS)
        yield Sample(text=style(reading), value=reading)
    for text in ("海野 そら", "Umino Sora", "？？？", "なし"):
        yield Sample(text=text, value=None)


# Postal codes

POSTAL: dict[str, Callable[[str], str]] = {
    "hyphen": lambda c: f"{c[:3]}-{c[3:]}",
    "plain": lambda c: c,
    "wide": lambda c: wide(f"{c[:3]}-{c[3:]}"),
    "mark": lambda c: f"〒{c[:3]}-{c[3:]}",
    "mark_wide": lambda c: wide(f"〒 {c[:3]}－{c[3:]}"),
    "space": lambda c: f"{c[:3]} {c[3:]}",
    "long_mark": lambda c: f"{c[:3]}ー{c[3:]}",
    "float": lambda c: f"{c}.0",
    "number": lambda c: c.lstrip("0"),
}
CODES = ("0600001", "9800811", "1000005", "2310023", "4600002", "5300001", "7300011", "8100001")


def postal_codes(draw: Random) -> Iterator[Sample]:
    """One code in each notation, and what is none."""
    for style in POSTAL.values():
        code = draw.choice(CODES)
        yield Sample(text=style(code), value=f"{code[:3]}-{code[3:]}")
    for text in ("100-005", "12345678", "000-0000", "なし", "1OO-OOO5"):
        yield Sample(text=text, value=None)
