"""The frame keeps its format, opens only in its place, and names what is wrong with it."""

import json
import logging
import multiprocessing
import pickle
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import GovernanceError
from governance.core.terms import FieldId, RowId
from governance.crypto.frame import (
    OVERHEAD,
    Alg,
    BadTagError,
    CellKey,
    FieldBindings,
    OpenedRow,
    Openers,
    open_rows,
    row_binding,
)
from governance.crypto.revealed import Revealed
from governance.crypto.values import BadPlaintextError, Plain, UnsealableValueError, decode, encode

VECTORS = Path(__file__).parents[2] / "vectors" / "frame"
ACCEPTED = json.loads((VECTORS / "ok.json").read_text())
REFUSED = json.loads((VECTORS / "refused.json").read_text())
CONTEXT = ACCEPTED["context"]
KEY = bytes.fromhex(CONTEXT["key"])
NAME, KANA = FieldId("person.name"), FieldId("person.kana")
ROW, OTHER_ROW = RowId(CONTEXT["row"]), RowId("01932c00-0000-7000-8000-0000000000ff")
BINDINGS = FieldBindings(CONTEXT["installation"])
PLACE = BINDINGS[NAME] + row_binding(ROW)
SECRET = "架空 太郎"
JST = timezone(timedelta(hours=9))


class UnknownKeyError(GovernanceError):
    """Stands for the key store's refusal."""

    code = "test_unknown_key"


def value_of(kind: str, value: Any) -> Plain:
    readers: dict[str, Any] = {
        "str": str,
        "bytes": bytes.fromhex,
        "int": int,
        "decimal": Decimal,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
        "json": dict,
        "bool": bool,
    }
    made: Plain = readers[kind](value)
    return made


def cell_key(alg: Alg = Alg.GCM) -> CellKey:
    return CellKey(CONTEXT["dek_id"], KEY, alg)


def openers(alg: Alg = Alg.GCM) -> Openers:
    def key_of(dek_id: int) -> CellKey:
        if dek_id != CONTEXT["dek_id"]:
            raise UnknownKeyError
        return cell_key(alg)

    return Openers(key_of)


def open_cells(
    cells: Mapping[FieldId, bytes | None], alg: Alg = Alg.GCM, *, row: RowId = ROW
) -> OpenedRow:
    (opened,) = open_rows([(row, cells)], openers=openers(alg), bindings=BINDINGS)
    return opened


def open_one(frame: bytes, alg: Alg = Alg.GCM) -> Plain | None:
    row = open_cells({NAME: frame}, alg)
    return row[NAME].value


@pytest.mark.parametrize("vector", ACCEPTED["vectors"], ids=lambda vector: vector["name"])
def test_accepted_vectors_seal_and_open_to_the_byte(vector: dict[str, Any]) -> None:
    value, alg = value_of(vector["type"], vector["value"]), Alg(vector["alg"])
    kind, data = encode(value)
    assert (kind, data.hex()) == (vector["kind"], vector["plaintext"])
    sealed = cell_key(alg).seal_raw(kind, data, PLACE, bytes.fromhex(CONTEXT["nonce"]))
    assert sealed.hex() == vector["frame"]
    assert open_one(sealed, alg) == value
    assert type(open_one(sealed, alg)) is type(value)


@pytest.mark.parametrize("vector", REFUSED["vectors"], ids=lambda vector: vector["name"])
def test_refused_vectors_are_refused_for_their_own_reason(vector: dict[str, Any]) -> None:
    assert vector["outcome"] in REFUSED["outcomes"]
    with pytest.raises(GovernanceError) as caught:
        open_one(bytes.fromhex(vector["frame"]))
    assert caught.value.code.removeprefix("frame_").removeprefix("test_") == vector["outcome"]


def test_the_header_is_eleven_bytes_and_the_overhead_thirty_nine() -> None:
    sealed = cell_key().seal(date(2026, 1, 1), PLACE)
    assert sealed[:3] == b"\xe1\x01\x04"
    assert int.from_bytes(sealed[3:11], "big") == CONTEXT["dek_id"]
    assert len(sealed) == OVERHEAD + 10


PLAIN: st.SearchStrategy[Any] = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cs"]), max_size=4),
    st.binary(),
    st.integers(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.just(JST), min_value=datetime(1900, 1, 2)),  # noqa: DTZ001 # zone added
    st.dictionaries(st.text(), st.one_of(st.none(), st.integers(), st.text())),
    st.lists(st.one_of(st.booleans(), st.floats(allow_nan=False, allow_infinity=False))),
)


@given(value=PLAIN, alg=st.sampled_from(Alg))
def test_every_value_comes_back_as_it_was(value: Plain, alg: Alg) -> None:
    key = cell_key(alg)
    opened = key.open(key.seal(value, PLACE), PLACE)
    assert opened == value
    assert type(opened) is type(value)
    if isinstance(value, Decimal):
        assert str(opened) == str(value)


@given(values=st.dictionaries(st.text(min_size=1).map(FieldId), st.one_of(st.none(), PLAIN)))
def test_a_row_comes_back_as_it_was_and_null_stays_null(values: dict[FieldId, Any]) -> None:
    row = row_binding(ROW)
    cells = cell_key().seal_cells(values, bindings=BINDINGS, row=row)
    opened = open_cells(cells)
    assert {field: item.value for field, item in opened.items()} == values
    assert opened.reveal() == values
    assert all((cells[field] is None) == (value is None) for field, value in values.items())


