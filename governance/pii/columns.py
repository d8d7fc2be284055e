"""What a column holds: a vote of its values, with the column's name as context."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from governance.pii.column_names import Announced, announced
from governance.pii.column_shapes import BIRTH_YEAR, Votes, votes_of
from governance.pii.shadow import shadow_of
from governance.pii.types import ColumnLabel, Entity

SAMPLE: Final = 400  # values; a share of .8 is then known within four points
_EMPTY: Final = re.compile(
    r"(?:-|ー|―|—|\?|？|\.|n/?a|null|none|nil|nan|unknown|不明|なし"
    r"|無し|無|未登録|未記入|未設定|該当なし|空欄|#N/A|特になし|0)?\Z",
    re.IGNORECASE,
)
_PHRASE: Final = 5  # signs
_SAYS: Final = re.compile("[ぁ-ん].*[一-龥ァ-ヶ]|[一-龥ァ-ヶ].*[ぁ-ん]|[a-z]+ [a-z]+ [a-z]+")
_HINTED: Final = 0.4  # share that suffices when the column's name says so
_PLAIN: Final = 0.7  # share that the values alone must reach
_FREE: Final = 0.35
_WHATEVER_NAMED: Final = frozenset(
    {Entity.EMAIL, Entity.MY_NUMBER, Entity.IBAN, Entity.ADDRESS, Entity.RESIDENCE_CARD}
)  # values that nothing else looks like
_RECENT: Final = 0.3  # share of early years that makes dates dates of birth


def written(value: str) -> bool:
    """Whether a value says anything: no blank, dash, 不明 or the like."""
    return not _EMPTY.match(shadow_of(value.strip()))


def _sample(values: Iterable[object]) -> list[str]:
    texts = [str(value).strip() for value in values if value is not None]
    texts = [text for text in texts if written(text)]
    if len(texts) <= SAMPLE:
        return texts
    step = len(texts) / SAMPLE
    return [texts[int(index * step)] for index in range(SAMPLE)]


def _label(entity: Entity | None, share: float, sampled: int, *, free: bool = False) -> ColumnLabel:
    return ColumnLabel(entity=entity, free_text=free, confidence=round(share, 3), sampled=sampled)


def _dates(votes: Votes, name: Announced, share: float) -> Entity | None:
    """Dates are of birth by the column's name, or when many of them are long ago."""
    if name.known:
        return Entity.BIRTH_DATE if name.entity is Entity.BIRTH_DATE else None
    early = sum(1 for year in votes.years if year < BIRTH_YEAR)
    return Entity.BIRTH_DATE if share >= _PLAIN and early > _RECENT * len(votes.years) else None


def _by_values(votes: Votes, name: Announced) -> tuple[Entity | None, float]:
    hinted, total = name.entity, votes.total
    if hinted is not None:
        share = votes.of(hinted, one_part=name.one_part) / total
        if share >= _HINTED:
            return hinted, share
    for entity, count in Counter(votes.sure).most_common():
        share = count / total
        if share < _PLAIN:
            break
        if entity is Entity.BIRTH_DATE:
            return _dates(votes, name, share), share
        if name.known and hinted is None and entity not in _WHATEVER_NAMED:
            return None, share
        return entity, share
    return None, 0.0


def _phrases(sample: Sequence[str]) -> bool:
    """Some value says more than a state or a code: 田中様より折返し依頼 in a column of notes."""
    return any(len(text) >= _PHRASE and _SAYS.search(text) for text in sample)


def classify_column(name: str, values: Sequence[object]) -> ColumnLabel:
    """What the column holds, by its non-empty values; free text goes to the text path."""
    sample = _sample(values)
    if not sample:
        return _label(None, 0.0, 0)
    votes, said = votes_of(sample), announced(name)
    entity, share = _by_values(votes, said)
    if entity is not None and entity not in {Entity.PERSON, Entity.ADDRESS}:
        return _label(entity, share, len(sample))
    free = votes.sentences / votes.total
    if (said.free_text and (free > 0 or _phrases(sample))) or (free >= _FREE and share < _PLAIN):
        return _label(None, free, len(sample), free=True)
    if entity is not None:
        return _label(entity, share, len(sample))
    return _label(None, 1.0 - share, len(sample))
