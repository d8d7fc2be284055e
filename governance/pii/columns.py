"""What a column holds: a vote of its values, with the column's name as context."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from governance.pii import column_proof as proof
from governance.pii.column_names import Announced, announced
from governance.pii.column_shapes import BIRTH_YEAR, Votes, votes_of
from governance.pii.shadow import shadow_of
from governance.pii.types import ColumnLabel, Entity, Tie

SAMPLE: Final = 400  # values; a share of .8 is then known within four points
_EMPTY: Final = re.compile(
    r"(?:-|ー|―|—|\?|？|\.|n/?a|null|none|nil|nan|unknown|不明|なし"
    r"|無し|無|未登録|未記入|未設定|該当なし|空欄|#N/A|特になし|0)?\Z",
    re.IGNORECASE,
)
_MARKED: Final = re.compile("^'(?=[0-9+(])")  # '0901234: a sheet's mark of a text
_PHRASE: Final = 5  # signs
_SAYS: Final = re.compile(
    "[ぁ-ん].*[一-龥ァ-ヶ]|[一-龥ァ-ヶ].*[ぁ-ん]|[一-龥ァ-ヶ][ 　][0-9一-龥ァ-ヶ]"
    "|[a-z]+ [a-z]+ [a-z]+"
)
_HINTED: Final = 0.4  # share that suffices when the column's name says so
_PLAIN: Final = 0.7  # share that the values alone must reach
_FREE: Final = 0.35
_WHATEVER_NAMED: Final = frozenset(
    {Entity.EMAIL, Entity.MY_NUMBER, Entity.IBAN, Entity.ADDRESS, Entity.RESIDENCE_CARD}
)  # values that nothing else looks like
_GUESSED: Final = 0.5  # of names below a heading that says nothing
_UNPROVEN: Final = 0.5  # confidence where the column's name alone speaks
_NOT_AGAINST: Final = 0.6  # share that must not contradict the column's name
_STRAY: Final = 0.05  # share of values with a contact inside that makes a column a text
_LOOSE: Final = frozenset(
    {
        *(Entity.PERSON, Entity.POSTAL_CODE, Entity.DRIVER_LICENSE, Entity.PENSION_NUMBER),
        *(Entity.HEALTH_INSURANCE, Entity.BIRTH_DATE, Entity.BANK_ACCOUNT),
    }
)  # forms that much else has too: a strong name of the column goes before
_NUMBERED: Final = frozenset(
    {Entity.DRIVER_LICENSE, Entity.PASSPORT, Entity.CREDIT_CARD, Entity.PHONE}
)  # kinds of which a short word speaks: drivers, card, src
_RECENT: Final = 0.3  # share of early years that makes dates dates of birth


def written(value: str) -> bool:
    """Whether a value says anything: no blank, dash, 不明 or the like."""
    return not _EMPTY.match(shadow_of(value.strip()))


def _sample(values: Iterable[object]) -> list[str]:
    texts = [_MARKED.sub("", str(value).strip()) for value in values if value is not None]
    texts = [text for text in texts if written(text)]
    if len(texts) <= SAMPLE:
        return texts
    step = len(texts) / SAMPLE
    return [texts[int(index * step)] for index in range(SAMPLE)]


def _share(sample: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, sample)) / len(sample)


def _dates(votes: Votes, name: Announced, share: float) -> Entity | None:
    """Dates are of birth by the column's name, or when many of them are long ago."""
    if name.known and not name.vague:
        return Entity.BIRTH_DATE if name.entity is Entity.BIRTH_DATE else None
    early = sum(1 for year in votes.years if year < BIRTH_YEAR)
    return Entity.BIRTH_DATE if share >= _PLAIN and early > _RECENT * len(votes.years) else None


def _unmistaken(sample: Sequence[str]) -> tuple[Entity | None, float]:
    """Forms that decide whatever the column is called."""
    if (share := _share(sample, proof.is_called)) >= _PLAIN:
        return Entity.PHONE, share
    if (share := _share(sample, proof.is_honorific)) >= _PLAIN:
        return Entity.PERSON, share
    return None, 0.0


def _by_name(sample: Sequence[str], name: Announced) -> tuple[Entity | None, float]:
    """What the column's name alone says, where its values do not prove the contrary."""
    if (entity := name.entity) is None:
        return None, 0.0
    if not name.strong:
        numbered = entity in _NUMBERED and _share(sample, proof.is_long_code) >= _PLAIN
        return (entity, _UNPROVEN) if numbered else (None, 0.0)
    for one in (entity, *sorted(name.others - {entity})):
        share = _share(sample, partial(proof.may_be, one))
        if share >= _NOT_AGAINST:
            return one, share * _UNPROVEN
    return None, 0.0


