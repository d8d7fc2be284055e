"""Addresses of America, Britain and the continent: number, street word, place, postcode."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.lexicon import lines_at
from governance.pii.places import matches
from governance.pii.types import Entity, Reason, Span

_L: Final = "A-Za-zÀ-ÖØ-öø-ÿßĀ-ž"
_UPPER: Final = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻŁŃŅŇŌŐŒŔŘŚŞŠŤŪŮŰŲŸŹŻŽ"
_WORD: Final = rf"[{_UPPER}][{_L}'’\-]*(?:\.(?=[ ,]))?"
_STREET: Final = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr"
    r"|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter"
    r"|Way|Parkway|Pkwy|Circle|Cir|Highway|Hwy|Close|Crescent|Gardens"
    r"|Grove|Hill|Mews|Row|Trail|Walk|Alley|View|Quay|Quayside|Wharf|Rise|Embankment"
    r"|Green|Park|Broadway)"
)
_HOUSE: Final = (
    r"(?:House|Court|Barn|Cottage|Lodge|Farm|Mansions?|Building|Tower|Lofts|Arcade|Heights|Hall"
    r"|Forge|Granary|Mill|Rectory|Vicarage|Manor|Villa|Apartments)"
)
_UNIT: Final = (
    r"(?:(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|Level|Shop|Dorm|Bldg|apto|cj|bâtiment"
    r"|bât|apt|suite)\.? ?#?[0-9A-Z][0-9A-Za-z/\-]{0,5}|#[0-9]{1,5}[A-Z]?|[0-9]{1,2}º(?: [A-Z])?"
    r"|[0-9]{1,2}(?:st|nd|rd|th) [Ff]loor)"
)
_UK: Final = r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}"
_EIRE: Final = r"[A-Z][0-9][0-9W] [A-Z0-9]{4}"
_CODE: Final = (
    rf"(?:[A-Z]{{2,3}},? (?:[0-9]{{5}}-[0-9]{{3,4}}|[0-9]{{4,5}}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9])"
    rf"|{_UK}|{_EIRE}|[0-9]{{5}}(?:-[0-9]{{3,4}})?|[0-9]{{3}}-[0-9]{{4}})(?![0-9A-Za-z\-]| [0-9])"
)
_COUNTRY: Final = (
    r"(?:USA|U\.S\.A\.|UK|U\.K\.|United Kingdom|United States|England|Scotland|Wales|Ireland|Canada"
    r"|Australia|New Zealand|France|Germany|Deutschland|Spain|España|Italy|Italia|Portugal|Belgium"
    r"|Belgique|België|Netherlands|The Netherlands|Nederland|Austria|Österreich|Switzerland|Schweiz"
    r"|Suisse|Denmark|Danmark|Sweden|Sverige|Norway|Norge|Finland|Suomi|Poland|Polska|Hungary"
    r"|Czech Republic|Czechia|Slovakia|Slovenia|Croatia|Greece|Cyprus|Estonia|Latvia|Lithuania"
    r"|Iceland|Luxembourg|Romania|Bulgaria|Ukraine|Turkey|Brazil|Brasil|Mexico|Argentina|Chile"
    r"|Uruguay|South Africa|India|Singapore|Malaysia|Thailand|Vietnam|Philippines|Indonesia|China"
    r"|Hong Kong|Taiwan|Korea|South Korea|Japan|Greenland|Tunisia|Nepal)(?![A-Za-z])"
)
_NAMES: Final = rf"{_WORD}(?:[ \-](?:{_WORD}|am|an der|im|de|du|la|los|on|upon|the)){{0,3}}"
_GAP: Final = r"(?:, ?|,?\n[ >]{0,4})"
_PARTS: Final = (
    re.compile(rf"(?:{_GAP}| )(?:{_UNIT})(?![0-9A-Za-z])"),
    re.compile(rf"(?:{_GAP})(?:[A-Z]{{1,2}}-)?(?:[0-9]{{4}}-[0-9]{{3}}"
               rf"|[0-9]{{4,5}}(?: [A-Z]{{2}})?) {_NAMES}"),
    re.compile(rf"(?:{_GAP}| )(?:{_CODE})"),
    re.compile(rf"(?:{_GAP}| )(?:{_COUNTRY}|\({_COUNTRY}\))(?: [0-9]{{4,5}})?"),
    re.compile(rf", ?(?!\b(?:and|or)\b){_NAMES}(?=[,.;:\n)(!?」）]|$| (?:{_CODE})| {_COUNTRY})"),
    re.compile(rf", ?{_WORD}(?: {_WORD}){{0,2}}"),
    re.compile(rf"(?: (?={_NAMES},? {_CODE})|,?\n[ >]{{0,4}}(?={_NAMES},?[ \n]+"
               rf"(?:{_CODE}|{_COUNTRY})|{_NAMES}\n[ >]{{0,4}}{_NAMES}[ \n]+(?:{_CODE})))"
               rf"{_NAMES}"),
)  # fmt: skip
_MOST_PARTS: Final = 7
_BEFORE: Final = re.compile(
    rf"(?:(?:{_UNIT}|The {_WORD}|(?:{_WORD} ){{1,3}}{_HOUSE}(?: {_WORD})?(?: #?[0-9]{{1,4}})?)"
    r"(?:, ?|\n| ))+$"
)
_ENGLISH: Final = re.compile(
    rf"(?=[0-9])(?<![0-9A-Za-z\-/:.])[0-9]{{1,5}}[A-Za-z]?"
    rf"(?: (?:[NSEW]\.?|North|South|East|West))? (?:{_WORD} ){{1,4}}?{_STREET}\b\.?(?![{_L}])"
)
_GERMAN: Final = re.compile(
    rf"(?<![{_L}0-9])(?!During|Spring|Bring)(?:{_WORD}(?:straße|strasse"
    rf"|str\.|platz|weg|allee|gasse|ring|damm|ufer)"
    rf"|{_WORD} (?:Straße|Strasse|Str\.|Platz|Weg|Allee|Gasse|Ring)) [0-9]{{1,4}} ?[a-z]?(?![{_L}])"
)
_FRENCH: Final = re.compile(
    rf"(?<![{_L}0-9])[0-9]{{1,4}}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard"
    rf"|bd|place|allée|impasse|chemin|quai|square"
    rf"|cours|Rue|Avenue|Boulevard|Place|Allée|Quai)(?: (?:de la|de l'|du|des|de|d'|la|le|les))?"
    rf"(?:[ '’]?{_WORD}){{1,4}}"
)
_SOUTHERN: Final = re.compile(
    rf"(?<![{_L}0-9])(?:Via|Viale|Piazza|Corso|Calle|Avenida|Av\.|Plaza|Paseo"
    rf"|Rua|Strada) (?:(?:de|del|della|di|la|los"
    rf"|las|da|das|do|dos|dei|degli) )*{_WORD}(?: {_WORD}){{0,3}},? [0-9]{{1,4}}(?![0-9])"
)
_NORTHERN: Final = re.compile(
    rf"(?<![{_L}0-9])(?:{_WORD}(?:straat|laan|weg|plein|gracht|kade|gade"
    rf"|vej|gata|gaten|gatan|vägen|veien|katu|tie)|{_WORD} (?:gate|gata|vei|väg|gade|utca"
    rf"|u\.)) [0-9]{{1,4}}"
    rf"(?:-?[A-Za-z]{{1,3}})?(?![{_L}0-9])"
)
_BOX: Final = re.compile(
    rf"(?<![{_L}])(?:P\.? ?O\.? Box [0-9]{{1,6}}"
    r"|(?:PSC|Unit) [0-9]{1,5},? Box [0-9]{1,5}[ ,\n]{1,2}(?:APO|FPO|DPO),? A[AEP] [0-9]{5})"
)
# No street word: a number, words and a flat on the same line or the next
_FLAT: Final = re.compile(
    rf"(?<![0-9A-Za-z\-/:.])[0-9]{{1,5}}[ >]{{1,3}}(?:[0-9]{{1,5}} )?(?:[{_L}][{_L}'’.\-]* ){{0,4}}"
    rf"[{_L}][{_L}'’.\-]*(?: [0-9]{{1,4}})?(?= ?(?:,|\n)?[ >]{{0,6}}(?:Apt|Suite)\.? [0-9])"
)
# Each form within a line, and what stands in every such line
_IN_LINES: Final = (
    (_ENGLISH, re.compile(rf"[0-9](?=[A-Za-z]? [{_UPPER}])")),
    (_GERMAN, re.compile(r"(?:traße|trasse|tr\.|latz|eg|llee|asse|ing|damm|ufer) [0-9]")),
    (
        _FRENCH,
        re.compile(
            r" (?<=[0-9sr,] )(?:[Rr]ue|[Aa]venue|[Bb]oulevard|bd|[Pp]lace|[Aa]llée|impasse|chemin"
            r"|[Qq]uai|square|cours)"
        ),
    ),
    (_SOUTHERN, re.compile("Via|Piazza|Corso|Calle|Av|Plaza|Paseo|Rua|Strada")),
    (
        _NORTHERN,
        re.compile(
            r"(?:straat|laan|weg|plein|gracht|kade|gade|vej|gata|gaten|gatan|vägen|veien|katu|tie"
            r"|gate|vei|väg|utca|u\.) [0-9]"
        ),
    ),
)
# Those that may go over a line's end, with words of which one stands in every address of it
_OVER_LINES: Final = ((_BOX, ("Box",)), (_FLAT, ("Apt", "Suite")))
# Back from a British or Irish postcode: segments between commas or lines
_POSTCODE: Final = re.compile(rf"(?=[A-Z])(?<![0-9A-Za-z\-])(?:{_UK}|{_EIRE})(?![0-9A-Za-z])")
_SEGMENT: Final = re.compile(
    rf"(?:^|(?<=[\n,:(;])|(?<=\b(?:at|to|in|of|is)))[ ]?((?:Co\. |[0-9]{{1,4}}[A-Za-z]? )?{_WORD}"
    rf"(?:[ \-](?:{_WORD}|on|upon|the|of|in)){{0,4}}|{_UNIT})(?:, ?|\n| )$"
)
_OPENS: Final = re.compile(rf"[0-9]|The |{_UNIT}|.*\b(?:{_HOUSE}|{_STREET})$")
_MOST_SEGMENTS: Final = 5
_WINDOW: Final = 60


def _extended(shadow: str, end: int) -> int:
    """End of the address after its street: unit, town, state, postcode, country."""
    for _ in range(_MOST_PARTS):
        found = next((hit for part in _PARTS if (hit := part.match(shadow, end))), None)
        if found is None:
            break
        end = found.end()
    return end


def _opened(shadow: str, start: int) -> int:
    """Start of the address with the flat or the house named before the street."""
    found = _BEFORE.search(shadow, max(0, start - _WINDOW), start)
    return found.start() if found else start


def _span(shadow: str, start: int, end: int, score: float) -> Span:
    size = len(shadow[start:end].rstrip(" .,;'’-\n"))
    return Span(
        start=start, end=start + size, entity=Entity.ADDRESS, score=score, reason=Reason.SHAPE
    )


def _from_postcode(shadow: str, found: re.Match[str]) -> int | None:
    """Start of the segments before a postcode that make an address; None when they do not."""
    at, start = found.start(), None
    for _ in range(_MOST_SEGMENTS):
        window = shadow[max(0, at - _WINDOW) : at]
        segment = _SEGMENT.search(window)
        if segment is None:
            break
        at -= len(window) - segment.start(1)
        if _OPENS.match(segment.group(1)):
            start = at
    return start


def _streets(shadow: str) -> Iterator[re.Match[str]]:
    for pattern, sign in _IN_LINES:
        for start, end in lines_at(shadow, (found.start() for found in sign.finditer(shadow))):
            yield from pattern.finditer(shadow, start, end)
    for pattern, words in _OVER_LINES:
        if any(word in shadow for word in words):
            yield from pattern.finditer(shadow)


def find(document: Document) -> Iterator[Span]:
    """Western addresses of the text; a street with its house number is the least."""
    if not (document.has_latin and document.has_digit):
        return
    shadow = document.shadow
    for found in _streets(shadow):
        start = _opened(shadow, found.start())
        yield _span(shadow, start, _extended(shadow, found.end()), 0.9)
    for found in matches(_POSTCODE, shadow, document.codes):
        begin = _from_postcode(shadow, found)
        if begin is not None:
            yield _span(shadow, begin, _extended(shadow, found.end()), 0.91)
