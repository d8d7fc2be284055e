"""atheris looks for octets that make a reader raise what it does not declare.

`python -m tests.fuzz.campaign NAME -runs=100000 -seed=20261126`: the options are libFuzzer's;
without a name the names are written. It ends with an exit code of its own and writes the octets
into the working folder when it finds any.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["governance", "policies", "consent", "retention", "audit", "dsar"]
):
    from tests.fuzz.targets import feed, targets


def main() -> None:
    """The named reader was fed; returns only when libFuzzer does."""
    if len(sys.argv) == 1:
        sys.stdout.write("\n".join(targets()) + "\n")
        return
    name, *options = sys.argv[1:]
    target = targets()[name]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        words = Path(folder) / "words.dict"
        quoted = ("".join(f"\\x{one:02x}" for one in word) for word in target.words)
        words.write_text("".join(f'"{word}"\n' for word in quoted), encoding="ascii")
        given = [sys.argv[0], f"-dict={words}", "-max_len=131072", *options, folder]
        atheris.Setup(given, lambda octets: feed(target, octets) and None)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
