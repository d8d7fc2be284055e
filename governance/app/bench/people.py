"""Invented customers in any number, spread as names are: few families are large, most are small."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection
from sqlmodel import SQLModel

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Law, RowId, SubjectId
from governance.crypto.providers.file import FileKeyProvider
from governance.customers import store
from governance.customers.store import NewSubject, Record
from governance.customers.subjects import SubjectKind
from governance.db.engine import Database, sqlite_url
from governance.keys.epochs import create_key_store
from governance.keys.vault import FieldVault

AT = datetime(2026, 10, 1, tzinfo=UTC)
BATCH = 1_000  # persons of one commit
_FIRST = [
    "山ヤマ",
    "田タ",
    "川カワ",
    "本モト",
    "村ムラ",
    "木キ",
    "藤フジ",
    "野ノ",
    "井イ",
    "上ウエ",
    "中ナカ",
    "西ニシ",
    "北キタ",
    "小コ",
    "大オオ",
    "高タカ",
    "松マツ",
    "竹タケ",
    "森モリ",
    "原ハラ",
    "島シマ",
    "崎サキ",
    "沢サワ",
    "池イケ",
    "谷タニ",
    "岡オカ",
    "坂サカ",
    "石イシ",
    "水ミズ",
    "清キヨ",
    "長ナガ",
    "吉ヨシ",
    "安ヤス",
    "宮ミヤ",
    "橋ハシ",
    "渡ワタ",
    "加カ",
    "佐サ",
    "伊イ",
    "江エ",
]
_LAST = [
    "田ダ",
    "川カワ",
    "本モト",
    "村ムラ",
    "木キ",
    "藤トウ",
    "野ノ",
    "井イ",
    "上ガミ",
    "口グチ",
    "島シマ",
    "崎ザキ",
    "沢サワ",
    "谷タニ",
    "岡オカ",
    "坂サカ",
    "原ハラ",
    "山ヤマ",
    "森モリ",
    "橋ハシ",
    "部ベ",
    "辺ベ",
    "塚ヅカ",
    "瀬セ",
    "戸ト",
    "津ツ",
    "浦ウラ",
    "松マツ",
    "見ミ",
    "林バヤシ",
    "倉クラ",
    "尾オ",
]
_GIVEN = [
    "健ケン",
    "太タ",
    "一カズ",
    "美ミ",
    "裕ユウ",
    "恵エ",
    "花ハナ",
    "翔ショウ",
    "真マ",
    "直ナオ",
    "智トモ",
    "亮リョウ",
    "彩アヤ",
    "優ユウ",
    "結ユイ",
    "大ダイ",
    "葵アオイ",
    "香カ",
    "由ユ",
    "洋ヨウ",
    "浩ヒロ",
    "明アキ",
    "正マサ",
    "和カズ",
    "幸ユキ",
    "弘ヒロ",
    "英ヒデ",
    "春ハル",
    "夏ナツ",
    "千チ",
    "里リ",
    "雅マサ",
]
_ENDING = [
    "子コ",
    "郎ロウ",
    "介スケ",
    "太タ",
    "美ミ",
    "恵エ",
    "也ヤ",
    "人ト",
    "斗ト",
    "奈ナ",
    "香カ",
    "代ヨ",
    "樹キ",
    "夫オ",
    "彦ヒコ",
    "穂ホ",
    "菜ナ",
    "輔スケ",
    "平ヘイ",
    "乃ノ",
    "吾ゴ",
    "司ジ",
    "江エ",
    "衣イ",
]
_TOWNS = [
    "東京都渋谷区神南",
    "東京都千代田区丸の内",
    "東京都世田谷区太子堂",
    "大阪府大阪市北区梅田",
    "大阪府堺市堺区南瓦町",
    "愛知県名古屋市中区栄",
    "北海道札幌市中央区大通西",
    "福岡県福岡市博多区博多駅前",
    "神奈川県横浜市西区みなとみらい",
    "京都府京都市下京区四条通",
    "宮城県仙台市青葉区一番町",
    "広島県広島市中区基町",
    "埼玉県さいたま市大宮区桜木町",
    "千葉県千葉市中央区新町",
    "兵庫県神戸市中央区三宮町",
    "静岡県静岡市葵区追手町",
    "新潟県新潟市中央区万代",
]
_HOSTS = ("example.com", "example.jp", "example.net", "mail.example.com", "post.example.jp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One invented customer, before it is sealed."""

    row: RowId
    subject: SubjectId
    plain: Mapping[FieldId, str] = field(repr=False)

    def get(self, column: str) -> str:
        """The value of a column of the register."""
        return self.plain[FieldId(f"person.{column}")]


