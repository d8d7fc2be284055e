"""Receipts in every form, derived from one content that the stand-alone verifier proves."""

import io
import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema_rs
import pypdf
import pytest

from audit.verifier.main import run as verifier
from consent.choices import Choice
from consent.receipts import forms
from consent.receipts.forms import ReceiptForm, ReceiptFormAbsentError, files_of
from consent.receipts.iso27560 import BASES, CONTEXT, STATUS
from consent.receipts.issue import ReceiptMovedError, newest_choice
from consent.receipts.paper import receipt_paper
from consent.service import choose
from consent.types import EventKind, EvidenceGrade
from governance.app import statements
from governance.app.statements import consent_receipt
from governance.app.wiring import Wiring
from governance.core.terms import Lang, Law, PurposeId, RowId, SubjectId
from governance.documents import typesetting
from governance.documents.errors import PdfMissingError
from governance.documents.papers import Paper
from governance.i18n.catalogue import text
from governance.registers import service as registers
from policies.purposes import BASES as BY_LAW
from tests.installation import AT, OFFICER, add_person, create

HERE = Path(__file__).parent
MAIL = PurposeId("mail_marketing")
BASIS = "consent.receipt.basis"


def schema(name: str) -> jsonschema_rs.Validator:
    content = json.loads((HERE / f"{name}.schema.json").read_text("utf-8"))
    return jsonschema_rs.validator_for(content, validate_formats=True)


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    made = create(tmp_path_factory.mktemp("receipts"))
    yield made
    made.close()


def chosen(wiring: Wiring, subject: SubjectId, kind: EventKind, purpose: str = MAIL) -> RowId:
    made = Choice(
        subject=subject,
        purpose=PurposeId(purpose),
        kind=kind,
        method="form",
        action="unticked_box",
        shown="メールマガジンを受け取ります",
    )
    choose(wiring.ports, OFFICER, made, at=AT)
    with wiring.database.read() as tx:
        return newest_choice(tx, subject, PurposeId(purpose))


def given(wiring: Wiring, choice: RowId, form: ReceiptForm) -> bytes:
    return consent_receipt(wiring, OFFICER, choice, at=AT, form=form)


def bundle(wiring: Wiring, choice: RowId) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(given(wiring, choice, ReceiptForm.ZIP))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.mark.parametrize(
    ("kind", "purpose"),
    [
        (EventKind.GIVEN, "mail_marketing"),
        (EventKind.GIVEN, "foreign_provision"),
        (EventKind.REFUSED, "health_consultation"),
        (EventKind.WITHDRAWN, "group_joint_use"),
        (EventKind.OBJECTED, "mail_marketing"),
    ],
)
def test_every_receipt_has_what_the_standard_asks_for(
    wiring: Wiring, kind: EventKind, purpose: str
) -> None:
    choice = chosen(wiring, add_person(wiring), kind, purpose)
    shape = json.loads(given(wiring, choice, ReceiptForm.ISO27560))
    schema("dpv-27560").validate(shape)
    (process,) = shape["dpv:hasProcess"]
    assert set(process["dpv:hasRecipient"]) <= set(shape["dpv:hasEntity"])
    assert process["dpv:hasConsentStatus"][-1]["@type"][0] == STATUS[kind]
    used = {word.partition(":")[0] for word in _terms(shape)}
    assert used <= {*CONTEXT, "group"}


def _terms(shape: Any) -> Iterator[str]:
    """Every member name and type with a prefix."""
    if isinstance(shape, dict):
        for name, value in shape.items():
            if ":" in name and not name.startswith(("processor:", "third_party:")):
                yield name
            if name != "@context":
                yield from _terms(value)
            if name == "@type":
                yield from (value if isinstance(value, list) else [value])
    elif isinstance(shape, list):
        for one in shape:
            yield from _terms(one)


