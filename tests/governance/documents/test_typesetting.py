"""Papers come out tagged, say their data as text, and reach for nothing outside."""

import io
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pypdf
import pytest

from governance.core.terms import Lang
from governance.documents import typesetting
from governance.documents.errors import PdfFontError, PdfMissingError, PdfStoppedError
from governance.documents.papers import Entry, Paper, Part
from governance.documents.typesetter_main import GETA, TEMPLATES, UNSETTABLE, without
from governance.documents.typesetting import Template, pdf
from governance.i18n.catalogue import text
from tests.installation import AT

MARKUP = '#panic("x") $x^2$ *b* _i_ [c] \\u{41} <label> @ref `r` // = - + / 1. https://example.com'
NAMES = "髙﨑𠮷①㈱ﾊﾝｶｸ"
NO_SOCKET = """
import ctypes, platform, struct, sys
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
arch, number = MACHINES[platform.machine()]
rules = [
    (0x20, 0, 0, 4), (0x15, 0, 3, arch),  # another machine: kill
    (0x20, 0, 0, 0), (0x15, 1, 0, number),  # socket(2): kill
    (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x80000000),
]
code = b"".join(struct.pack("HBBI", *rule) for rule in rules)
class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("rules", ctypes.c_char_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(len(rules), code)), 0, 0) == 0
if sys.argv[1] == "socket":
    import socket
    socket.socket()
from governance.documents.typesetter_main import main
raise SystemExit(main())
"""


def paper(**changed: Any) -> Mapping[str, Any]:
    made = Paper(
        title=f"同意の受領書 {MARKUP}",
        sender="架空株式会社",
        number="0190-1",
        date="2026年11月26日",
        to=("架空 太郎 様",),
        lead=(MARKUP,),
        parts=(
            Part(
                head=MARKUP,
                paragraphs=(NAMES,),
                entries=(
                    Entry(term=MARKUP, text=f"{MARKUP}\n二行目", href="https://example.com/"),
                ),
                items=(MARKUP,),
                quoted=MARKUP,
                command="python3 verifier.pyz",
            ),
        ),
    ).as_json()
    return {**made, **changed}


def read(made: bytes) -> tuple[pypdf.PdfReader, str]:
    reader = pypdf.PdfReader(io.BytesIO(made))
    said = "".join(page.extract_text() for page in reader.pages)
    return reader, "".join(said.split())


@pytest.fixture(scope="module", autouse=True)
def made() -> bytes:
    try:
        return pdf(Template.PAPER, paper(), Lang.JA, at=AT)
    except PdfFontError:
        pytest.skip("needs a Japanese font: apt install fonts-noto-cjk")


def test_markup_in_data_comes_out_as_text(made: bytes) -> None:
    _, said = read(made)
    assert said.count("".join(MARKUP.split()).removesuffix("https://example.com")) == 7
    assert NAMES in said
    assert "架空太郎様" in said


def test_the_document_is_tagged_and_says_its_language_and_title(made: bytes) -> None:
    reader, _ = read(made)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "ja"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == f"同意の受領書 {MARKUP}"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    kinds = set(tags(root["/StructTreeRoot"]))
    assert {
        "/Document",
        "/Title",
        "/H1",
        "/P",
        "/Table",
        "/TH",
        "/TD",
        "/L",
        "/LI",
        "/Link",
    } <= kinds


def tags(node: Any) -> list[str]:
    found = node.get_object()
    if not isinstance(found, dict):
        return []
    inner = found.get("/K", [])
    below = inner if isinstance(inner, list) else [inner]
    return [str(found.get("/S")), *(one for child in below for one in tags(child))]


def test_what_no_font_shows_is_a_geta_and_the_paper_says_so() -> None:
    made = pdf(Template.PAPER, paper(lead=["外字\ue000と\x01と\u1bff"]), Lang.EN, at=AT)
    _, said = read(made)
    assert f"外字{GETA}と{GETA}と{GETA}" in said
    assert "".join(text("documents.pdf.lost", Lang.EN).split()) in said


def test_a_geta_stands_wherever_a_character_is_missing() -> None:
    told, lost = without({"a": ["\ue000b", 1], "c": "d"}, UNSETTABLE)
    assert (told, lost) == ({"a": [f"{GETA}b", 1], "c": "d"}, True)
    assert without({"a": ["b"]}, UNSETTABLE) == ({"a": ["b"]}, False)


def child(how: str, asked: bytes) -> subprocess.CompletedProcess[bytes]:
    """The child under a filter of the kernel that ends it at the first socket."""
    command = [sys.executable, "-P", "-c", NO_SOCKET, how]
    return subprocess.run(command, input=asked, capture_output=True, timeout=120, check=False)


def test_no_socket_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    monkeypatch.setattr(typesetting, "_answer", asked.append)
    pdf(Template.PAPER, paper(), Lang.JA, at=AT)
    done = child("none", asked[0])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"%PDF-")
    assert child("socket", asked[0]).returncode == -31  # SIGSYS: the filter does end it


def test_templates_import_no_package_and_read_no_file() -> None:
    for path in TEMPLATES.glob("*.typ"):
        body = path.read_text("utf-8")
        assert "import" not in body, path
        assert "read(" not in body, path
    assert {path.stem for path in TEMPLATES.glob("*.typ")} == {one.value for one in Template}


def test_without_the_extra_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "can_typeset", lambda: False)
    with pytest.raises(PdfMissingError):
        pdf(Template.PAPER, paper(), Lang.JA, at=AT)


@pytest.mark.parametrize(
    ("code", "refused"), [(3, PdfMissingError), (4, PdfFontError), (1, PdfStoppedError)]
)
def test_what_the_child_lacks_is_told(
    monkeypatch: pytest.MonkeyPatch, code: int, refused: type[Exception]
) -> None:
    ended = subprocess.CompletedProcess(args=[], returncode=code, stdout=b"")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(refused):
        pdf(Template.PAPER, paper(), Lang.JA, at=AT)
