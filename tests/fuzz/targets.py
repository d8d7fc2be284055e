"""Every reader of what others write, as a function of octets; what each may raise is declared."""

import io
import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from audit.alarms.watching import load_watching
from audit.verifier.findings import FormError
from audit.verifier.note import parse_note, parse_vkey
from audit.verifier.package import verify_package
from audit.verifier.page import verify_page
from audit.verifier.statement import verify_statement
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from audit.witness.asking import parse_witnesses
from audit.witness.protocol import parse_submission
from consent.access.questions import question_of
from consent.collecting.reading import read_points
from consent.notices.reading import read_edition
from dsar.intake.rules import answer_faults, first_open, questions
from governance.connectors.reading import read_connectors
from governance.core.errors import GovernanceError
from governance.core.settings_reading import load as load_settings
from governance.crypto.stream import StreamReader, StreamWriter
from governance.customers.normalise.address import normalise_address
from governance.customers.normalise.companies import normalise_company
from governance.customers.normalise.dates import normalise_date, normalise_instant
from governance.customers.normalise.email import normalise_email
from governance.customers.normalise.files import read_register
from governance.customers.normalise.kana import normalise_kana
from governance.customers.normalise.names import normalise_name
from governance.customers.normalise.phone import normalise_phone
from governance.documents.tables import write_xlsx
from governance.http.strict_json import NotStrictError, object_of
from policies.law.load import law_book, shipped_texts
from policies.load import default_folder, load_sources, read_sources
from retention.backups.types import Ending, Manifest
from retention.datasets.reading import read_request
from retention.schedules import read_schedule
from tests.duties import EDITION
from tests.fuzz.further import further
from tests.fuzz.papers import papers
from tests.fuzz.target import AT, CELLS, JSON, Target, on_disk, text_of
from tests.installation import CONSENTS, REGISTER
from tests.outside import SHOP
from tests.retention.datasets.test_dataset_rules import GOOD

DECLARED: Final = (GovernanceError, FormError, NotStrictError)


def _values(octets: bytes) -> None:
    text = text_of(octets)
    for read in (normalise_email, normalise_phone, normalise_name, normalise_kana,
                 normalise_address, normalise_company):  # fmt: skip
        read(text)
    normalise_date(text, at=AT)
    normalise_instant(text, at=AT)


def _form(octets: bytes) -> None:
    """The request form of the portal: any answers, on any page."""
    answers = dict(parse_qsl(text_of(octets), keep_blank_values=True))
    for known in (True, False):
        for question in questions(answers, known=known):
            answer_faults(question, answers)
        first_open(answers, known=known)


def _policy(octets: bytes) -> object:
    first, *rest = read_sources(default_folder()).items()
    name, _ = first
    return load_sources({name: text_of(octets), **dict(rest)})


def _backup(octets: bytes) -> None:
    reader = StreamReader(io.BytesIO(octets))
    Manifest.read(reader.head)
    for _ in reader.chunks(b"k" * 32):
        break
    if reader.ending is not None:
        Ending.read(reader.ending)


def _settings(path: Path) -> object:
    return load_settings(config=path, environment={})


