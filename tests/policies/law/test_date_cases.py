"""Date cases of the shipped law file, and more of our own, worked out by hand."""

from importlib.resources import files

import pytest
import yaml

from policies.law.answers import due_json

SHIPPED = yaml.safe_load(
    files("policies.law").joinpath("data", "law.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", SHIPPED["test_cases"], ids=lambda case: case["id"])
def test_shipped_case_comes_out_as_the_file_says(case: dict[str, object]) -> None:
    answer = due_json(case["rule"], case["input"], calendar=case["calendar"])
    assert {key: answer.get(key) for key in case["expect"]} == case["expect"]
    assert answer["reason_ja"]
    assert answer["reason_en"]


# calendar, received, nominal, legal, why
MONTH = [
    ("DE", "2026-01-31", "2026-02-28", "2026-03-02", "no 31 Feb; Saturday"),
    ("DE", "2027-01-31", "2027-02-28", "2027-03-01", "no 31 Feb; Sunday"),
    ("DE", "2024-01-30", "2024-02-29", "2024-02-29", "leap year Thursday"),
    ("DE", "2028-02-29", "2028-03-29", "2028-03-29", "starts on 29 Feb"),
    ("DE", "2026-10-31", "2026-11-30", "2026-11-30", "November has 30 days"),
    ("FR", "2026-03-05", "2026-04-05", "2026-04-07", "Easter Sunday, lundi de Pâques"),
    ("FR", "2026-04-01", "2026-05-01", "2026-05-04", "Friday 1 May, weekend"),
    ("FR", "2026-04-08", "2026-05-08", "2026-05-11", "Friday 8 May 1945, weekend"),
    ("DE", "2026-04-08", "2026-05-08", "2026-05-08", "8 May is open in DE"),
    ("FR", "2026-06-14", "2026-07-14", "2026-07-15", "fête nationale"),
    ("DE", "2026-06-14", "2026-07-14", "2026-07-14", "14 July is open in DE"),
    ("DE", "2027-02-26", "2027-03-26", "2027-03-30", "Good Friday to Easter Monday"),
    ("FR", "2027-02-26", "2027-03-26", "2027-03-26", "Good Friday is open in FR"),
    ("IE", "2026-02-17", "2026-03-17", "2026-03-18", "St Patrick"),
    ("ES", "2026-09-12", "2026-10-12", "2026-10-13", "Fiesta Nacional"),
    ("IT", "2026-05-02", "2026-06-02", "2026-06-03", "Festa della Repubblica"),
    ("PL", "2026-10-11", "2026-11-11", "2026-11-12", "independence"),
    ("AT", "2026-09-26", "2026-10-26", "2026-10-27", "Nationalfeiertag"),
    ("NL", "2026-03-27", "2026-04-27", "2026-04-28", "Koningsdag"),
    ("SE", "2026-05-06", "2026-06-06", "2026-06-08", "National Day on a Saturday"),
    ("PT", "2026-05-10", "2026-06-10", "2026-06-11", "Dia de Portugal"),
    ("BE", "2026-06-21", "2026-07-21", "2026-07-22", "national day"),
    ("GR", "2026-03-10", "2026-04-10", "2026-04-14", "Orthodox Good Friday to Easter Monday"),
    ("DK", "2026-04-14", "2026-05-14", "2026-05-15", "Ascension"),
    ("CZ", "2026-08-28", "2026-09-28", "2026-09-29", "statehood"),
    ("HU", "2026-07-20", "2026-08-20", "2026-08-21", "St Stephen; the bridge day is no holiday"),
    ("RO", "2026-11-01", "2026-12-01", "2026-12-02", "national day"),
    ("LU", "2026-05-23", "2026-06-23", "2026-06-24", "national day"),
    ("FI", "2026-11-06", "2026-12-06", "2026-12-07", "Sunday 6 December"),
    ("DE", "2026-11-25", "2026-12-25", "2026-12-28", "Christmas, Boxing Day, Sunday"),
    ("DE", "2026-12-01", "2027-01-01", "2027-01-04", "New Year on a Friday"),
    ("DE", "2026-12-06", "2027-01-06", "2027-01-06", "Epiphany is open in DE at large"),
    ("DE-BY", "2026-12-06", "2027-01-06", "2027-01-07", "and closed in Bavaria"),
]


@pytest.mark.parametrize(("calendar", "received", "nominal", "legal", "why"), MONTH)
def test_month_of_the_gdpr(
    calendar: str, received: str, nominal: str, legal: str, why: str
) -> None:
    answer = due_json("gdpr_1m", {"received": received}, calendar=calendar)
    assert (answer["nominal"], answer["legal"]) == (nominal, legal), why


# rule, calendar, events, what must come out
CASES: list[tuple[str, str | None, dict[str, str], dict[str, object]]] = [
    # extension: counted from receipt, only if told inside the first month
    (
        "gdpr_ext_3m",
        "DE",
        {"received": "2025-11-30", "extension_notice": "2025-12-30"},
        {
            "nominal": "2026-02-28",
            "legal": "2026-03-02",
            "internal_target": "2026-02-28",
            "extension_valid": True,
        },
    ),
    (
        "gdpr_ext_3m",
        "DE",
        {"received": "2026-02-15", "extension_notice": "2026-03-16"},  # 15 March is a Sunday
        {"nominal": "2026-05-15", "legal": "2026-05-15", "extension_valid": True},
    ),
    (
        "gdpr_ext_3m",
        "DE",
        {"received": "2026-02-15", "extension_notice": "2026-03-17"},
        {"nominal": "2026-03-15", "legal": "2026-03-16", "extension_valid": False},
    ),
    (
        "gdpr_ext_3m",
        "FR",
        {"received": "2026-05-15", "extension_notice": "2026-06-01"},
        {"nominal": "2026-08-15", "legal": "2026-08-17", "internal_target": "2026-08-15"},
    ),
    (
        "gdpr_ext_3m",
        "DE",
        {"received": "2027-11-30", "extension_notice": "2027-12-01"},
        {"nominal": "2028-02-29", "legal": "2028-02-29"},
    ),
    (
        "gdpr_ext_3m",
        "none",
        {"received": "2026-02-05", "extension_notice": "2026-03-05"},
        {"work_to": "2026-05-05", "extension_valid": True, "legal": None},
    ),
    (
        "gdpr_ext_3m",
        "DE",
        {"received": "2026-02-05"},
        {"nominal": "2026-05-05", "notice_by": "2026-03-05", "extension_valid": None},
    ),
    (
        "gdpr_ext_3m",
        "DE",
        {
            "received": "2026-06-10",
            "id_asked": "2026-06-12",
            "id_answered": "2026-06-22",
            "extension_notice": "2026-07-15",
        },
        {
            "nominal": "2026-09-20",
            "legal": "2026-09-21",
            "internal_target": "2026-09-20",
            "extension_valid": True,
        },
    ),
    (
        "gdpr_1m",
        "DE",
        {"received": "2026-05-04", "extension_notice": "2026-05-20"},
        {"legal": "2026-06-04", "extension_valid": True},
    ),
    # pauses
    (
        "gdpr_1m",
        "DE",
        {
            "received": "2026-06-10",
            "id_asked": "2026-06-12",
            "id_answered": "2026-06-22",
            "scope_asked": "2026-06-13",
            "scope_answered": "2026-06-25",
        },
        {"nominal_no_pause": "2026-07-10", "legal": "2026-07-23", "paused_days": 13},
    ),
    (
        "gdpr_1m",
        "DE",
        {"received": "2026-06-10", "id_asked": "2026-06-11", "id_answered": "2026-06-19"},
        {"nominal": "2026-07-18", "legal": "2026-07-20", "work_to": None},
    ),
    (
        "gdpr_1m",
        "DE",
        {"received": "2026-06-10", "id_asked": "2026-06-30", "id_answered": "2026-07-05"},
        {"legal": "2026-07-15", "work_to": "2026-07-10"},  # asked late: may be disputed
    ),
    (
        "gdpr_1m",
        "DE",
        {"received": "2026-06-10", "id_asked": "2026-07-11", "id_answered": "2026-07-20"},
        {"legal": "2026-07-10", "paused_days": 0},
    ),
    (
        "gdpr_1m",
        "DE",
        {"received": "2026-06-10", "id_asked": "2026-06-12"},
        {"legal": "2026-07-10", "paused_since": "2026-06-12"},
    ),
    (
        "gdpr_1m",
        "none",
        {"received": "2026-06-10", "id_asked": "2026-06-12", "id_answered": "2026-06-12"},
        {"work_to": "2026-07-10", "paused_days": 0},
    ),
    # notice to persons whose data came from elsewhere
    (
        "gdpr_1m_art14",
        "DE",
        {"obtained": "2026-12-31", "first_communication": "2027-01-10"},
        {"nominal": "2027-01-10", "legal": "2027-01-10"},
    ),
    (
        "gdpr_1m_art14",
        "DE",
        {"obtained": "2026-12-31", "first_disclosure": "2027-02-01"},
        {"nominal": "2027-01-31", "legal": "2027-02-01"},
    ),
    # 72 hours and summer time
    ("gdpr_72h", "DE", {"aware": "2026-03-27T18:00+01:00"}, {"due": "2026-03-30T19:00+02:00"}),
    ("gdpr_72h", "DE", {"aware": "2026-10-23T17:00+02:00"}, {"due": "2026-10-26T16:00+01:00"}),
    ("gdpr_72h", "DE", {"aware": "2026-04-03T08:20Z"}, {"due": "2026-04-06T10:20+02:00"}),
    ("gdpr_72h", "IE", {"aware": "2026-10-24T00:30+01:00"}, {"due": "2026-10-26T23:30+00:00"}),
    ("gdpr_72h", "none", {"aware": "2026-03-27T18:00+01:00"}, {"due": "2026-03-30T18:00+01:00"}),
    ("gdpr_72h", None, {"aware": "2026-03-27T18:00+01:00"}, {"due": "2026-03-30T18:00+01:00"}),
    (
        "gdpr_72h",
        "Asia/Tokyo",
        {"aware": "2026-12-30T09:00:30+09:00"},
        {"due": "2027-01-02T09:00:30+09:00"},
    ),
    (
        "gdpr_72h",
        "America/New_York",
        {"aware": "2026-03-06T12:00-05:00"},
        {"due": "2026-03-09T13:00-04:00"},
    ),
    # 確報: the known day is day 1
    (
        "appi_kakuho_30",
        None,
        {"known": "2026-04-04"},
        {"nominal": "2026-05-03", "legal": "2026-05-07"},
    ),
    (
        "appi_kakuho_30",
        "jp_admin",
        {"known": "2026-04-07"},
        {"nominal": "2026-05-06", "legal": "2026-05-07"},
    ),
    (
        "appi_kakuho_30",
        "jp_admin",
        {"known": "2026-11-29"},
        {"nominal": "2026-12-28", "legal": "2026-12-28"},
    ),
    (
        "appi_kakuho_30",
        "JP",
        {"known": "2026-11-30"},
        {"nominal": "2026-12-29", "legal": "2027-01-04"},
    ),
    (
        "appi_kakuho_30",
        "jp_admin",
        {"known": "2026-08-23"},
        {"nominal": "2026-09-21", "legal": "2026-09-24"},
    ),
    (
        "appi_kakuho_30",
        "jp_admin",
        {"known": "2028-01-31"},
        {"nominal": "2028-02-29", "legal": "2028-02-29"},
    ),
    (
        "appi_kakuho_30",
        "jp_admin",
        {"known": "2021-06-24"},
        {"nominal": "2021-07-23", "legal": "2021-07-26"},
    ),
    (
        "appi_kakuho_30",
        "jp_admin",
        {"known": "2020-07-12"},
        {"nominal": "2020-08-10", "legal": "2020-08-11"},
    ),
    ("appi_kakuho_30", "none", {"known": "2026-12-03"}, {"work_to": "2027-01-01", "legal": None}),
    (
        "appi_kakuho_30",
        "jp_admin",
        {"known": "2026-12-02T23:30+00:00"},  # 3 December in Japan
        {"nominal": "2027-01-01", "legal": "2027-01-04"},
    ),
    (
        "appi_kakuho_60",
        "jp_admin",
        {"known": "2026-01-01"},
        {"nominal": "2026-03-01", "legal": "2026-03-02"},
    ),
    (
        "appi_kakuho_60",
        "jp_admin",
        {"known": "2026-11-02"},
        {"nominal": "2026-12-31", "legal": "2027-01-04"},
    ),
    # 速報: a guideline figure
    ("appi_sokuho", None, {"known": "2026-02-26"}, {"soft": "2026-02-28", "hard": "2026-03-02"}),
    (
        "appi_sokuho",
        "jp_admin",
        {"known": "2028-02-27"},
        {"soft": "2028-02-29", "hard": "2028-03-02"},
    ),
    # two weeks of Art. 39, not moved by the New Year
    (
        "appi_39_2w",
        None,
        {"arrived": "2026-12-20"},
        {"nominal": "2027-01-03", "legal": "2027-01-03"},
    ),
    # keeping ends on the eve of the corresponding date, or with the month
    (
        "rec_3y",
        None,
        {"created": "2024-02-28"},
        {"keep_until": "2027-02-28", "purge_from": "2027-03-01"},
    ),
    (
        "rec_3y",
        None,
        {"created": "2023-12-31"},
        {"keep_until": "2026-12-31", "purge_from": "2027-01-01"},
    ),
    ("rec_3y", None, {"record_created": "2025-02-28"}, {"keep_until": "2028-02-29"}),
    ("rec_3y_last", None, {"last_provision": "2024-03-01"}, {"keep_until": "2027-02-28"}),
    ("rec_3y_last", None, {"last_provision": "2024-02-29"}, {"keep_until": "2027-02-28"}),
    ("rec_3y_last", None, {"last_provision": "2026-01-31"}, {"keep_until": "2029-01-30"}),
    ("rec_1y_last", None, {"last_provision": "2026-04-01"}, {"keep_until": "2027-03-31"}),
    (
        "tax_7y",
        None,
        {"fy_end": "2025-12-31", "return_deadline": "2026-03-02"},
        {"keep_until": "2033-03-02", "purge_from": "2033-03-03"},
    ),
    (
        "tax_7y",
        None,
        {"fy_end": "2026-03-31", "return_deadline": "2026-05-29"},
        {"keep_until": "2033-05-31", "purge_from": "2033-06-01"},
    ),
    ("tax_7y", None, {"return_deadline": "2026-06-01"}, {"keep_until": "2033-06-01"}),
    ("RET-KAISHA", None, {"start": "2026-03-31"}, {"keep_until": "2036-03-31"}),
    ("RET-ROKI", None, {"start": "2026-03-31"}, {"keep_until": "2029-03-31"}),
    ("RET-TOKUDEN", None, {"start": "2026-01-30"}, {"keep_until": "2026-02-28"}),
    ("RET-HOJINZEI", None, {"start_longer": "2026-06-01"}, {"keep_until": "2036-06-01"}),
    ("RET-MYNO", None, {"start": "2026-06-01"}, {"keep_until": "2026-06-01"}),
    # duties without a number: policy is shown as policy
    ("appi_chitai", None, {"complete": "2026-04-01"}, {"policy_due": "2026-04-15", "legal": None}),
    (
        "appi_chitai",
        None,
        {"complete": "2026-04-01", "fee_asked": "2026-04-10", "fee_answered": "2026-04-13"},
        {"policy_due": "2026-04-18", "paused_days": 3},
    ),
    ("undue_delay", None, {"start": "2026-04-01"}, {"policy_due": "2026-04-04"}),
    ("annual", None, {"last_check": "2024-02-29"}, {"nominal": "2025-02-28"}),
    ("before", None, {"event": "2026-04-01"}, {"due": "2026-04-01"}),
    ("at_collection", None, {"event": "2026-04-01T10:00+09:00"}, {"due": "2026-04-01T10:00+09:00"}),
    ("continuous", None, {}, {"due": None, "legal": None, "policy_due": None}),
]


@pytest.mark.parametrize(("rule", "calendar", "events", "expect"), CASES)
def test_worked_case(
    rule: str, calendar: str | None, events: dict[str, str], expect: dict[str, object]
) -> None:
    answer = due_json(rule, events, calendar=calendar)
    assert {key: answer.get(key) for key in expect} == expect