def _by_values(votes: Votes, name: Announced) -> tuple[Entity | None, float]:
    """What the values are by themselves."""
    hinted, total = name.entity, votes.total
    sure = Counter(votes.sure)
    if name.placeholder:  # セガワ リョウタ: no heading says that it is a thing
        sure[Entity.PERSON] = votes.of(Entity.PERSON)
    for entity, count in sure.most_common():
        share = count / total
        if share < (_GUESSED if name.placeholder and entity is Entity.PERSON else _PLAIN):
            break
        if entity is Entity.BIRTH_DATE:
            return _dates(votes, name, share), share
        if name.known and hinted is None and entity not in _WHATEVER_NAMED:
            if name.tie is Tie.POINTS and entity is Entity.PERSON:
                return entity, share  # user_name: 山田 太郎
            return None, share
        return entity, share
    return None, 0.0


def _entity(sample: Sequence[str], votes: Votes, name: Announced) -> tuple[Entity | None, float]:
    """The kind on which values and name agree, else what either says alone."""
    if (hinted := name.entity) is not None:
        share = votes.of(hinted, one_part=name.one_part) / votes.total
        if share >= _HINTED:
            return hinted, share
    if (clear := _unmistaken(sample))[0] is not None:
        return clear
    found, named = _by_values(votes, name), _by_name(sample, name)
    if named[0] is not None and (found[0] is None or found[0] in _LOOSE):
        return named
    return found


def _phrases(sample: Sequence[str]) -> bool:
    """Some value says more than a state or a code: 田中様より折返し依頼 in a column of notes."""
    return any(len(text) >= _PHRASE and _SAYS.search(text) for text in sample)


def _tie(sample: Sequence[str], name: Announced) -> Tie:
    """How a column that is no name, number or address is tied to a person all the same."""
    if _share(sample, proof.points) >= _PLAIN or _share(sample, proof.is_masked) >= _PLAIN:
        return Tie.POINTS  # nobody hides what is of no person
    spots = not name.known or name.tie is not Tie.NONE
    if spots and _share(sample, proof.is_spot) >= _PLAIN:
        return Tie.POINTS
    if name.tie is Tie.DESCRIBES:
        sure = name.strong or _share(sample, proof.is_region) >= _PLAIN
        return name.tie if sure else Tie.NONE
    if _share(sample, proof.is_state) >= _PLAIN or _share(sample, proof.is_organisation) >= _PLAIN:
        return Tie.NONE
    if name.tie is Tie.POINTS:
        sure = name.strong or _share(sample, proof.is_login) >= _PLAIN
        return name.tie if sure else Tie.NONE
    coded = _share(sample, proof.is_code) >= _PLAIN
    if coded:
        person = name.entity is Entity.PERSON and (name.strong or name.about)
        return Tie.POINTS if person or name.entity is Entity.CREDIT_CARD else Tie.NONE
    dated = _share(sample, proof.is_date) >= _PLAIN
    return Tie.DESCRIBES if name.about and not dated else Tie.NONE


def _documents(sample: Sequence[str]) -> bool | None:
    """Whether values in JSON or XML have members of a person; None for other values."""
    keys = {key for text in sample for key in proof.keys_of(text)}
    if not keys or _share(sample, lambda text: bool(proof.keys_of(text))) < _NOT_AGAINST:
        return None
    return any(announced(key).tie is not Tie.NONE for key in keys)


def _is_text(sample: Sequence[str], votes: Votes, name: Announced, share: float) -> bool:
    """Whether the column is read row by row: sentences, notes, or contacts within other words."""
    free = votes.sentences / votes.total
    if name.free_text and name.entity is not Entity.PERSON and (free > 0 or _phrases(sample)):
        return True
    if free >= _FREE and share < _PLAIN and _share(sample, proof.is_organisation) < _FREE:
        return True
    return share < _HINTED and _share(sample, proof.holds_contact) >= _STRAY


def classify_column(name: str, values: Sequence[object]) -> ColumnLabel:
    """What the column holds, by its non-empty values; free text goes to the text path."""
    sample = _sample(values)
    if not sample:
        return ColumnLabel(entity=None, free_text=False, confidence=0.0, sampled=0)
    votes, said = votes_of(sample), announced(name)
    entity, share = _entity(sample, votes, said)
    weak = entity in {None, Entity.PERSON, Entity.ADDRESS}
    document = _documents(sample)
    free = weak and (document or (document is None and _is_text(sample, votes, said, share)))
    entity = None if free else entity
    tie = Tie.NAMES if free or entity is not None else _tie(sample, said)
    if free:
        share = votes.sentences / votes.total
    elif entity is None:
        share = 1.0 - share
    return ColumnLabel(
        entity=entity, free_text=free, confidence=round(share, 3), sampled=len(sample), tie=tie
    )
