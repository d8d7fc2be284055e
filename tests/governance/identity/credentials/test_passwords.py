"""Passwords by length and guesses alone: no composition, and what everybody tries is refused."""

from contextlib import ExitStack
from hashlib import sha1
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.identity.credentials.errors import BreachedFileError, BusyError
from governance.identity.credentials.hashing import Cost, Hasher
from governance.identity.credentials.passwords import (
    ALONE,
    LONGEST,
    WITH_SECOND,
    PasswordPolicy,
    Weakness,
    breached,
    common,
    weakness,
)

ALONE_POLICY = PasswordPolicy(shortest=ALONE, context=frozenset({"架空商店", "kakuu"}))
WITH = PasswordPolicy(shortest=WITH_SECOND)
GOOD = "mizu to tetsu no uta"
QUICK = Cost(memory_kib=64, passes=1)


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("", Weakness.SHORT),
        ("fourteen signs", Weakness.SHORT),
        ("x" * (LONGEST + 1), Weakness.LONG),
        ("mizu to\x00tetsu no uta", Weakness.CONTROL),
        ("qwertyuiopasdfghjkl", Weakness.COMMON),
        ("Sakurasaku2026!!!!", Weakness.COMMON),
        ("abababababababab", Weakness.SIMPLE),
        ("bcdefghijklmnopq", Weakness.SIMPLE),
        ("Kakuu2026Kakuu2026", Weakness.CONTEXT),
        ("架空商店の架空商店の2026年", Weakness.CONTEXT),
        ("tanaka.hanako2026", Weakness.CONTEXT),
        (GOOD, None),
        ("みずとてつのうたをきいたひ、あめ", None),
        ("aaaa bbbb cccc dddd", None),  # no rule of composition
    ],
)
def test_what_can_be_guessed_is_refused_and_nothing_else(
    password: str, found: Weakness | None
) -> None:
    assert weakness(password, ALONE_POLICY, words=("tanaka", "hanako")) is found


@pytest.mark.parametrize(
    "password", ["パスワード1234", "doraemon1", "ＰＡＳＳＷＯＲＤ１", "himitsu99"]
)
def test_what_japan_tries_first_is_refused_in_any_width(password: str) -> None:
    assert weakness(password, WITH) is Weakness.COMMON


def test_the_shipped_list_has_no_empty_line_and_one_form() -> None:
    assert "" not in common()
    assert all(word == word.casefold() for word in common())


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), max_size=300))
def test_every_text_gets_an_answer(text: str) -> None:
    found = weakness(text, ALONE_POLICY)
    assert found is None or found in Weakness


def listed(folder: Path, *, digits: int, words: list[str]) -> Path:
    lines = sorted(
        sha1(word.encode(), usedforsecurity=False).hexdigest().upper()[:digits] for word in words
    )
    path = folder / f"breached{digits}"
    path.write_text("".join(f"{line}:{n}\r\n" for n, line in enumerate(lines, start=1)))
    return path


@pytest.mark.parametrize("digits", [40, 10])
def test_digests_and_prefixes_are_found_by_halves(tmp_path: Path, digits: int) -> None:
    words = [f"word-{n}" for n in range(300)]
    path = listed(tmp_path, digits=digits, words=words)
    assert all(breached(word, path) for word in words)
    assert not any(breached(f"other-{n}", path) for n in range(300))


def test_plain_lines_are_found_whole(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_text("mizu to tetsu no uta\nもうひとつのながいことば\n", encoding="utf-8")
    policy = PasswordPolicy(breached=path)
    assert weakness(GOOD, policy) is Weakness.BREACHED
    assert weakness("もうひとつのながいことば", PasswordPolicy(shortest=8, breached=path))
    assert weakness(GOOD + " yo", policy) is None


@pytest.mark.parametrize("content", [None, ""])
def test_a_list_that_cannot_be_read_refuses_every_password(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "list"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BreachedFileError):
        weakness(GOOD, PasswordPolicy(breached=path))


def test_a_hash_fits_its_password_in_every_width_and_no_other() -> None:
    hasher = Hasher(QUICK)
    stored = hasher.hash("ＭＩＺＵ と 鉄")
    assert hasher.fits(stored, "MIZU と 鉄")
    for wrong in ("mizu と 鉄", "", "MIZU と 鉄 "):
        assert not hasher.fits(stored, wrong)
    assert not hasher.fits(None, "MIZU と 鉄")
    assert not hasher.fits("no hash", "MIZU と 鉄")
    assert Hasher(Cost(memory_kib=128, passes=1)).outdated(stored)
    assert not hasher.outdated(stored)


def test_whoever_comes_beyond_the_queue_is_told_that_it_is_busy() -> None:
    hasher = Hasher(Cost(memory_kib=64, passes=1, at_once=1, waiting=2))
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(hasher.place())
        with pytest.raises(BusyError), hasher.place():
            pass
    with hasher.place():
        assert hasher.fits(hasher.hash("a"), "a")
