"""The corpus parses, keeps its parts apart, and the reader refuses what breaks the format."""

import re
from pathlib import Path
from typing import Final

import pytest

import governance.pii.corpus.reading as reader
from governance.pii.corpus.errors import CorpusFormatError
from governance.pii.corpus.reading import AnnotatedText, parse, read_part
from governance.pii.types import Entity

ROOT: Final = Path(reader.__file__).parent
PARTS: Final = ("train", "dev", "held")
KANJI_NAME: Final = re.compile(r"[一-龥々﨑髙邉德濵]{2,}")
SPACES: Final = re.compile(r"\s")


@pytest.fixture(scope="module")
def parts() -> dict[str, tuple[AnnotatedText, ...]]:
    return {part: read_part(ROOT / part) for part in PARTS}


def names(texts: tuple[AnnotatedText, ...]) -> set[str]:
    return {
        SPACES.sub("", text.text[span.start : span.end])
        for text in texts
        for span in text.spans
        if span.entity is Entity.PERSON
    }


def test_marks_become_spans_of_the_text_without_marks() -> None:
    (text,) = parse(
        "#a-1 ja memo\n⟦PERSON|沢木⟧様 TEL⟦PHONE|03-5555-0101⟧\n⟦?PHONE|0120-000-000⟧\n",
        source="x",
    )
    assert (text.id, text.lang, text.register) == ("a-1", "ja", "memo")
    assert text.text == "沢木様 TEL03-5555-0101\n0120-000-000"
    assert [(text.text[s.start : s.end], s.entity, s.optional) for s in text.spans] == [
        ("沢木", Entity.PERSON, False),
        ("03-5555-0101", Entity.PHONE, False),
        ("0120-000-000", Entity.PHONE, True),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("#a-1 ja memo\n⟦NOBODY|沢木⟧", "unknown_label"),
        ("#a-1 ja memo\n⟦PERSON|⟧様", "stray_mark"),
        ("#a-1 ja memo\n⟦PERSON| ⟧様", "empty_mark"),
        ("#a-1 ja memo\n⟦ADDRESS|広島⟦PERSON|沢木⟧⟧", "stray_mark"),
        ("#a-1 ja memo\n⟦PERSON|沢木 様", "stray_mark"),
        ("#a-1 ja memo\n沢木⟧様", "stray_mark"),
        ("#a-1 ja memo\n一\n%%%\n#a-1 ja memo\n二", "duplicate_id"),
        ("#a-1 xx memo\n一", "head"),
        ("#a-1 ja\n一", "head"),
        ("#a-1 ja memo\n\n", "head"),
        ("text without a head", "head"),
    ],
)
def test_a_block_that_breaks_the_format_is_refused_without_its_text(
    content: str, reason: str
) -> None:
    with pytest.raises(CorpusFormatError) as refused:
        list(parse(content, source="x"))
    assert refused.value.params["reason"] == reason
    assert "沢木" not in str(refused.value)


def test_an_id_occurs_once_in_a_part(tmp_path: Path) -> None:
    for name in ("01_a.txt", "02_b.txt"):
        (tmp_path / name).write_text("#a-1 ja memo\n一\n", encoding="utf-8")
    with pytest.raises(CorpusFormatError) as refused:
        read_part(tmp_path)
    assert refused.value.params["reason"] == "duplicate_id"


def test_every_span_of_the_corpus_is_text_inside_its_bounds(
    parts: dict[str, tuple[AnnotatedText, ...]],
) -> None:
    for texts in parts.values():
        assert texts
        for text in texts:
            ends = [0]
            for span in text.spans:
                assert ends[-1] <= span.start < span.end <= len(text.text), text.id
                surface = text.text[span.start : span.end]
                assert surface == surface.strip(), text.id
                ends.append(span.end)


def test_parts_share_no_text_and_no_id(parts: dict[str, tuple[AnnotatedText, ...]]) -> None:
    every = [text for texts in parts.values() for text in texts]
    assert len({text.text for text in every}) == len(every)
    assert len({text.id for text in every}) == len(every)


def test_no_kanji_name_of_the_held_part_stands_in_train(
    parts: dict[str, tuple[AnnotatedText, ...]],
) -> None:
    held = {name for name in names(parts["held"]) if KANJI_NAME.search(name)}
    assert not held & names(parts["train"])


def test_a_fifth_of_the_corpus_holds_no_personal_data(
    parts: dict[str, tuple[AnnotatedText, ...]],
) -> None:
    every = [text for texts in parts.values() for text in texts]
    empty = sum(all(span.optional for span in text.spans) for text in every)
    assert empty >= len(every) / 5
