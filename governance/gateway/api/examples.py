"""Examples in the OpenAPI document; every person in them is invented (架空, example.com)."""

from collections.abc import Mapping
from typing import Any, Final

_ROW: Final = "01a21500-6454-75fc-94b8-8d36f62aa44b"
_PERSON: Final = "5b2dfcbe-50e4-401e-a516-68f7ce20cf98"
_ACQUIRED: Final = {"acquired_from": "person", "method": "web_form", "source": "会員登録"}
SHOWN: Final[Mapping[str, Any]] = {
    "id": _PERSON,
    "row": _ROW,
    "etag": f'"{_ROW}.1"',
    "fields": {
        "name": {"treatment": "clear", "code": "permit", "value": "架空 花子"},
        "email": {"treatment": "masked", "code": "permit", "value": "h＊＊＊@＊＊＊.com"},
        "sex": {"treatment": "withheld", "code": "denied.actor.no_rule"},
    },
    "purpose": "order_support",
    "decision_id": "01a21500-65e0-71e1-a411-52744aee0931",
    "snapshot": {"policy_version": "2026-10-01.1", "consent_seq": 6013},
}
WRITTEN: Final[Mapping[str, Any]] = {
    "id": _PERSON,
    "row": _ROW,
    "etag": f'"{_ROW}.2"',
    "written": ["mobile"],
    "normalised": {"mobile": "+819011112222"},
    "masked": [],
    "notices": [],
}
_CREATE: Final[Mapping[str, Any]] = {
    "fields": {
        "name": "架空　太郎",
        "mobile": "０９０－１１１１－２２２２",
        "email": "taro@example.com",
    },
    "acquisition": _ACQUIRED,
}
BODIES: Final[Mapping[str, Any]] = {
    "NewPerson": {
        "ja": {"summary": "会員登録した方", "value": _CREATE},
        "en": {
            "summary": "A person from a business card",
            "value": {
                "fields": {"name": "Hanako Kakuu", "email": "hanako@example.com"},
                "acquisition": {
                    "acquired_from": "person",
                    "method": "card",
                    "source": "exhibition",
                },
            },
        },
    },
    "PersonPatch": {
        "ja": {
            "summary": "携帯番号を直し、FAX を消す",
            "value": {"mobile": "090-1111-2222", "fax": None},
        },
        "en": {"summary": "Correct the e-mail address", "value": {"email": "new@example.com"}},
    },
    "NewCompany": {
        "ja": {
            "summary": "新しい取引先",
            "value": {"fields": {"name": "株式会社架空", "employees": 30}},
        },
        "en": {"summary": "A new customer", "value": {"fields": {"name": "Kakuu Inc."}}},
    },
    "CompanyPatch": {
        "ja": {"summary": "従業員数を直す", "value": {"employees": 31}},
        "en": {"summary": "Correct the telephone number", "value": {"phone": "03-5555-1234"}},
    },
    "BulkWritePersons": {
        "ja": {
            "summary": "一人を登録し、一人を訂正する",
            "value": {
                "purpose": "data_quality",
                "atomic": True,
                "items": [
                    {"op": "create", **_CREATE},
                    {
                        "op": "correct",
                        "id": _PERSON,
                        "if_match": f'"{_ROW}.1"',
                        "fields": {"rank": "gold"},
                        "reason": "quality",
                    },
                ],
            },
        }
    },
    "BulkRead": {
        "ja": {
            "summary": "氏名だけを読む",
            "value": {"purpose": "order_support", "ids": [_PERSON], "fields": ["name"]},
        }
    },
}
PROBLEM: Final[Mapping[str, Any]] = {
    "ja": {
        "value": {
            "type": "urn:sekisho:problem:fields_invalid",
            "title": "入力に誤りがあります",
            "status": 422,
            "detail": "受け付けられない値があります。何も保存していません。",
            "code": "fields_invalid",
            "errors": [{"field": "name", "code": "required", "detail": "必須です。"}],
        }
    },
    "en": {
        "value": {
            "type": "urn:sekisho:problem:fields_invalid",
            "title": "The input holds a mistake",
            "status": 422,
            "detail": "Some values cannot be taken. Nothing was stored.",
            "code": "fields_invalid",
            "errors": [{"field": "name", "code": "required", "detail": "Required."}],
        }
    },
}
