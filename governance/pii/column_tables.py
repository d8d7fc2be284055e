"""A table's columns side by side: what one says of the others.

Beside a name or a number of a person everything is said of that person (APPI Art. 2(1), GDPR
Art. 4(1)), unless a column's name or values prove that it is not; beside none, age and town alone
are no personal data, and in a list of suppliers the telephone is the supplier's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from governance.pii import column_proof as proof
from governance.pii.column_names import Announced, announced
from governance.pii.column_subjects import Subject, subject_of
from governance.pii.column_words import filled
from governance.pii.types import ColumnLabel, Entity, Tie

_MOST: Final = 0.7  # share of values that prove a column harmless
_NAMES_NOBODY: Final = frozenset({Entity.ADDRESS, Entity.POSTAL_CODE, Entity.PHONE})  # shops too
_OF_THINGS: Final = _NAMES_NOBODY | {Entity.BANK_ACCOUNT}
_COUNT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,5})(?:\.[0-9]+)?\Z")
_NOBODY: Final = frozenset({Subject.THINGS, Subject.GOODS, Subject.ANIMALS})
_SHOWN: Final = frozenset(  # what values prove stays a person's in a table of goods, too
    {Entity.PERSON, Entity.EMAIL, Entity.MY_NUMBER, Entity.CREDIT_CARD, Entity.PASSPORT}
    | {Entity.RESIDENCE_CARD, Entity.IBAN, Entity.US_SSN}
)
_OF_PERSONS: Final = frozenset({Entity.BIRTH_DATE, Entity.MY_NUMBER, Entity.HEALTH_INSURANCE})
_DESCRIBED: Final = 3  # columns of age, sex, family and the like make persons of the rows
_ROOM: Final = re.compile(
    r"(?:部屋|客室|病室|室|号室|ルーム)(?:番号|no\.?|名)?|room_?(?:no|num(?:ber)?)?", re.IGNORECASE
)
_LODGING: Final = re.compile("泊|チェックイン|客室|宿|check_?in|guest|nights", re.IGNORECASE)
_OWNED: Final = re.compile(
    "顧客|会員|お客|所有者|使用者|契約者|利用者|患者|オーナー|customer|owner|member|client|patient|buyer",
    re.IGNORECASE,
)
_UNPROVEN: Final = 0.5  # confidence up to which a column's name alone spoke
_SOMEBODY: Final = re.compile(
    filled(r"<WHO>|者|主(?!要)|氏|個人|本人|自宅|携帯|代表名|mobile|cell|owner|home"), re.IGNORECASE
)
_SOMETHING: Final = re.compile(
    r"^(?:本社|本店|代表|会社|法人|企業|店舗|支店|仕入先|取引先|得意先|販売店|代理店|管理会社|医療機関|病院|薬局|施設"
    r"|物件|会場|現場|工場|倉庫|事業所|営業所|拠点|店|学校|園|運送会社|メーカー|荷送人?|発荷主|窓口"
    r"|company|corp|office|store|shop|branch|vendor|supplier|hospital|clinic|school|site|venue"
    r"|warehouse|property|facility|merchant|hq|head_?office|business)",
    re.IGNORECASE,
)
_PLACED: Final = re.compile(  # of a house, a sensor or a machine
    r"緯度|経度|座標|位置|端末|機器|車番|車台|車両|ナンバー|lat|lon|lng|geo|gps|coord|device|mac|serial|gateway|host"
    r"|(?:^|_)ip|vehicle|plate|vin",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """What a table as a whole says."""

    subject: Subject
    named: bool  # somebody is named
    tied: bool  # somebody is named, or told apart by a number
    housed: bool  # somebody's address stands in it
    lodging: bool  # rooms are of a hotel


def side_by_side(
    names: Sequence[str],
    samples: Sequence[Sequence[str]],
    labels: Sequence[ColumnLabel],
    *,
    table: str = "",
) -> tuple[ColumnLabel, ...]:
    """The labels of one table's columns, each with the tie that the table and the others give."""
    named = any(one.entity is not None and one.entity not in _NAMES_NOBODY for one in labels)
    whole = _Table(
        subject=_subject(table, names, labels),
        named=named,
        tied=named or any(one.tie is Tie.POINTS or one.entity is not None for one in labels),
        lodging=any(_LODGING.search(name) is not None for name in names),
        housed=any(one.entity is Entity.ADDRESS and one.confidence > _UNPROVEN for one in labels),
    )
    return tuple(
        _placed(name, sample, label, whole)
        for name, sample, label in zip(names, samples, labels, strict=True)
    )


