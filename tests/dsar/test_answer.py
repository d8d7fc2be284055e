"""The files of an answer: under their schemas, alone on a phone, and inert whatever was stored."""

import csv
import io
import json
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.answer_files import SCHEMAS, files_of, schema_file
from dsar.gaps import GapKind, gaps
from dsar.information import Facts, information
from dsar.portability import NotPortable, portable
from dsar.report import asked_for, stays
from dsar.types import RequestKind
from governance.core.controller import Controller
from governance.core.terms import Law, RowId
from governance.customers.catalogue import catalogue
from governance.documents.neutralise import visible
from governance.registers.types import Recipient, RecipientRole
from tests.dsar.answers import FACTS, answer_of, found_of

HOSTILE = (
    "<script>alert(1)</script>",
    "]]><!--</style></title><img src=x onerror=alert(1)>",
    "=cmd|'/c calc'!A0",
    "\t+1+1",
    "abc\u202egnp.exe",
    "nul\x00 bell\x07 del\x7f",
    "zero\u200bwidth\u2066iso\ufeffbom",
    "lone\ud800surrogate",
    '"><a href="https://example.com/">',
    "{{ 7*7 }} #set page()",
)
WAYS_OUT = frozenset({"src", "srcset", "action", "formaction", "data", "poster", "background"})
US = Recipient(
    id=RowId("r-1"), source_key="V-9", name="Kakuu Inc.", role=RecipientRole.PROCESSOR, country="US"
)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]


def pages_of(files: dict[str, bytes]) -> dict[str, Page]:
    return {lang: Page(files[f"report.{lang}.html"].decode()) for lang in ("ja", "en")}


def test_every_document_keeps_to_its_published_schema() -> None:
    going = portable([found_of(name="架空", rank="A")], catalogue(), FACTS.policy.purposes)
    answer = answer_of(
        *going.findings, kind=RequestKind.PORTABILITY, law=Law.GDPR, stays=stays(going.left, {})
    )
    files = files_of(answer)
    for name in ("data.json", "portability.json"):
        document = json.loads(files[name])
        schema = json.loads(schema_file(SCHEMAS[document["schema"]]))
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(document)
        assert f"schemas/{SCHEMAS[document['schema']]}" in files
        document["more"] = 1
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_page_stands_alone_and_runs_nothing(lang: str) -> None:
    files = files_of(answer_of(found_of(name="架空")))
    page = pages_of(files)[lang]
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & WAYS_OUT
    assert not any(name.startswith("on") for name in names)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {t for t, _ in page.tags}
    style = re.search(r"<style>(.*?)</style>", files[f"report.{lang}.html"].decode(), re.DOTALL)
    assert style is not None
    assert not re.search(r"url\(|@import|https?:", style[1])
    links = [one["href"] or "" for one in page.all("a")]
    assert all(link.startswith(("#", "data:")) for link in links)
    policy = page.all("meta")[2]["content"] or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_page_is_a_document_that_can_be_walked(lang: str) -> None:
    page = pages_of(files_of(answer_of(found_of(name="架空"))))[lang]
    assert page.all("html") == [{"lang": lang}]
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(one.get("scope") in ("row", "col") for one in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    aims = {(one["href"] or "")[1:] for one in page.all("a") if (one["href"] or "").startswith("#")}
    assert aims <= set(ids)
    assert {one for one, _ in page.tags} >= {"header", "nav", "main", "section"}
    if lang == "en":
        assert {"lang": "ja"} in page.all("td")


def test_the_downloads_inside_the_page_are_the_files_of_the_package() -> None:
    files = files_of(answer_of(found_of(name="架空")))
    for page in pages_of(files).values():
        inside = {
            one["download"] or "": b64decode((one["href"] or "").partition("base64,")[2])
            for one in page.all("a")
            if "download" in one
        }
        assert inside == {"data.json": files["data.json"], "person.csv": files["csv/person.csv"]}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_text_everywhere(value: str) -> None:
    found = found_of(name=value, notes=value)
    files = files_of(answer_of(replace(found, label=replace(found.label, ja=value, en=value))))
    harmless = {tag for tag, _ in pages_of(files_of(answer_of(found_of(name="x"))))["ja"].tags}
    for page in pages_of(files).values():
        assert {tag for tag, _ in page.tags} <= harmless
        assert visible(value) in page.text
    told = files["data.json"].decode()
    assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069\x00]", told)
    assert json.loads(told)["sources"][0]["records"][0][0]["value"] == value
    cells = list(csv.reader(io.StringIO(files["csv/person.csv"].decode("utf-8-sig"), newline="")))
    for cell in (cell for row in cells for cell in row):
        assert not re.match(r"[=+\-@\t\r]", cell)
        assert visible(cell) == cell