@pytest.mark.parametrize("value", ["", "a" * 2**20, b"\x00" * 2**20, "値" * 85, "値" * 86])
def test_empty_long_and_border_lengths_round_trip(value: Plain) -> None:
    cells = cell_key().seal_cells({NAME: value}, bindings=BINDINGS, row=row_binding(ROW))
    sealed = cells[NAME]
    assert sealed is not None
    assert open_one(sealed) == value


def test_short_texts_of_near_lengths_have_one_length() -> None:
    lengths = {len(cell_key().seal(value, PLACE)) for value in ("男", "女性", "無回答")}
    assert len(lengths) == 1


def test_times_keep_their_instant_and_come_back_in_utc() -> None:
    opened = cell_key().open(cell_key().seal(datetime(2026, 3, 1, 8, 30, tzinfo=JST), PLACE), PLACE)
    assert opened == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert isinstance(opened, datetime)
    assert opened.tzinfo is UTC


class Colour(StrEnum):
    RED = "red"


def test_a_subclass_counts_as_its_base() -> None:
    assert decode(*encode(Colour.RED)) == "red"


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        {1: "a"},
        {"a": (1,)},
        {"a": float("nan")},
        {"a": object()},
        Decimal("NaN"),
        Decimal("Infinity"),
        datetime(2026, 1, 1),  # noqa: DTZ001 # the point of the test
        datetime.min.replace(tzinfo=JST),
        {SECRET},
        object(),
    ],
)
def test_what_cannot_come_back_is_refused_without_being_quoted(value: Any) -> None:
    with pytest.raises(UnsealableValueError) as caught:
        encode(value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_swapping_cells_between_columns_or_rows_is_refused() -> None:
    row = row_binding(ROW)
    cells = cell_key().seal_cells({NAME: "a", KANA: "b"}, bindings=BINDINGS, row=row)
    swapped = {NAME: cells[KANA], KANA: cells[NAME]}
    with pytest.raises(BadTagError):
        open_cells(swapped)
    with pytest.raises(BadTagError):
        open_cells(cells, row=OTHER_ROW)


@pytest.mark.parametrize("padding", [b"\x80", b"\x80\x01", b"\x00" * 13, b"\x80" + bytes(28)])
def test_padding_that_no_sealing_writes_is_refused(padding: bytes) -> None:
    frame = cell_key().seal_raw(0x80, b"abc" + padding, PLACE, bytes(12))
    with pytest.raises(BadPlaintextError):
        open_cells({NAME: frame}).reveal()
    with pytest.raises(BadPlaintextError):
        open_cells({NAME: frame})[NAME]


def test_an_altered_header_is_refused_behind_one_that_opened() -> None:
    key = cell_key()
    cells = key.seal_cells({NAME: "a", KANA: "b"}, bindings=BINDINGS, row=row_binding(ROW))
    known = openers()
    open_rows([(ROW, cells)], openers=known, bindings=BINDINGS)
    for position in range(11):
        altered = bytearray(cells[KANA] or b"")
        altered[position] ^= 1
        with pytest.raises(GovernanceError):
            open_rows([(ROW, cells | {KANA: bytes(altered)})], openers=known, bindings=BINDINGS)


@given(position=st.integers(0, 10), bit=st.integers(0, 7))
def test_no_flipped_header_bit_opens(position: int, bit: int) -> None:
    sealed = bytearray(cell_key().seal(SECRET, PLACE))
    sealed[position] ^= 1 << bit
    with pytest.raises(GovernanceError) as caught:
        open_one(bytes(sealed))
    assert caught.value.code.startswith(("frame_", "test_unknown_key"))


def test_no_repr_format_log_or_pickle_shows_a_value(caplog: pytest.LogCaptureFixture) -> None:
    row = row_binding(ROW)
    cells = cell_key().seal_cells({NAME: SECRET}, bindings=BINDINGS, row=row)
    opened = open_cells(cells)
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r", opened[NAME], opened)
    shown = f"{opened} {opened[NAME]} {opened[NAME]!r} {[opened[NAME]]} {cell_key()}" + caplog.text
    assert SECRET not in shown
    assert KEY.hex() not in shown
    for silent in (opened, opened[NAME], cell_key()):
        with pytest.raises(TypeError):
            pickle.dumps(silent)
    with pytest.raises(TypeError):
        hash(opened[NAME])
    assert opened[NAME] == Revealed(SECRET)


def _nonces(count: int) -> set[bytes]:
    key = cell_key()
    values = {FieldId(f"f{number}"): "x" for number in range(100)}
    found: set[bytes] = set()
    for _ in range(count // 100):
        cells = key.seal_cells(values, bindings=BINDINGS, row=row_binding(ROW))
        found.update(cell[11:23] for cell in cells.values() if cell is not None)
    return found


def _send_nonces(pipe: Any, count: int) -> None:
    pipe.send(_nonces(count))
    pipe.close()


def test_nonces_never_repeat_in_or_across_forks() -> None:
    fork = multiprocessing.get_context("fork")
    first = _nonces(100)  # anything buffered in this process would be inherited
    ends = [fork.Pipe(duplex=False) for _ in range(3)]
    children = [fork.Process(target=_send_nonces, args=(send, 10_000)) for _, send in ends]
    for child in children:
        child.start()
    groups = [first, _nonces(10_000), *(receive.recv() for receive, _ in ends)]
    for child in children:
        child.join()
    assert len(set().union(*groups)) == 100 + 4 * 10_000
