"""The questions about many persons, read strictly from one flat JSON object."""

from typing import Any, Final

import msgspec

from consent.gates import UseRequest
from governance.core.terms import Lang, SubjectId
from governance.http.problems import DetailedError
from governance.http.strict_json import NotStrictError, object_of
from governance.i18n.catalogue import text

MOST: Final = 1_000_000  # persons of one question
DEPTH: Final = 2  # levels: the object, and the list in it
WORDS: Final = ("purpose", "channel", "recipient", "country", "segment", "show")
KNOWN: Final = frozenset({"purpose", "subjects", "channel", "recipient", "country", "min_seq"})
SAVED: Final = frozenset({"segment", "show"})
SHOWN: Final = ("ids", "bits", "count")


class ColumnFormError(DetailedError):
    """The body is no question about many persons; the places that are wrong are named."""

    code, status, exit_code = "column_form", 400, 2

    def detail(self, code: str, lang: Lang, /) -> str:
        """What is wrong at one place, for people."""
        return text(f"consent.form.{code}", lang)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One purpose and many persons: by name, or by a segment that was saved."""

    purpose: str
    subjects: list[SubjectId] | None = None
    segment: str | None = None
    show: str | None = None
    channel: str | None = None
    recipient: str | None = None
    country: str | None = None
    min_seq: int | None = None

    def use(self, request_id: str | None) -> UseRequest:
        """The use without its persons."""
        return UseRequest(
            subject=SubjectId(""),
            purpose=self.purpose,
            recipient=self.recipient,
            channel=self.channel,
            country=self.country,
            min_seq=self.min_seq,
            request_id=request_id,
        )


def asked_of(body: bytes, *, segments: bool) -> Asked:
    """The question; raises ColumnFormError. With `segments`, persons may be a saved list."""
    found = _flat(body)
    known = {"purpose", "subjects", "channel", "recipient", "country", "min_seq"}
    faults = [
        (n, "unknown_word")
        for n in found.keys() - known - ({"segment", "show"} if segments else set())
    ]
    faults += [(n, "not_a_text") for n in WORDS if not isinstance(found.get(n, ""), str)]
    if "purpose" not in found:
        faults.append(("purpose", "missing"))
    if type(found.get("min_seq", 0)) is not int:
        faults.append(("min_seq", "not_a_number"))
    if found.get("show", "ids") not in SHOWN:
        faults.append(("show", "unknown_word"))
    if ("subjects" in found) is ("segment" in found):
        faults.append(("subjects", "missing"))
    elif "subjects" in found:
        faults += _persons(found["subjects"])
    if faults:
        raise ColumnFormError(sorted(faults))
    return Asked(**found)


def persons_of(body: bytes) -> list[SubjectId]:
    """The list that is to be saved; raises ColumnFormError."""
    found = _flat(body)
    faults = [(name, "unknown_word") for name in found.keys() - {"subjects"}]
    faults += _persons(found["subjects"]) if "subjects" in found else [("subjects", "missing")]
    if faults:
        raise ColumnFormError(sorted(faults))
    subjects: list[SubjectId] = found["subjects"]
    return subjects


def _persons(given: object) -> list[tuple[str, str]]:
    if not isinstance(given, list):
        return [("subjects", "not_a_list")]
    if len(given) > MOST:
        return [("subjects", "too_many")]
    return [] if set(map(type, given)) <= {str} else [("subjects", "not_a_text")]


def _flat(body: bytes) -> dict[str, Any]:
    """The object; a list of pseudonyms has no colon and no escape, so it is read in one go."""
    if b"\\" not in body:
        try:
            found = msgspec.json.decode(body)
        except (ValueError, RecursionError, msgspec.DecodeError):
            raise ColumnFormError([("", "not_strict_json")]) from None
        if isinstance(found, dict) and len(found) == body.count(b":"):
            return found  # as many members as colons: no key stood twice, nothing is nested
    try:
        return object_of(body, depth=DEPTH)
    except NotStrictError:
        raise ColumnFormError([("", "not_strict_json")]) from None
