"""An outside shop for tests: a database of somebody else's, and the file that declares it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from governance.connectors.types import Asking, PersonKeys
from governance.core.terms import RequestId, SubjectId

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
# 架空の値
TARO = PersonKeys(
    subject=SubjectId("3b241101-e2bb-4255-8caf-4136c566a962"),
    customers=("C00042",),
    emails=("taro@example.com",),
    phones=("+819000001234",),
)
SHOP = """
connectors:
  shop:
    label: 通販サイト / Online shop
    kind: database
    address: env:SHOP_DB
    records: 50
    megabytes: 6
    tables:
      members:
        label: 会員 / Members
        person: {customer: member_no, email: mail, phone: tel}
        one: true
        columns:
          member_no: 会員番号 / Member number
          name: {label: 氏名 / Name, empty: true}
          mail: {label: メール / E-mail, empty: true}
          memo: {label: 備考 / Memo, free_text: true, empty: true}
          friend: {label: 紹介者 / Introduced by, third_person: true, empty: true}
        erase: keep
        ground: 法人税法施行規則59条 / Corporation Tax Act Regulations Art. 59
        years: 7
        since: joined_on
      orders:
        label: 注文 / Orders
        through: {table: members, columns: {member_id: id}}
        columns:
          total: 金額 / Total
          gift_for: {label: 届け先 / Sent to, third_person: true, empty: true}
        erase: keep
        ground: 法人税法施行規則59条 / Corporation Tax Act Regulations Art. 59
        years: 7
        since: ordered_on
      lines:
        label: 明細 / Order lines
        through: {table: orders, columns: {order_id: id}}
        columns: {item: 商品 / Item}
        erase: delete
      newsletter:
        label: メルマガ / Newsletter
        person: {email: address}
        columns: {address: 宛先 / Address}
        erase: delete
"""
TABLES = """
CREATE TABLE members (id INTEGER PRIMARY KEY, member_no VARCHAR(20), name VARCHAR(80),
  mail VARCHAR(120), tel VARCHAR(30), memo TEXT, friend VARCHAR(80), joined_on DATE);
CREATE TABLE orders (id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members(id),
  total INTEGER, gift_for VARCHAR(80), ordered_on DATE);
CREATE TABLE lines (order_id INTEGER REFERENCES orders(id), line INTEGER,
  item VARCHAR(80), PRIMARY KEY (order_id, line));
CREATE TABLE newsletter (address VARCHAR(300) PRIMARY KEY);
CREATE TABLE other (id INTEGER PRIMARY KEY, secret VARCHAR(80))
"""


def asking(key: str = "r1") -> Asking:
    return Asking(key=key, at=NOW, request=RequestId("01936e1e-0000-7000-8000-000000000001"))


@dataclass
class Outside:
    """The outside database, as its owner sees it."""

    url: str
    engine: Engine

    def run(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as tx:
            tx.execute(text(statement), values)

    def all(self, statement: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as tx:
            return [tuple(row) for row in tx.execute(text(statement))]

    def member(self, id_: int, **values: Any) -> None:
        row = {
            "member_no": None, "name": "山田太郎", "mail": None, "tel": None, "memo": None,
            "friend": None, "joined_on": "2024-05-01",
        } | values  # fmt: skip
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        self.run(f"INSERT INTO members (id, {names}) VALUES ({id_}, {marks})", **row)  # noqa: S608
