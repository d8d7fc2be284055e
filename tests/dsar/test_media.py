"""The answer on a medium and on paper: sealed for the person, on record, kept nowhere."""

import io
import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pypdf
import pyrage
import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar import delivery, media
from dsar.answer_files import document
from dsar.answer_paper import paper_of
from dsar.errors import PackageMissingError, PackageUnreleasedError, RequestNotAllowedError
from dsar.types import Event
from governance.core.terms import Lang
from governance.crypto.age import AgeRecipientError, new_passphrase, to_passphrase, to_recipient
from governance.documents.typesetting import Template, can_typeset, pdf
from governance.pii.redaction import Placeholders
from tests.dsar.answers import answer_of, found_of
from tests.dsar.cases import NOW
from tests.dsar.test_answer import HOSTILE
from tests.dsar.world import NAME, OFFICER, PERSON, World

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pypdf")


def test_what_is_sealed_to_a_passphrase_opens_with_it() -> None:
    passphrase = new_passphrase()
    assert re.fullmatch("([2-9a-hjkmnp-z]{5}-){4}[2-9a-hjkmnp-z]{5}", passphrase)
    assert new_passphrase() != passphrase
    sealed = to_passphrase(b"answer", passphrase)
    assert sealed.startswith(b"age-encryption.org/v1\n-> scrypt")
    assert pyrage.passphrase.decrypt(sealed, passphrase) == b"answer"


def test_a_medium_is_the_whole_package_and_its_passphrase_is_kept_nowhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "to_passphrase", lambda content, phrase: phrase.encode() + content)
    released = world.answered()
    archive = delivery.download(world.ports, PERSON, released.token, at=world.tick())
    made = media.on_medium(world.ports, OFFICER, released.case.id, at=world.tick())
    assert made.name == f"answer-{released.case.reference}.zip.age"
    assert made.passphrase is not None
    assert made.content == made.passphrase.encode() + archive
    assert made.passphrase not in repr(made)
    identity, stranger = (pyrage.x25519.Identity.generate() for _ in range(2))
    sealed = media.on_medium(
        *(world.ports, OFFICER, released.case.id),
        at=world.tick(),
        recipient=str(identity.to_public()),
    )
    assert sealed.passphrase is None
    assert pyrage.decrypt(sealed.content, [identity]) == archive
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed.content, [stranger])
    with world.ports.database.read() as tx:
        told = tx.execute(select(EVENTS).where(EVENTS.c.reasons.like("written_out%"))).all()
    assert [row.reasons for row in told] == ["written_out,passphrase", "written_out,recipient"]
    assert made.passphrase not in repr(told)
    assert f"file:{sha256(sealed.content).hexdigest()}" in told[1].refs


@pytest.mark.skipif(shutil.which("age") is None, reason="needs age")
def test_the_real_tool_opens_the_file(tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity))
    (tmp_path / "a.age").write_bytes(to_recipient(b"x" * 100_000, str(identity.to_public())))
    done = subprocess.run(
        ["age", "-d", "-i", str(tmp_path / "key"), str(tmp_path / "a.age")],  # of PATH
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"x" * 100_000


@pytest.mark.parametrize("recipient", ["", "age1", "ssh-rsa AAAA", "<b>", "x" * 10_000, "age1\x00"])
def test_what_is_no_public_key_is_refused_without_naming_it(recipient: str) -> None:
    with pytest.raises(AgeRecipientError) as refused:
        to_recipient(b"x", recipient)
    assert not refused.value.params


def test_a_refused_key_leaves_nothing_on_record(world: World) -> None:
    released = world.answered()
    with pytest.raises(AgeRecipientError):
        media.on_medium(world.ports, OFFICER, released.case.id, at=world.tick(), recipient="age1x")
    with world.ports.database.read() as tx:
        assert not tx.execute(select(EVENTS).where(EVENTS.c.reasons.like("written_out%"))).all()


def test_nothing_leaves_before_the_answer_was_told_or_by_who_may_not(world: World) -> None:
    case = world.step(world.approve(world.decide(world.reviewed())), Event.EXECUTE)
    for way in (media.on_medium, media.on_paper):
        with pytest.raises(PackageMissingError):
            way(world.ports, OFFICER, case.id, at=world.tick())
    case = world.build(case)
    for way in (media.on_medium, media.on_paper):
        with pytest.raises(PackageUnreleasedError):
            way(world.ports, OFFICER, case.id, at=world.tick())
        with pytest.raises(RequestNotAllowedError):
            way(world.ports, PERSON, case.id, at=world.tick())


def test_the_paper_says_what_the_signed_document_says(world: World) -> None:
    released = world.answered()
    made = media.on_paper(world.ports, OFFICER, released.case.id, at=world.tick())
    assert made.name == f"answer-{released.case.reference}.pdf"
    read = pypdf.PdfReader(io.BytesIO(made.content))
    told = "".join(page.extract_text() for page in read.pages)
    assert f"{NAME} 様" in told
    assert released.case.reference in told
    assert f"1 / {len(read.pages)}" in told
    assert "関所せんべい" in told
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert read.trailer["/Root"]["/Lang"].startswith("ja")


def test_without_the_typesetter_the_page_is_printed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "can_typeset", lambda: False)
    released = world.answered()
    made = media.on_paper(world.ports, OFFICER, released.case.id, at=world.tick())
    assert made.name.endswith(".html")
    assert b"@media print" in made.content


@pytest.mark.skipif(not can_typeset(), reason="needs the extra pdf")
def test_hostile_values_are_text_on_paper() -> None:
    values = {f"v{number}": value for number, value in enumerate(HOSTILE)}
    answer = answer_of(found_of(**values))
    said = paper_of(json.loads(document(answer, Placeholders(Lang.JA))), Lang.JA)
    made = pdf(Template.PAPER, said.as_json(), Lang.JA, at=NOW)
    told = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages)
    assert "#setpage()" in told.replace(" ", "").replace("\n", "")
    assert "[U+202E]" in told
    assert "\u202e" not in told
    assert b"/JavaScript" not in made
    assert b"/URI" not in made
