"""Write the pages of docs/ that the code itself tells: settings, commands, codes, masking.

`--check` writes nothing and ends with 1 when a page is out of date.
"""

import argparse
import json
from collections.abc import Mapping

from doc_pages.codes import (
    error_codes_page,
    errors_by_exit,
    event_codes_page,
    import_errors,
    reason_codes_page,
)
from doc_pages.commands import TREE, commands_page, tree_here
from doc_pages.markdown import ROOT
from doc_pages.registers import import_files_page, masking_page, settings_page
from doc_pages.requests import request_life_page

DOCS = ROOT / "docs"
OPERATIONS = "operations.md"
BEGIN, END = "<!-- errors: generated -->", "<!-- /errors -->"


def operations_page() -> str:
    """docs/operations.md with its table of error codes made anew; the rest is written by hand."""
    written = (DOCS / OPERATIONS).read_text(encoding="utf-8")
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{errors_by_exit()}{END}{after}"


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    import_errors()
    return {
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "event-codes.md": event_codes_page(),
        "reason-codes.md": reason_codes_page(),
        "error-codes.md": error_codes_page(),
        "masking.md": masking_page(),
        "import-files.md": import_files_page(),
        "request-life.md": request_life_page(),
        OPERATIONS: operations_page(),
    }


def out_of_date(made: Mapping[str, str]) -> list[str]:
    """Names of the pages that differ from their file."""
    return [
        name
        for name, words in made.items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != words
    ]


def main() -> int:
    """0 when every page is as the code says, after writing it unless only asked to check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    parser.add_argument(TREE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tree:
        print(json.dumps(tree_here(), ensure_ascii=False))
        return 0
    made = pages()
    late = out_of_date(made)
    for name in late:
        if options.check:
            print(f"docs/{name} is out of date: run scripts/generate_docs.py")
        else:
            (DOCS / name).write_text(made[name], encoding="utf-8")
            print(f"docs/{name} written")
    return 1 if options.check and late else 0


if __name__ == "__main__":
    raise SystemExit(main())
