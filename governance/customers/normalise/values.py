"""Small closed values: sex, yes and no, money, counts, ids."""

import re
from collections.abc import Mapping, Sequence

from governance.customers.normalise.chars import (
    clean_text,
    fold_width,
    folded_word,
    hyphenated,
    is_absent,
    no_spaces,
)
from governance.customers.types import NOTHING, Normalised, ProblemKind

_SEX_WORDS = {
    "male": "男 男性 m male man 1 ♂",
    "female": "女 女性 f female woman 2 ♀",
    "other": "その他 other x 3",
    "unknown": "9 0 不明 未回答 無回答 回答しない unknown",
}
_SEX = {word: sex for sex, words in _SEX_WORDS.items() for word in words.split()}
_ANSWERS = {
    "true": "1 true t yes y on ok はい 可 有 有り あり 済 要 ○ 〇 ◯ ✓ ✔ "
    "同意 同意する 希望 希望する",
    "false": "0 false f no n off ng x いいえ 不可 無 無し なし 拒否 不要 未 × ✕ ✗ "
    "同意しない 希望しない",
}
_ANSWER = {word: answer for answer, words in _ANSWERS.items() for word in words.split()}
_MONEY = re.compile(
    r"^[¥\\$]?(?P<sign>[-△▲]?)[¥\\]?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?円?$"
)
_COUNTER = re.compile(r"(?:[名人件個台本%]|[かヶカヵケ]?月)$")
_PERSON_ID = re.compile(r"^([A-Z])-?0*(\d{1,6})$")


def normalise_sex(text: str) -> Normalised:
    """male, female, other or unknown (ISO/IEC 5218 codes are read: 1, 2, 9, 0)."""
    plain = no_spaces(fold_width(text)).casefold().removesuffix(".0")
    if not plain:
        return NOTHING
    if (found := _SEX.get(plain)) is not None:
        return Normalised(value=found, dirt="code")
    return NOTHING if is_absent(text) else Normalised(problems=(ProblemKind.VALUE_UNKNOWN,))


def normalise_boolean(text: str) -> Normalised:
    """True or false; an unknown word is no answer and is reported."""
    plain = no_spaces(fold_width(text)).casefold().removesuffix(".0")
    if not plain or plain in {"-", "ー", "n/a"}:
        return NOTHING
    if (found := _ANSWER.get(plain)) is not None:
        return Normalised(value=found, dirt="word")
    return Normalised(problems=(ProblemKind.VALUE_UNKNOWN,), dirt="word")


def normalise_money(text: str) -> Normalised:
    """Whole yen; ¥ read from CP932 is a backslash, △ is a minus."""
    if is_absent(text):
        return NOTHING
    found = _MONEY.match(no_spaces(hyphenated(text)))
    if found is None:
        return Normalised(problems=(ProblemKind.NUMBER_INVALID,), dirt="money")
    amount = int(found["digits"].replace(",", ""))
    return Normalised(value=str(-amount if found["sign"] else amount), dirt="money")


def normalise_choice(text: str, choices: Sequence[str]) -> Normalised:
    """The word of the closed list that is meant, whatever its width and case."""
    if is_absent(text):
        return NOTHING
    return normalise_word(text, {folded_word(choice): choice for choice in reversed(choices)})


def normalise_word(text: str, words: Mapping[str, str]) -> Normalised:
    """The code of a closed list that a word stands for; `words` are folded ones."""
    if is_absent(text):
        return NOTHING
    folded = folded_word(text)
    code = words.get(folded) or words.get(folded.removesuffix(".0"))
    if code is not None:
        return Normalised(value=code, dirt="word")
    return Normalised(problems=(ProblemKind.VALUE_UNKNOWN,), dirt="word")


def normalise_number(text: str) -> Normalised:
    """A whole number; separators and counters (名, 件, 個, か月) are dropped."""
    if is_absent(text):
        return NOTHING
    plain = _COUNTER.sub("", no_spaces(hyphenated(text))).replace(",", "")
    if not re.fullmatch(r"-?\d{1,18}(?:\.0+)?", plain):
        return Normalised(problems=(ProblemKind.NUMBER_INVALID,), dirt="number")
    return Normalised(value=str(int(plain.partition(".")[0])), dirt="number")


def normalise_person_id(text: str, *, width: int = 6) -> Normalised:
    """A customer id folded to one letter and six digits: c000123, Ｃ-000123 are C000123."""
    return _folded_id(text, width=width)


def normalise_company_id(text: str, *, width: int = 4) -> Normalised:
    """A company id folded to one letter and four digits."""
    return _folded_id(text, width=width)


def _folded_id(text: str, *, width: int) -> Normalised:
    plain = no_spaces(hyphenated(text)).upper()
    if not plain:
        return NOTHING
    found = _PERSON_ID.match(plain)
    if found is None:
        return Normalised(value=plain, dirt="other")
    return Normalised(value=f"{found[1]}{found[2]:0>{width}}", dirt="id")


def normalise_code(text: str) -> Normalised:
    """A short code or word of a closed list: narrow, trimmed, inner spaces one."""
    plain = clean_text(fold_width(text))
    return NOTHING if plain is None else Normalised(value=" ".join(plain.split()), dirt="code")


def normalise_text(text: str) -> Normalised:
    """Free text as written; only control characters, line ends and outer spaces change."""
    return Normalised(value=clean_text(text), dirt="text")