def persons(count: int, *, seed: int = 20261001) -> Iterator[Person]:
    """So many customers, the same ones for the same seed but for their pseudonyms."""
    dice = random.Random(seed)  # noqa: S311 # invented persons, no secret
    for number in range(count):
        family, given = _pick(dice, _FIRST, _LAST), _pick(dice, _GIVEN, _ENDING)
        kana = f"{family[1]} {given[1]}"
        values = {
            "customer_id": f"C{number:07d}",
            "name": f"{family[0]} {given[0]}",
            "kana": kana,
            "mobile": f"+8190{dice.randrange(10**8):08d}",
            "phone": f"+813{dice.randrange(10**8):08d}",
            "email": f"{_letters(dice)}.{number:x}@{dice.choice(_HOSTS)}",
            "postal_code": f"{dice.randrange(100, 1000)}-{dice.randrange(10**4):04d}",
            "address": f"{dice.choice(_TOWNS)}{dice.randrange(1, 9)}-{dice.randrange(1, 40)}"
            f"-{dice.randrange(1, 20)}",
        }
        yield Person(
            row=new_row_id(),
            subject=new_subject_id(),
            plain={FieldId(f"person.{name}"): value for name, value in values.items()},
        )


def _pick(dice: random.Random, heads: Sequence[str], tails: Sequence[str]) -> tuple[str, str]:
    """Two written parts and their reading; the front of each list is drawn far more often."""
    head = heads[int(len(heads) * dice.random() ** 2)]
    tail = tails[int(len(tails) * dice.random() ** 2)]
    return head[0] + tail[0], head[1:] + tail[1:]


def _letters(dice: random.Random) -> str:
    return "".join(dice.choice("abcdefghiklmnoprstuwy") for _ in range(dice.randrange(4, 9)))


@contextmanager
def ground(folder: Path | None = None) -> Iterator[tuple[Database, FieldVault]]:
    """An empty store with its keys on disk, gone afterwards."""
    with (
        TemporaryDirectory(dir=folder or Path.cwd()) as name,  # the temporary folder may be memory
        closing(Database.open(sqlite_url(Path(name) / "keys.db"))) as keys,
        closing(Database.open(sqlite_url(Path(name) / "data.db"))) as database,
    ):
        provider = FileKeyProvider(Path(name) / "epochs")
        create_key_store(keys, provider, day=AT.date(), at=AT)
        SQLModel.metadata.create_all(database.writer_engine)
        yield database, FieldVault.open(keys, provider)


def put(tx: Connection, vault: FieldVault, people: Sequence[Person], *, first: int) -> None:
    """The customers are in the register, sealed, and not in the index yet."""
    subjects = [
        NewSubject(id=one.subject, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "residence"})
        for one in people
    ]
    store.add_subjects(tx, subjects, at=AT)
    sealed = vault.seal_rows([(one.subject, one.row, one.plain) for one in people])
    records = [
        Record(
            table="person",
            id=one.row,
            subject=one.subject,
            clear=_clear(first + n),
            sealed={name: bytes(cell) for name, cell in cells.items() if cell is not None},
        )
        for n, (one, cells) in enumerate(zip(people, sealed, strict=True))
    ]
    store.insert_records(tx, records)


def _clear(number: int) -> dict[str, object]:
    return {
        "version": 1,
        "source_file": "bench.csv",
        "source_row": number,
        "recorded_at": AT,
        "status": "active",
        "contact_permission": "unknown",
        "problems": 0,
    }
