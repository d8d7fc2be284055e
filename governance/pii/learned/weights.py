"""Weights of the learned tagger and their file: numpy arrays, no code, in one .npz."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.pii.errors import PiiModelError
from governance.pii.learned.features import BITS
from governance.pii.learned.tags import TAGS

VERSION: Final = 2  # of the features; weights of another version are refused
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever they are written


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a training leaves: numbers of features with a row of weights each, and moves."""

    word_keys: NDArray[np.int32]
    word_rows: NDArray[np.int8]  # of the first sign of a word, then of its other signs
    word_step: NDArray[np.float32]  # what one stands for
    sign_keys: NDArray[np.int32]
    sign_rows: NDArray[np.int8]
    sign_step: NDArray[np.float32]
    moves: NDArray[np.float32]  # from tag to tag; the last row holds the begins


def save(weights: Weights, path: Path) -> int:
    """The file stands at this path; the same weights give the same bytes. Answers its size."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in Weights.__slots__:
            held = io.BytesIO()
            # Column by column packs better
            np.save(held, np.asfortranarray(getattr(weights, name)), allow_pickle=False)
            _put(archive, f"{name}.npy", held.getvalue())
        _put(archive, "version", f"{VERSION} {BITS} {TAGS}".encode())
    return path.stat().st_size


def _put(archive: zipfile.ZipFile, name: str, octets: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    archive.writestr(entry, octets, compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)


def load(path: Path) -> Weights:
    """The weights of a file; one that is damaged or of another version is refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.read("version").decode() != f"{VERSION} {BITS} {TAGS}":
                raise PiiModelError(reason="version")
            arrays = {
                name: np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
                for name in Weights.__slots__
            }
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as fault:
        raise PiiModelError(reason="unreadable") from fault
    return Weights(**arrays)
