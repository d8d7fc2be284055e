"""Texts read whole, line by line, in constant memory: plain text, web pages, mails."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from governance.customers.encodings import SourceTextUndecodableError, detect, open_text
from governance.discovery.profile import PLACES
from governance.discovery.tables import WHOLE
from governance.discovery.types import Analyse, ColumnFinding, NotReadReason, Place, PlaceError
from governance.pii.language import language_of

BLOCK: Final = 64_000  # characters of a line without end that are read together
_ADDRESSED: Final = ("From", "To", "Cc", "Reply-To", "Subject")
# What the standard's readers of heads and parts raise on octets that no mail program wrote.
FAULTS: Final = (
    AssertionError, AttributeError, LookupError, MessageError, RecursionError, TypeError, ValueError
)  # fmt: skip
_BREAKING: Final = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "td", "th"})
_UNSEEN: Final = frozenset({"script", "style"})
_BLANK: Final = re.compile(r"[ \t]+")
Line = tuple[int, str]


def survey(name: str, kind: str, lines: Iterable[Line], analyse: Analyse) -> Place:
    """What the lines of a text hold; every one of them was read."""
    numbers: deque[int] = deque()
    counts, care = Counter[str](), set[str]()
    places, total = list[int](), 0

    def asked() -> Iterator[tuple[str, str]]:
        for number, line in lines:
            numbers.append(number)
            yield line, language_of(line).value

    for spans in analyse(asked()):
        number, total = numbers.popleft(), total + 1
        kinds = {span.label for span in spans}
        counts.update(kinds)
        care |= {span.kind.value for span in spans if span.kind is not None}
        if kinds and len(places) < PLACES:
            places.append(number)
    column = ColumnFinding(
        name="",
        label="FREE_TEXT",
        confidence=1.0,
        filled=1.0,
        sampled=total,
        counts=dict(sorted(counts.items())),
        at_most=0.0,
        special_care=tuple(sorted(care)),
        lines=tuple(dict.fromkeys(places)),
    )
    return Place(name=name, kind=kind, rows=total, sampled=total, columns=(column,))


def plain_lines(path: Path) -> Iterator[Line]:
    """Lines with their numbers; one without end comes in blocks, a wrong byte as �."""
    try:
        stream = open_text(path, detect(path))
    except SourceTextUndecodableError as error:
        stream = path.open(encoding=str(error.params["encoding"]), errors="replace", newline="")
    number = 1
    with stream:
        while piece := stream.readline(BLOCK):
            if text := piece.rstrip("\r\n"):
                yield number, text
            number += piece.endswith(("\n", "\r"))


class _Words(HTMLParser):
    """The words of a page with a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins a line; what programs read is left out, addresses of links are not."""
        self._hidden += tag in _UNSEEN
        if tag in _BREAKING:
            self.parts.append("\n")
        self.parts += [f" {value} " for key, value in attrs if value and key in {"value", "title"}]
        mail = (value for key, value in attrs if key == "href" and value)
        self.parts += [f" {value[7:]} " for value in mail if value.startswith("mailto:")]

    def handle_endtag(self, tag: str) -> None:
        """What programs read has ended."""
        self._hidden -= tag in _UNSEEN and self._hidden > 0

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002 # its own form
        """Any `<![` section is read to its `>`, as browsers do; the standard's reader asserts."""
        end = self.rawdata.find(">", i)
        if end >= 0:
            self.handle_data(f" {self.rawdata[i + 3 : end]} ")
        return end + 1 or -1

    def handle_data(self, data: str) -> None:
        """Words that people read."""
        if not self._hidden:
            self.parts.append(data)


def page_lines(text: str) -> Iterator[Line]:
    """Lines of a web page as a reader sees them."""
    words = _Words()
    words.feed(text)
    words.close()
    for number, line in enumerate("".join(words.parts).splitlines(), 1):
        if seen := _BLANK.sub(" ", line).strip():
            yield number, seen


def page(path: Path) -> Iterator[Line]:
    """Lines of a web page's file."""
    if path.stat().st_size > WHOLE:
        raise PlaceError(NotReadReason.TOO_LARGE)
    with open_text(path, detect(path)) as stream:
        yield from page_lines(stream.read())


def mail(path: Path) -> tuple[list[Line], int]:
    """Who wrote to whom about what, the words of a mail, and how many attachments were not read."""
    if path.stat().st_size > WHOLE:
        raise PlaceError(NotReadReason.TOO_LARGE)
    with path.open("rb") as stream:
        message = BytesParser(policy=policy.default).parse(stream)
    try:
        lines, attached = _words_of(message)
    except FAULTS as error:
        raise PlaceError(NotReadReason.BROKEN) from error
    return list(enumerate([*_heads(message), *lines], 1)), attached


def _heads(message: EmailMessage) -> Iterator[str]:
    """Who wrote to whom about what; a head that the standard's reader stumbles on, as it stands."""
    for name, raw in message.raw_items():
        if name.title() in _ADDRESSED:
            try:
                yield str(message[name])
            except FAULTS:
                yield str(raw)


def _words_of(message: EmailMessage) -> tuple[list[str], int]:
    lines, attached = list[str](), 0
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.is_attachment() or part.get_content_maintype() != "text":
            attached += 1
            continue
        lines += _part_lines(part)
    return lines, attached


def _part_lines(part: EmailMessage) -> list[str]:
    body = str(part.get_content())
    if part.get_content_subtype() == "html":
        return [line for _, line in page_lines(body)]
    return [line for line in body.splitlines() if line.strip()]
