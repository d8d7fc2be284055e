"""The articles on which a letter rests: those of this case, not all that could apply; pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from dsar.case import Case, Track
from dsar.correspondence.types import Template
from dsar.types import RequestKind
from governance.core.terms import Lang, Law
from governance.i18n.catalogue import text

PREFIX: Final = "dsar.letter.article"
BY_LAW: Final = frozenset({Template.IDENTITY_ASKED, Template.SCOPE_ASKED, Template.NOT_HELD})
DENYING: Final = frozenset({Template.REFUSED, Template.PARTIAL, Template.STOPPED_PARTLY})
DOING: Final = frozenset({Template.CORRECTED, Template.STOPPED, *DENYING - {Template.REFUSED}})
DENIED: Final[Mapping[RequestKind, str]] = {
    RequestKind.PURPOSE_NOTICE: "purpose",  # APPI 32(3), 36
    RequestKind.DISCLOSURE: "disclosure",  # APPI 33(3), 36
    RequestKind.PROVISION_RECORDS: "records",  # APPI 33(5), (3), 36
    RequestKind.CORRECTION: "correction",  # APPI 34(3), 36
    RequestKind.CESSATION: "stop",  # APPI 35(7), 36
    RequestKind.PROVISION_STOP: "stop",
}  # under the GDPR one article for all: 12(4)


def articles(case: Case, template: Template, lang: Lang) -> str:
    """The articles of this letter in this case, in one line; empty for a letter that names none."""
    found = (key for track in case.tracks for key in _keys(track, template))
    between = "、" if lang is Lang.JA else "; "
    return between.join(text(f"{PREFIX}.{key}", lang) for key in dict.fromkeys(found))


def _keys(track: Track, template: Template) -> Iterator[str]:
    if template in BY_LAW:
        yield f"{template.value}.{track.law.value}"
        return
    if template in DENYING:
        own = DENIED.get(track.kind, "")
        yield f"denied.{own}" if own else "denied.gdpr"
    if template in DOING and (track.law is Law.GDPR or template not in DENYING):
        yield f"done.{track.kind.value}"