@cache
def _workbook() -> bytes:
    """A register of one row as a workbook."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        write_xlsx(path, REGISTER, [["C000001", "架空　花子", "カクウ ハナコ", *[""] * 12]])
        return path.read_bytes()


def _sealed() -> bytes:
    """The smallest backup that opens up to what its manifest names."""
    out = io.BytesIO()
    head = {"format": "sekisho-backup/1", "backup": "a", "installation": "b", "form": "sqlite"}
    writer = StreamWriter(out, b"k" * 32, json.dumps(head).encode())
    writer.write(b"x" * 100)
    writer.end(b"{}")
    return out.getvalue()


def shipped(name: str) -> bytes:
    """A file of ours."""
    return Path(name).read_bytes()


def _csv(headers: tuple[str, ...], *cells: str) -> bytes:
    return (",".join(headers) + "\r\n" + ",".join(cells) + "\r\n").encode()


def _seeds_of_log() -> tuple[bytes, ...]:
    notes = json.loads(Path("tests/vectors/audit/note.json").read_bytes())
    return tuple(
        text.encode() for text in _strings(notes) if "\n" in text or "+" in text
    ) or (b"log.example.com/sekisho\n9\nAAAA\n\n",)  # fmt: skip


def _strings(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [text for part in inner for text in _strings(part)]


YAML: Final = (b"? ", b"{[a]: b}", b"0b_", b"&a [*a]", b"!!python/object:os.system", b"- ",
               b": ", b"{}", b"1e400", b"\n  ",
               b"0o7", b"2026-13-45", b"? ", b"<<: ", b"'", b"~", b"[[[[")  # fmt: skip
QUESTION: Final = (
    b'{"subject":{"type":"system","id":"shop"},"resource":{"type":"person","id":"x"},'
    b'"action":{"name":"use","properties":{"purpose":"mail_marketing"}},"context":{}}'
)


@cache
def targets() -> Mapping[str, Target]:
    """All of them by name."""
    policy = next(iter(read_sources(default_folder()).values())) or ""
    law = [text for _, text in shipped_texts()]
    known = Evidence()
    log = _seeds_of_log()
    return {
        "register_csv": Target(
            read=on_disk(lambda path: read_register(path, at=AT), "a.csv"),
            seeds=(
                _csv(REGISTER, "C000001", "架空　花子", "カクウ ハナコ", *[""] * 12),
                _csv(CONSENTS, "K1", "C000001", "2026-01-01", "MAIL", "同意", *[""] * 5),
                _csv(REGISTER, *["x"] * 15).decode().encode("cp932", "replace"),
            ),
            words=CELLS,
        ),
        "register_xlsx": Target(
            read=on_disk(lambda path: read_register(path, at=AT), "a.xlsx"),
            seeds=(_workbook(),),
            words=(b"PK\x03\x04", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"),
            slow=True,
        ),
        "values": Target(
            read=_values,
            seeds=(b"a@example.com", "令和8年9月1日".encode(), b"090-1111-2222",
                   b"2026-09-01T00:00:00+09:00", "東京都千代田区丸の内1-1".encode()),
            words=CELLS,
        ),
        "policy": Target(read=_policy, seeds=(policy.encode(),), words=YAML, slow=True),
        "law": Target(
            read=lambda octets: law_book([("a.yaml", text_of(octets))]),
            seeds=tuple(text.encode() for text in law),
            words=YAML,
            slow=True,
        ),
        "notice": Target(
            read=lambda octets: read_edition(text_of(octets)),
            seeds=(EDITION.format(day="2027-01-01", before="1.0", purposes="a").encode(),),
            words=YAML,
        ),
        "points": Target(
            read=lambda octets: read_points(text_of(octets)),
            seeds=(shipped("consent/data/points.yaml"),),
            words=YAML,
        ),
        "schedule": Target(
            read=lambda octets: read_schedule(text_of(octets)),
            seeds=(shipped("retention/data/default.yaml"), b"rules: [{id: a}]\n"),
            words=YAML,
            slow=True,
        ),
        "dataset": Target(
            read=lambda octets: read_request(text_of(octets)),
            seeds=(GOOD.encode(),),
            words=YAML,
        ),
        "connectors": Target(
            read=on_disk(read_connectors, "a.yaml"),
            seeds=(SHOP.encode(),),
            words=YAML,
        ),
        "settings": Target(
            read=on_disk(_settings, "sekisho.toml"),
            seeds=(b'mode = "development"\nport = 1\norigin = "https://example.com"\n',),
            words=(b"[[", b"=", b'"""', b"\x00", b"1979-05-27", b"nan"),
        ),
        "alarms": Target(
            read=on_disk(load_watching, "a.toml"),
            seeds=(b"[hours]\nopens = 09:00:00\ncloses = 18:00:00\n",),
            words=(b"[[", b"=", b'"""', b"[hours]\n", b"nan"),
        ),
        "json": Target(
            read=lambda octets: question_of(object_of(octets, depth=32)),
            seeds=(QUESTION,),
            words=JSON,
        ),
        "request_form": Target(
            read=_form,
            seeds=(b"home=japan&right=disclosure&scope=everything&who=agent&name=a&email=b",),
            words=(b"&", b"=", b"%00", b"%ff", b"right=erasure", b"home=europe", b"who="),
        ),
        "bundle": Target(
            read=lambda octets: verify_bundle(io.BytesIO(octets), known),
            seeds=(b'{"format":"sekisho-bundle/1"}\n{}\n', *log),
            words=JSON,
        ),
        "statement": Target(
            read=lambda octets: verify_statement(io.BytesIO(octets), known),
            seeds=(b'{"format":"sekisho-statement/1"}\n{}\n',),
            words=JSON,
        ),
        "package": Target(
            read=lambda octets: (verify_package(octets, ()), verify_page(octets, ())),
            seeds=(_workbook(), b"<!doctype html>"),
            words=(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"),
        ),
        "note": Target(
            read=lambda octets: parse_note(text_of(octets)), seeds=log, words=(b"\n\n", b"+")
        ),
        "vkey": Target(
            read=lambda octets: parse_vkey(text_of(octets)),
            seeds=(b"log.example.com/sekisho+12345678+AQAA", *log),
            words=(b"+",),
        ),
        "witnesses": Target(
            read=lambda octets: parse_witnesses(text_of(octets)),
            seeds=(b"https://witness.example.com log+12345678+AQAA\n",),
            words=(b" ", b"\n", b"#"),
        ),
        "submission": Target(
            read=parse_submission, seeds=(b"old 3\nAAAA\n\n", *log), words=(b"\n\n", b"old ")
        ),
        "backup": Target(
            read=_backup,
            seeds=(_sealed(),),
            words=(b"{}", b'"format"', b"\xff\xff\xff\xff"),
        ),
        **papers(),
        **further(),
    }  # fmt: skip


def feed(target: Target, octets: bytes) -> bool:
    """Whether the reader took it; raises what it should not have raised."""
    try:
        target.read(octets)
    except DECLARED:
        return False
    return True
