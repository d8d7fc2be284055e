"""Write governance/ui/data/readings.tsv: how the kanji of the customers' pages are read.

Every Japanese text that a page of the portal can show is cut into words by Sudachi; a word that is
read in one way stands alone, one that is read in several with what follows it. Readings that the
dictionary gets wrong in our sentences are named here. A test says when the table is out of date.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from sudachipy import Dictionary, SplitMode

from governance.core.terms import Lang
from governance.core.yamls import read_yaml
from governance.i18n import catalogue
from governance.ui.furigana import KANJI, KANJI_RUN

ROOT: Final = Path(__file__).parents[1]
OUT: Final = ROOT / "governance/ui/data/readings.tsv"
DOMAINS: Final = ("portal", "ui", "dsar", "consent", "policies", "sign_on", "signon", "app", "http")
PACKS: Final = ("policies/data/default", "retention/data/default.yaml")
CATALOGUE: Final = "governance/customers/data/catalogue.yaml"
HEAD: Final = "# word, its form with readings; written by scripts/generate_readings.py"
SAID: Final[Mapping[str, str]] = {  # words and phrases that are read as they stand here
    "要配慮": "要配慮[ようはいりょ]", "方": "方[かた]", "方がよい": "方[ほう]がよい",
    "方が確か": "方[ほう]が確[たし]か", "今日": "今日[きょう]",
    "今日中": "今日[きょう]中[じゅう]", "何": "何[なに]", "何度": "何度[なんど]",
    "何年": "何年[なんねん]", "何日": "何日[なんにち]", "何人": "何人[なんにん]",
    "何も": "何[なに]も", "何か": "何[なに]か", "何の": "何[なん]の", "何で": "何[なに]で",
    "他": "他[ほか]", "他人": "他人[たにん]", "間": "間[あいだ]", "後": "後[あと]",
    "前": "前[まえ]", "中": "中[なか]", "下": "下[した]", "上": "上[うえ]", "次": "次[つぎ]",
    "日": "日[ひ]", "人": "人[ひと]", "行う": "行[おこな]う", "行い": "行[おこな]い",
    "行わ": "行[おこな]わ", "行っ": "行[おこな]っ", "行え": "行[おこな]え",
    "入れない": "入[はい]れない", "入れません": "入[はい]れません",
    "入れるように": "入[はい]れるように", "入れます": "入[はい]れます", "入る": "入[はい]る",
    "入り": "入[はい]り", "入っ": "入[はい]っ", "入れ": "入[い]れ", "写し": "写[うつ]し",
    "直す": "直[なお]す", "直し": "直[なお]し", "直せ": "直[なお]せ", "止め": "止[と]め",
    "消す": "消[け]す", "消し": "消[け]し", "消え": "消[き]え", "代わっ": "代[か]わっ",
    "代わる": "代[か]わる", "代わり": "代[か]わり", "控え": "控[ひか]え", "氏名": "氏名[しめい]",
    "名": "名[めい]", "様": "様[さま]", "御社": "御社[おんしゃ]", "当社": "当社[とうしゃ]",
    "貴社": "貴社[きしゃ]", "本人": "本人[ほんにん]", "時": "時[とき]", "所": "所[ところ]",
    "物": "物[もの]", "者": "者[もの]", "同じ": "同[おな]じ", "無い": "無[な]い",
    "家": "家[いえ]", "国": "国[くに]", "紙": "紙[かみ]", "版": "版[はん]", "欄": "欄[らん]",
    "お子": "お子[こ]", "子": "子[こ]", "一覧": "一覧[いちらん]", "一部": "一部[いちぶ]",
    "明日": "明日[あした]", "昨日": "昨日[きのう]", "通": "通[つう]", "社": "社[しゃ]",
    "別": "別[べつ]", "外": "外[そと]", "月": "月[つき]", "金": "金[かね]", "空": "空[から]",
    "国へ": "国[くに]へ", "日と": "日[ひ]と", "年まで": "年[ねん]まで", "名は": "名[めい]は",
    "分）": "分[ぶん]）", "関所": "関所[せきしょ]", "要る": "要[い]る", "要り": "要[い]り",
    "要ら": "要[い]ら", "開く": "開[ひら]く", "開い": "開[ひら]い", "開き": "開[ひら]き",
    "開け": "開[ひら]け", "開か": "開[ひら]か", "空い": "空[あ]い", "難しい": "難[むずか]しい",
    "分かる": "分[わ]かる",
}  # fmt: skip
TO_HIRAGANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
HIRAGANA: Final = re.compile(r"[ぁ-ゖー]+")
Word = tuple[str, str]  # as written, and in hiragana


def texts() -> Iterator[str]:
    """Every Japanese text that a page for customers can show."""
    for name in DOMAINS:
        yield from catalogue.domain(name, Lang.JA).values()
        yield from catalogue.easy(name).values()
    for pack in PACKS:
        place = ROOT / pack
        for path in sorted(place.glob("*.yaml")) if place.is_dir() else (place,):
            yield from _strings(read_yaml(path.read_text("utf-8")))
    yield from _strings(read_yaml((ROOT / CATALOGUE).read_text("utf-8")), key="label")


def _strings(found: object, *, key: str = "") -> Iterator[str]:
    """Texts of a document, of everything or of what stands under one key."""
    if isinstance(found, str):
        if not key:
            yield found
    elif isinstance(found, Mapping):
        for name, value in found.items():
            yield from _strings(value, key="" if name == key else key)
    elif isinstance(found, Iterable):
        for value in found:
            yield from _strings(value, key=key)


def form_of(written: str, reading: str) -> str | None:
    """The word with readings over its kanji alone; None where they cannot be told apart."""
    parts = [part for part in re.split(f"({KANJI}+)", written) if part]
    pattern = "".join("(.+)" if KANJI_RUN.match(one) else re.escape(_kana(one)) for one in parts)
    match = re.fullmatch(pattern, reading)
    if match is None:
        return None
    said = iter(match.groups())
    return "".join(f"{one}[{next(said)}]" if KANJI_RUN.match(one) else one for one in parts)


def _kana(written: str) -> str:
    return written.translate(TO_HIRAGANA)


def readings() -> dict[str, str]:
    """Every entry of the table."""
    cut = Dictionary().tokenizer(mode=SplitMode.C)
    ways: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for text in dict.fromkeys(texts()):
        words = [(one.surface(), _kana(one.reading_form())) for one in cut.tokenize(text)]
        for place, (written, reading) in enumerate(words):
            form = form_of(written, reading) if KANJI_RUN.search(written) else None
            if form is None or not HIRAGANA.fullmatch(re.sub(r"[^ぁ-ゖー]", "", form) or "-"):
                continue
            ways[written][form] += 1
            following = words[place + 1][0] if place + 1 < len(words) else ""
            after[written][form][following] += 1
    found = dict(_entries(ways, after))
    return {**found, **SAID}


def _entries(
    ways: Mapping[str, Counter[str]], after: Mapping[str, Mapping[str, Counter[str]]]
) -> Iterator[Word]:
    """One entry a word; of a second reading one for each word that follows it alone."""
    for written, forms in ways.items():
        (usual, _), *others = forms.most_common()
        yield written, usual
        for form, _ in others:
            for following in after[written][form]:
                plain = following and not KANJI_RUN.search(following)
                if plain and following not in after[written][usual] and following.strip():
                    yield written + following, form + following


def content() -> str:
    """The file."""
    lines = (f"{word}\t{form}" for word, form in sorted(readings().items()))
    return "\n".join((HEAD, *lines)) + "\n"


if __name__ == "__main__":
    OUT.write_text(content(), "utf-8")
    sys.stdout.write(f"{OUT.relative_to(ROOT)}\n")