def _subject(table: str, names: Sequence[str], labels: Sequence[ColumnLabel]) -> Subject:
    """What the table's name says, unless its columns describe persons: clinic.csv with ages."""
    told = subject_of(table)
    described = sum(one.tie is Tie.DESCRIBES for one in labels)
    somebody = any(one.entity in _OF_PERSONS for one in labels) or described >= _DESCRIBED
    owned = any(
        one.entity is Entity.PERSON and one.confidence > _UNPROVEN and _OWNED.search(name)
        for name, one in zip(names, labels, strict=True)
    )
    if owned and told in {Subject.THINGS, Subject.GOODS}:
        return Subject.EVENTS  # a customer's car, the same
    if told is Subject.GOODS and any(
        one.entity is Entity.PERSON and one.confidence > _UNPROVEN for one in labels
    ):
        return Subject.EVENTS if somebody else Subject.THINGS
    if told is Subject.THINGS and somebody:  # fails closed: nothing is taken for the thing's
        return Subject.EVENTS
    if told is not None:
        return told
    kinds = {one.entity for one in labels}
    filed = Entity.PERSON in kinds and Entity.BIRTH_DATE in kinds  # 資格取得届
    return Subject.PERSONS if filed else Subject.EVENTS


def _placed(name: str, sample: Sequence[str], label: ColumnLabel, table: _Table) -> ColumnLabel:
    """The label of one column as its table shows it."""
    if _of_a_thing(name, label, table):
        return replace(label, tie=Tie.THING if label.entity else Tie.NONE)
    if _only_a_room(name, label, table):
        tie = Tie.DESCRIBES if table.subject is Subject.PERSONS else Tie.NONE
        return replace(label, entity=None, tie=tie)
    if label.free_text and table.subject is Subject.PERSONS:
        return replace(label, tie=Tie.DESCRIBES)  # 備考: of the person, whoever is named in it
    return replace(label, tie=_tie(name, sample, label.tie, table))


def _of_a_thing(name: str, label: ColumnLabel, table: _Table) -> bool:
    """An address, number or place of an organisation or a thing: 本社住所, 物件の緯度."""
    if table.subject is Subject.PERSONS or _SOMEBODY.search(name):
        return False
    if table.subject is Subject.GOODS:
        return label.entity not in _SHOWN or label.confidence <= _UNPROVEN
    if table.subject is Subject.ANIMALS:
        return label.tie in {Tie.DESCRIBES, Tie.POINTS} or label.entity is Entity.BIRTH_DATE
    if label.entity is Entity.EMAIL:
        return table.subject is Subject.THINGS and _SOMETHING.match(name) is not None
    if label.entity in _OF_THINGS:
        return table.subject is Subject.THINGS or _SOMETHING.match(name) is not None
    if table.subject is not Subject.THINGS:
        return False
    if label.tie is Tie.POINTS or label.entity is Entity.IP_ADDRESS:
        return label.free_text is False and _PLACED.search(name) is not None
    return label.tie is Tie.DESCRIBES


def _only_a_room(name: str, label: ColumnLabel, table: _Table) -> bool:
    """A number of a room, told by the column's name alone, in a table without any address."""
    unproven = label.entity is Entity.ADDRESS and label.confidence <= _UNPROVEN
    rented = table.lodging or table.subject is Subject.PERSONS
    return unproven and rented and not table.housed and _ROOM.fullmatch(name.strip()) is not None


def _tie(name: str, sample: Sequence[str], tie: Tie, table: _Table) -> Tie:
    if tie is Tie.DESCRIBES and not table.tied and table.subject is not Subject.PERSONS:
        return Tie.NONE
    if tie is not Tie.NONE:
        return tie
    said = announced(name)
    if table.subject is Subject.PERSONS:
        return _of_a_person(said, sample)
    if said.life and table.named and table.subject not in _NOBODY:
        return Tie.DESCRIBES
    about = table.named and table.subject not in _NOBODY and not said.vague
    counted = not said.placeholder and _counted(sample)
    if about and sample and not counted and not _harmless(said, sample):
        return Tie.BESIDE
    return Tie.NONE


def _of_a_person(said: Announced, sample: Sequence[str]) -> Tie:
    """In a register of persons a column tells of the person, but for what is of the register."""
    if said.life or said.register:
        return Tie.DESCRIBES
    if not sample or (said.known and said.tie is Tie.NONE and not said.vague):
        return Tie.NONE
    if said.known:
        sure = said.tie is not Tie.NONE and said.strong  # 被扶養者: 1, 0
    else:
        sure = said.readable and not said.placeholder and not said.free_text
    return Tie.DESCRIBES if sure else Tie.BESIDE


def _counted(sample: Sequence[str]) -> bool:
    """Plain numbers of up to six figures: seats, points, parts."""
    return sum(_COUNT.match(value) is not None for value in sample) >= _MOST * len(sample)


def _harmless(said: Announced, sample: Sequence[str]) -> bool:
    """Whether the column's name or its values prove that it tells nothing of a person."""
    if said.known and said.tie is Tie.NONE and not said.vague:
        return True
    harmless = (proof.is_state, proof.is_date, proof.is_organisation, proof.is_amount)
    return any(sum(map(holds, sample)) >= _MOST * len(sample) for holds in harmless)
