"""Bodies are read strictly: one meaning or none, in the caller's language, without the value."""

import json
from typing import Any

import pytest

from tests.governance.gateway.api.conftest import Desk

SECRET = "架空秘匿"
PATH = "/v1/persons"
QUALITY = {"purpose": "data_quality"}
GOOD: dict[str, Any] = {
    "fields": {"name": SECRET},
    "acquisition": {"acquired_from": "person", "method": "paper", "source": "店頭"},
}


def text(**more: Any) -> str:
    return json.dumps({**GOOD, **more}, ensure_ascii=False)


def acquisition(**more: Any) -> str:
    return text(acquisition={**GOOD["acquisition"], **more})


BAD: dict[str, tuple[bytes | str, int, str]] = {
    "empty": (b"", 400, "body_form"),
    "not json": ("name=1", 400, "body_form"),
    "not utf-8": (b'{"fields": {"name": "\xff"}}', 400, "body_form"),
    "cut": (text()[:-3], 400, "body_form"),
    "a list": ("[]", 400, "body_form"),
    "a number": ("7", 400, "body_form"),
    "null": ("null", 400, "body_form"),
    "a name twice": (text()[:-1] + ', "fields": {}}', 400, "body_form"),
    "a name twice inside": (
        text().replace('"name"', '"name": "x", "name"'),
        400,
        "body_form",
    ),
    "NaN": (text(fields={"name": "x", "unpaid_balance": 0}).replace(": 0", ": NaN"), 400,
            "body_form"),
    "a number of ten thousand digits": (
        text(fields={"name": "x", "unpaid_balance": 0}).replace(": 0", ": " + "9" * 10_000), 400,
        "body_form",
    ),
    "deep": ('{"a":' * 2_000 + "1" + "}" * 2_000, 400, "body_form"),
    "deep by nine": (text(fields={"name": [[[[[[[[1]]]]]]]]}), 400, "body_form"),
    "NUL": (text(fields={"name": "x\0"}), 400, "body_form"),
    "half a pair": (text(fields={"name": "x"}).replace('"x"', '"\\ud800"'), 400, "body_form"),
    "fields missing": (json.dumps({"acquisition": GOOD["acquisition"]}), 422, "body_invalid"),
    "fields a list": (text(fields=[]), 422, "body_invalid"),
    "a field a list": (text(fields={"name": ["x"]}), 422, "body_invalid"),
    "a field an object": (text(fields={"name": {"first": SECRET}}), 422, "body_invalid"),
    "a field a fraction": (text(fields={"unpaid_balance": 1.5}), 422, "body_invalid"),
    "one more member": (text(nickname=SECRET), 422, "body_invalid"),
    "a member with a name": (text(**{SECRET: 1}), 422, "body_invalid"),
    "acquisition unknown": (acquisition(method="telepathy"), 422, "body_invalid"),
    "acquisition more": (acquisition(colour="red"), 422, "body_invalid"),
    "acquisition empty": (acquisition(source="  "), 422, "body_invalid"),
    "acquisition long": (acquisition(source="x" * 201), 422, "body_invalid"),
    "day impossible": (acquisition(on="2026-02-30"), 422, "body_invalid"),
    "day a number": (acquisition(on=20_260_101), 422, "body_invalid"),
    "flag a word": (acquisition(own_sign_up="true"), 422, "body_invalid"),
    "a hundred and one fields": (
        text(fields={f"f{n}": "x" for n in range(101)}), 422, "body_invalid",
    ),
    "a field of five million octets": (
        text(fields={"name": "x" * 5_000_000}), 422, "fields_invalid",
    ),
    "more than ten million octets": (
        text(fields={"name": "x" * 11_000_000}), 413, "body_too_large",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), BAD.values(), ids=BAD.keys())
def test_what_has_no_one_meaning_is_refused_without_its_value(
    town: Desk, body: bytes | str, status: int, code: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = town.staff("data_manager").post(PATH, params=QUALITY, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    for fault in answer.json().get("errors", ()):
        assert set(fault) == {"field", "code", "detail"}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("application/json", 422),
        ("application/json; charset=utf-8", 422),
        ("Application/JSON", 422),
        ("application/json; charset=shift_jis", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("multipart/form-data", 415),
        ("", 415),
    ],
)
def test_a_body_says_what_it_is(town: Desk, given: str, status: int) -> None:
    answer = town.staff("data_manager").post(
        PATH, params=QUALITY, content=b"{}", headers={"content-type": given}
    )
    assert answer.status_code == status


def test_the_same_problem_is_told_in_either_language(town: Desk) -> None:
    ja, en = (
        town.staff("data_manager").post(
            PATH, params=QUALITY, json={}, headers={"accept-language": lang}
        )
        for lang in ("ja", "en-GB,en;q=0.8")
    )
    assert ja.json()["code"] == en.json()["code"] == "body_invalid"
    assert ja.json()["errors"][0]["detail"] == "必須です。"
    assert en.json()["errors"][0]["detail"] == "Required."


def test_a_form_of_another_site_is_refused(town: Desk) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    answer = town.staff("data_manager").post(PATH, params=QUALITY, json=GOOD, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "stale_form")


def test_a_patch_takes_a_merge_patch(town: Desk) -> None:
    path, params = f"/v1/persons/{town.people[0]}", {**QUALITY, "reason": "error"}
    for body, code in ((b'{"name": {"first": "x"}}', "body_invalid"), (b"[]", "body_form")):
        answer = town.staff("data_manager").patch(
            path,
            params=params,
            content=body,
            headers={"content-type": "application/merge-patch+json", "if-match": '"x"'},
        )
        assert answer.json()["code"] == code
    unknown = town.staff("data_manager").patch(
        path, params={**QUALITY, "reason": "boredom"}, json={}, headers={"if-match": '"x"'}
    )
    assert unknown.json()["errors"][0]["field"] == "reason"