@pytest.mark.parametrize("purpose", ["mail_marketing", "health_consultation", "location_use"])
def test_a_consent_has_its_kantara_receipt(wiring: Wiring, purpose: str) -> None:
    choice = chosen(wiring, add_person(wiring), EventKind.GIVEN, purpose)
    shape = json.loads(given(wiring, choice, ReceiptForm.KANTARA))
    schema("kantara").validate(shape)
    assert shape["consentTimestamp"] == int(AT.timestamp())
    assert shape["sensitive"] is (purpose == "health_consultation")


@pytest.mark.parametrize("kind", [EventKind.REFUSED, EventKind.WITHDRAWN])
def test_what_is_no_consent_has_none(wiring: Wiring, kind: EventKind) -> None:
    choice = chosen(wiring, add_person(wiring), kind)
    with pytest.raises(ReceiptFormAbsentError):
        given(wiring, choice, ReceiptForm.KANTARA)
    assert forms.KANTARA not in bundle(wiring, choice)


@pytest.mark.parametrize("kind", [EventKind.GIVEN, EventKind.WITHDRAWN])
def test_the_verifier_alone_proves_the_statement_and_each_file_beside_it(
    wiring: Wiring, kind: EventKind, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    subject = add_person(wiring)
    chosen(wiring, subject, EventKind.GIVEN)
    files = bundle(wiring, chosen(wiring, subject, kind))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    keys = [word for key in wiring.log_keys.verifier_keys for word in ("--key", key.vkey)]
    others = sorted(set(files) - {forms.STATEMENT})
    beside = [word for name in others for word in ("--form", str(tmp_path / name))]
    statement = str(tmp_path / forms.STATEMENT)
    assert verifier([statement, "--json", *keys, *beside]) == 0
    report = json.loads(capfd.readouterr().out)
    content = report["content"]
    assert content["choice"]["kind"] == kind.value
    assert [one["kind"] for one in content["history"]][-1] == kind.value
    assert content["choice"]["proof"]["shown"] == "メールマガジンを受け取ります"
    assert content["forms"] == {name: sha256(files[name]).hexdigest() for name in others}
    assert report["forms"] == dict.fromkeys([str(tmp_path / name) for name in others], True)
    forged = tmp_path / forms.ISO
    forged.write_bytes(files[forms.ISO].replace(b"mail_marketing", b"ad_matching"))
    assert verifier([statement, *keys, "--form", str(forged)]) == 1
    assert "一致しません" in capfd.readouterr().out


def test_every_form_follows_from_the_proven_content(wiring: Wiring) -> None:
    choice = chosen(wiring, add_person(wiring), EventKind.GIVEN)
    files = bundle(wiring, choice)
    stated = json.loads(files[forms.STATEMENT].split(b"\n", 1)[0])["content"]
    facts = {name: value for name, value in stated.items() if name not in ("forms", "nonce")}
    assert files_of(facts) == {n: f for n, f in files.items() if n != forms.STATEMENT}


def test_a_receipt_names_no_employee_and_no_value_of_the_register(wiring: Wiring) -> None:
    choice = chosen(wiring, add_person(wiring), EventKind.GIVEN)
    for name, content in bundle(wiring, choice).items():
        shown = content.split(b"\n", 1)[0] if name == forms.STATEMENT else content
        assert OFFICER.id.encode() not in shown, name


@pytest.mark.parametrize("lang", list(Lang))
def test_the_page_is_whole_and_speaks_the_language(wiring: Wiring, lang: Lang) -> None:
    choice = chosen(wiring, add_person(wiring), EventKind.WITHDRAWN)
    page = bundle(wiring, choice)[f"receipt.{lang.value}.html"].decode()
    assert text("consent.receipt.title.withdrawn", lang) in page
    assert "<script" not in page
    assert f'<html lang="{lang.value}">' in page


def test_the_pdf_says_what_the_page_says_and_is_bound_to_the_statement(wiring: Wiring) -> None:
    choice = chosen(wiring, add_person(wiring), EventKind.WITHDRAWN)
    files = bundle(wiring, choice)
    if (printed := files.get("receipt.ja.pdf")) is None:
        pytest.skip("needs a Japanese font: apt install fonts-noto-cjk")
    said = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed)).pages)
    stated = json.loads(files[forms.STATEMENT].split(b"\n", 1)[0])["content"]
    assert stated["forms"]["receipt.ja.pdf"] == sha256(printed).hexdigest()
    for words in _words(receipt_paper(stated, Lang.JA)):
        assert "".join(words.split()) in "".join(said.split())
    assert given(wiring, choice, ReceiptForm.PDF).startswith(b"%PDF-")


