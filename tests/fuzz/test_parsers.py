"""No octets make a reader raise anything but what it declares.

Each commit plays the seeds and a few mutations of each, the same every time. `SEKISHO_SOAK=N`
plays N of each; `tests/fuzz/campaign.py` lets atheris look for new ways (docs/soak.md).
"""

import os
import random
from pathlib import Path

import pytest

from governance.discovery.texts import mail, page_lines
from tests.fuzz.targets import Target, feed, targets

SEED = int(os.environ.get("SEKISHO_SEED", "20261126"))
MUTATIONS = int(os.environ.get("SEKISHO_SOAK", "60"))
SLOW = 10  # so many times fewer for a reader that takes milliseconds
LONGEST = 131_072


def mutated(rng: random.Random, target: Target) -> bytes:
    """A seed with a few faults in it, of the kinds that machines and people make."""
    octets = bytearray(rng.choice(target.seeds))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(octets) + 1)
        end = min(len(octets), at + rng.choice((1, 2, 8, 64)))
        match rng.randrange(6):
            case 0:
                octets[at:end] = bytes(rng.randrange(256) for _ in range(end - at))
            case 1:
                del octets[at:end]
            case 2:
                octets[at:at] = octets[at:end] * rng.choice((1, 3, 40))
            case 3:
                octets[at:at] = rng.choice(target.words or (b"\x00",))
            case 4:
                octets[at:end] = rng.choice(target.words or (b"\xff",))
            case _:
                other = rng.choice(target.seeds)
                octets[at:] = other[rng.randrange(len(other) + 1) :]
    return bytes(octets[:LONGEST])


@pytest.mark.parametrize("name", sorted(targets()))
def test_no_octets_make_a_reader_raise_what_it_does_not_declare(name: str) -> None:
    target = targets()[name]
    rng = random.Random(f"{SEED}{name}")  # noqa: S311 # no secret
    played = MUTATIONS // SLOW if target.slow else MUTATIONS
    for octets in (b"", b"\x00", b"\xff" * 64, *target.words, *target.seeds):
        feed(target, octets)
    for number in range(played):
        octets = mutated(rng, target)
        try:
            feed(target, octets)
        except Exception as error:
            error.add_note(f"{name}, mutation {number} of seed {SEED}: {octets[:2_000]!r}")
            raise


FOUND = (b"? [a]\n: b\n", b"{[a]: b}", b"a: 0b_\n", b"&a [*a]", b"[" * 3_000)  # by atheris


@pytest.mark.parametrize("name", ["notice", "points", "schedule", "dataset", "law"])
def test_what_was_found_in_documents_stays_refused(name: str) -> None:
    for octets in FOUND:
        assert not feed(targets()[name], octets)


def test_a_damaged_member_of_a_workbook_is_refused() -> None:
    target = targets()["register_xlsx"]
    (whole,) = target.seeds
    place = whole.index(b"xl/worksheets/sheet1.xml") + 60
    for width in (1, 8, 64):
        assert not feed(target, whole[:place] + b"\xa5" * width + whole[place + width :])


def test_a_marked_section_of_a_page_that_nobody_knows_is_read_like_words() -> None:
    """The standard library asserts that it knows it; found by these mutations."""
    lines = [line for _, line in page_lines("<p>a<![unknown x@example.com]>b<![if a]>c<![")]
    assert " ".join(lines).split() == ["a", "unknown", "x@example.com]", "b", "if", "a]", "c<!["]


def test_a_head_of_a_mail_that_the_standard_stumbles_on_is_read_as_it_stands(
    tmp_path: Path,
) -> None:
    """`From: =?utf-8?B-Type: x;` made `email` ask a group for its local part; found by atheris."""
    path = tmp_path / "a.eml"
    path.write_bytes(b"From: =?utf-8?B-Type: texl; a@example.com=\r\nSubject: b\r\n\r\nc\r\n")
    lines, attached = mail(path)
    assert "a@example.com" in " ".join(words for _, words in lines)
    assert (lines[1:], attached) == ([(2, "b"), (3, "c")], 0)
