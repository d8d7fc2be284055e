"""Files that commands read: there, of a size to be read, and UTF-8."""

from pathlib import Path


def text_of_file(path: Path) -> str:
    """The whole text; raises FileTroubleError where it is none."""
    from governance.cli.errors import FileTroubleError
    from governance.customers.encodings import check_path

    check_path(path)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FileTroubleError(path=str(path), reason="UTF-8") from None