@given(st.text(max_size=60))
def test_any_text_comes_back_from_the_json_and_breaks_no_page(value: str) -> None:
    files = files_of(answer_of(found_of(name=value)))
    assert json.loads(files["data.json"])["sources"][0]["records"][0][0]["value"] == value
    page = pages_of(files)["ja"]
    assert len(page.all("table")) == 1
    assert not page.all("script")


def test_five_megabytes_in_one_field_are_whole() -> None:
    value = "\u202e" + "<あ" * 1_250_000
    files = files_of(answer_of(found_of(notes=value)))
    assert json.loads(files["data.json"])["sources"][0]["records"][0][0]["value"] == value
    assert files["report.ja.html"].count("&lt;あ".encode()) == 1_250_000


def test_the_records_of_provision_alone_answer_their_own_right() -> None:
    person, provision = found_of(name="架空"), found_of("provision", party="架空広告株式会社")
    assert asked_for([person, provision], [RequestKind.PROVISION_RECORDS]) == (provision,)
    assert asked_for([person, provision], [RequestKind.DISCLOSURE]) == (person, provision)
    assert asked_for([person, provision], [RequestKind.PURPOSE_NOTICE]) == ()


def test_what_goes_elsewhere_was_given_or_observed_on_consent_or_contract() -> None:
    found = found_of(
        name="架空", interests="釣り", rank="A", notes="所見", source="Web", unknown="x"
    )
    going = portable([found], catalogue(), FACTS.policy.purposes)
    assert [value.name for value in going.findings[0].records[0].values] == [
        "person.name",
        "person.interests",
    ]
    assert {one.name: one.reason for one in going.left} == {
        "person.rank": NotPortable.DERIVED,
        "person.notes": NotPortable.DERIVED,
        "person.source": NotPortable.OTHER_BASIS,
        "person.unknown": NotPortable.OTHER_BASIS,
    }
    company = found_of("contact", department="営業部")  # a legitimate interest alone
    assert portable([company], catalogue(), FACTS.policy.purposes).findings == ()


def told(facts: Facts, law: Law = Law.GDPR) -> dict[str, str]:
    found = [found_of(name="架空", source="Web")]
    return {one.code: " ".join(x.en for x in one.lines) for one in information(law, found, facts)}


def test_the_page_says_what_the_registers_say() -> None:
    facts = replace(FACTS, recipients=(replace(US, gdpr_ground="scc", categories=("name",)),))
    page = told(facts)
    assert "Kakuu Inc." in page["gdpr.c"]
    assert "Kakuu Inc. (United States" in page["gdpr.transfer"]
    assert "not registered" not in page["gdpr.transfer"]
    assert "Web" in page["gdpr.g"]
    assert page["gdpr.h"] == "We make none."
    assert page["gdpr.d"] == "5 years after leaving"
    assert "encryption in transit" in told(facts, Law.APPI)["appi.measures"]
    other = replace(facts, recipients=(replace(US, categories=("financial",)),))
    assert "Kakuu" not in told(other)["gdpr.c"]
    over = replace(facts, recipients=(replace(US, ended_on=FACTS.on and FACTS.on.replace(day=1)),))
    assert "Kakuu" not in told(over)["gdpr.c"]


def test_what_no_register_says_is_told_before_and_never_invented() -> None:
    bare = replace(FACTS, recipients=(US,), controller=Controller(), periods={}, measures=None)
    lacking = {gap.code for gap in gaps({Law.GDPR, Law.APPI}, [found_of(name="架空")], bare)}
    assert lacking == {
        "period:customer_master",
        "recipient_items:V-9",
        "transfer_basis:V-9",
        "safeguard:V-9",
        "automated",
        "origin",
        "measures",
    }
    page = told(bare)
    assert page["gdpr.h"] == "None is registered."
    assert "not registered" in page["gdpr.transfer"]
    assert gaps({Law.GDPR, Law.APPI}, [found_of(name="架空", source="Web")], FACTS) == ()
    for kind in GapKind:
        assert replace(gaps({Law.GDPR}, [], bare)[0], kind=kind).sentence.ja
