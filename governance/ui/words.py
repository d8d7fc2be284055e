"""Codes in the reader's words where more than one page shows them."""

from governance.core.terms import Lang
from governance.i18n.catalogue import domain


def encoding_name(name: str, lang: Lang) -> str:
    """The letters of a file as people call them; what has no such name stays as it is written."""
    return domain("customers", lang).get(f"customers.encoding.{name}", name)
