"""A small policy of three roles, written as an officer would, for tests that change one line."""

from collections.abc import Callable

import pytest

from policies.document import PolicySet
from policies.load import load_sources
from policies.snapshot import PolicySnapshot, compile_policy

SMALL = """
version: "1"
title: 小さな方針 / Small policy
owner: 個人情報保護管理者
categories:
  name: {label: 氏名 / Names}
  contact: {label: 連絡先 / Contacts}
  notes: {label: 備考 / Notes, sensitive: true}
resources:
  person:
    label: 顧客 / Customer
    attributes: [owner]
    fields:
      name: {label: 氏名 / Name, category: name}
      phone: {label: 電話番号 / Telephone, category: contact}
      email: {label: メール / E-mail, category: contact}
      memo: {label: メモ / Memo, category: notes}
roles:
  staff: {label: 職員 / Staff, may: ["console:open"]}
  support: {label: サポート / Support, inherits: [staff], may: ["person:read"]}
  officer: {label: 管理者 / Officer, inherits: [staff], may: ["person:read", "audit:read"]}
purposes:
  help: {label: 対応 / Help, basis: {appi: within_purpose, gdpr: contract},
         categories: [name, contact, notes], code: P50}
  offers: {label: 案内 / Offers, basis: {appi: consent, gdpr: consent}, categories: [name, contact],
           notice: offers@1, channels: [email], direct_marketing: true}
rules:
  - {id: R-1, allow: [support], to: read, on: person, fields: [name], for: [help],
     because: 対応のため / To help}
  - {id: R-2, allow: [support], to: read, on: person, fields: [phone, email], for: [help],
     obligations: [{mask: {fields: [phone], method: partial, keep: 4}}, {log: normal}],
     because: 一部で足りる / A part is enough}
  - {id: R-3, allow: [officer], to: [read, erase], on: person, fields: ["*"], for: [help],
     because: 責任者 / In charge}
  - {id: R-4, deny: ["*"], to: ["*"], on: person, fields: [category:sensitive],
     for: [flag:direct_marketing], because: 機微 / Sensitive}
tests:
  - {who: support, does: read, on: person.name, for: help, expect: permit, by: R-1}
  - {who: support, does: read, on: person.phone, for: help, expect: permit, by: R-2}
  - {who: officer, does: read, on: person.memo, for: help, expect: permit, by: R-3}
  - {who: officer, does: read, on: person.memo, for: offers, expect: deny, by: R-4}
"""


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture
def load() -> Callable[[str], PolicySet]:
    return lambda source: load_sources({"policy.yaml": source})


@pytest.fixture
def snapshot() -> PolicySnapshot:
    return compile_policy(load_sources({"policy.yaml": SMALL}))
