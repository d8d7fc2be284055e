"""Addresses of America, Britain and the continent: number, street word, place, postcode."""

import re
from collections.abc import Iterator
from typing import Final

from governance.pii.document import Document
from governance.pii.types import Entity, Reason, Span

_L: Final = "A-Za-zÀ-ÖØ-öø-ÿß"
_WORD: Final = rf"[A-ZÀ-ÖØ-Þ][{_L}'’.\-]*"
_STREET: Final = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr"
    r"|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter"
    r"|Way|Parkway|Pkwy|Circle|Cir|Highway|Hwy|Close|Crescent|Gardens"
    r"|Grove|Hill|Mews|Row|Trail|Walk|Alley"
    r"|Green|Park|Broadway)\.?"
)
_UNIT: Final = (
    r"(?:,? ?(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|#)\.? ?#?[0-9A-Za-z\-]{1,5})"
)
_UK: Final = r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}"
_TOWN: Final = rf"(?![A-Z]{{1,2}}[0-9]|[A-Z]{{2}},? [0-9]{{5}}){_WORD}"
_PLACE: Final = (
    rf"(?:,?[ \n]{{1,2}}{_TOWN}(?: {_TOWN}){{0,3}})?"
    rf"(?:,?[ \n]{{1,2}}(?:[A-Z]{{2}},? [0-9]{{5}}(?:-[0-9]{{4}})?|{_UK}|[0-9]{{5}}))?"
    r"(?:,? (?:USA|U\.S\.A\.|UK|United Kingdom|United States|Ireland|Canada|Australia))?"
)
_ENGLISH: Final = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:Flat|Apt|Unit|Suite) [0-9A-Za-z]{{1,4}},? )?[0-9]{{1,5}}[A-Za-z]?"
    rf"(?: (?:[NSEW]\.?|North|South|East|West))? (?:{_WORD} ){{1,4}}?{_STREET}(?![{_L}])"
    rf"{_UNIT}?{_PLACE}{_UNIT}?"
)
_GERMAN: Final = re.compile(
    rf"(?<![{_L}0-9])(?!During|Spring|Bring)(?:{_WORD}(?:straße|strasse"
    rf"|str\.|platz|weg|allee|gasse|ring|damm|ufer)"
    rf"|{_WORD} (?:Straße|Strasse|Str\.|Platz|Weg|Allee|Gasse|Ring)) [0-9]{{1,4}} ?[a-z]?"
    rf"(?:,?[ \n]{{1,2}}(?:[A-Z]{{1,2}}-)?[0-9]{{4,5}} {_WORD}(?: (?:am"
    rf"|an der|im) {_WORD})?)?(?![{_L}])"
)
_FRENCH: Final = re.compile(
    rf"(?<![{_L}0-9])[0-9]{{1,4}}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard"
    rf"|bd|place|allée|impasse|chemin|quai"
    rf"|cours|Rue|Avenue|Boulevard|Place|Allée)(?: (?:de la|de l'|du|des|de|d'|la|le|les))?"
    rf"(?:[ '’]?{_WORD}){{1,4}}(?:,?[ \n]{{1,2}}[0-9]{{5}} {_WORD}(?:[ \-]{_WORD}){{0,3}})?"
)
_SOUTHERN: Final = re.compile(
    rf"(?<![{_L}0-9])(?:Via|Viale|Piazza|Corso|Calle|Avenida|Plaza|Paseo"
    rf"|Rua|Strada) (?:(?:de|del|della|di|la|los"
    rf"|las|da|do|dei|degli) )*{_WORD}(?: {_WORD}){{0,3}},? [0-9]{{1,4}}(?:,?[ \n]{{1,2}}[0"
    rf"-9]{{4,5}} {_WORD}(?: {_WORD}){{0,2}})?"
)
_DUTCH: Final = re.compile(
    rf"(?<![{_L}0-9]){_WORD}(?:straat|laan|weg|plein|gracht|kade|gade"
    rf"|vej|gatan|vägen|veien) [0-9]{{1,4}} ?[A-Za-z]?"
    rf"(?:,?[ \n]{{1,2}}[0-9]{{4}} ?[A-Z]{{0,2}} {_WORD})?(?![{_L}])"
)
_BOX: Final = re.compile(rf"(?<![{_L}])P\.? ?O\.? Box [0-9]{{1,6}}{_PLACE}")


def find(document: Document) -> Iterator[Span]:
    """Western addresses of the text; a street with its house number is the least."""
    if not (document.has_latin and document.has_digit):
        return
    for pattern in (_ENGLISH, _GERMAN, _FRENCH, _SOUTHERN, _DUTCH, _BOX):
        for found in pattern.finditer(document.shadow):
            yield Span(
                start=found.start(),
                end=found.start() + len(found.group().rstrip(" .,;'’-")),
                entity=Entity.ADDRESS,
                score=0.9,
                reason=Reason.SHAPE,
            )