def _words(paper: Paper) -> Iterator[str]:
    yield from (paper.title, paper.sender, *paper.lead)
    for part in paper.parts:
        yield from (part.head, *part.paragraphs, *part.items)
        yield from (word for one in part.entries for word in (one.term, one.text))


def test_without_the_extra_the_other_forms_are_given(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "can_typeset", lambda: False)
    monkeypatch.setattr(forms, "can_typeset", lambda: False)
    choice = chosen(wiring, add_person(wiring), EventKind.GIVEN)
    with pytest.raises(PdfMissingError):
        given(wiring, choice, ReceiptForm.PDF)
    assert {"receipt.ja.html", forms.ISO} <= set(bundle(wiring, choice))


def test_what_changed_while_the_files_were_made_is_told_anew(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = chosen(wiring, add_person(wiring), EventKind.GIVEN)
    company = {"role": "processor", "country": "JP", "purposes": [MAIL], "name": "架空発送株式会社"}
    turns = iter((True, False))
    real = forms.files_of

    def slow(content: Any, **asked: Any) -> dict[str, bytes]:
        if next(turns):
            wiring.database.write(
                lambda tx: registers.enter(tx, wiring.ports, OFFICER, "X-1", company, at=AT)
            )
        return real(content, **asked)

    monkeypatch.setattr(statements, "files_of", slow)
    stated = given(wiring, choice, ReceiptForm.STATEMENT)
    assert "架空発送株式会社" in stated.decode()
    assert next(turns, None) is None


def test_what_never_stands_still_is_not_issued(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = chosen(wiring, add_person(wiring), EventKind.GIVEN)
    monkeypatch.setattr(statements, "files_of", lambda content, **_: content.clear() or {})
    with pytest.raises(ReceiptMovedError):
        given(wiring, choice, ReceiptForm.STATEMENT)


@pytest.mark.parametrize("purpose", ["mail_marketing", "foreign_provision", "health_consultation"])
def test_an_english_receipt_names_articles_in_english(wiring: Wiring, purpose: str) -> None:
    files = bundle(wiring, chosen(wiring, add_person(wiring), EventKind.GIVEN, purpose))
    stated = json.loads(files[forms.STATEMENT].split(b"\n", 1)[0])["content"]
    covered = receipt_paper(stated, Lang.EN).parts[1]
    basis = next(one.text for one in covered.entries if one.term == text(BASIS, Lang.EN))
    assert "(Art. " in basis
    assert basis.isascii()
    paper = receipt_paper(stated, Lang.JA)
    assert "条" in paper.parts[1].entries[-1].text
    if stated["notice"]:  # by its title, and nothing stands empty
        assert stated["notice"]["id"] not in paper.parts[2].entries[0].text
    assert all(one.text for part in paper.parts for one in part.entries)


def test_two_bundles_of_the_same_files_are_the_same_bytes() -> None:
    files = {"b": b"2", "a": b"1"}
    assert forms.zipped(files) == forms.zipped(dict(reversed(files.items())))


@pytest.mark.parametrize("lang", list(Lang))
def test_every_kind_of_event_and_evidence_has_its_words(lang: Lang) -> None:
    assert set(STATUS) == set(EventKind)
    for kind in EventKind:
        for key in (f"title.{kind.value}", f"said.{kind.value}"):
            assert text(f"consent.receipt.{key}", lang, purpose="x")
        assert text(f"consent.kind.{kind.value}", lang)
    for grade in EvidenceGrade:
        assert text(f"consent.evidence.{grade.value}", lang)


def test_bases_of_the_gdpr_have_terms() -> None:
    assert set(BASES) == {basis.value for basis in BY_LAW[Law.GDPR]}
