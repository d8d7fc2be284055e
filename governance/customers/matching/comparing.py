"""What two rows say for and against one person: name, birth, contacts, household; symmetric."""

from rapidfuzz.distance import OSA

from governance.customers.matching.evidence import WEIGHTS, Comparison, Evidence, EvidenceKind
from governance.customers.matching.persons import Person
from governance.customers.normalise.sounds import passport

K = EvidenceKind
WORDS = 2  # of a name in Latin letters that can stand beside a reading


def compare(a: Person, b: Person) -> Comparison:
    """Everything that speaks for and against one person behind two rows; symmetric."""
    name = _name(a, b) or (K.NAME_UNREAD if _named(a) and _named(b) else None)
    kinds = [kind for kind in (name, _birth(a, b), _email(a, b), _mobile(a, b)) if kind]
    kinds += _household(a, b)
    kinds += _details(a, b)
    evidence = tuple(Evidence(kind=kind, weight=WEIGHTS[kind]) for kind in kinds)
    return Comparison(a=a.row, b=b.row, score=sum(e.weight for e in evidence), evidence=evidence)


def _named(person: Person) -> bool:
    return bool(person.full or person.kana)


def _name(a: Person, b: Person) -> EvidenceKind | None:
    """The strongest statement about two names, by writing, reading and Latin parts."""
    if a.full and a.full == b.full:
        return K.NAME_SAME
    if a.latin and a.latin == b.latin:
        return K.NAME_VARIANT
    written = bool(a.full and b.full) and not (a.lossy or b.lossy)
    if a.kana and a.kana == b.kana:
        return K.HOMOPHONE if written and _other_kanji(a, b) else K.READING_SAME
    if bool(a.latin) != bool(b.latin):
        return _by_romaji(a, b) if a.latin else _by_romaji(b, a)
    if not written or a.kana_only != b.kana_only:
        return _by_reading(a, b) if a.kana and b.kana else None
    return _parts(a, b)


def _other_kanji(a: Person, b: Person) -> bool:
    """Both names are in kanji, and not in the same ones in another order."""
    if any(_has_kana(name) for name in (a.full, b.full)) or a.latin or b.latin:
        return False
    return sorted(a.full) != sorted(b.full)


def _has_kana(text: str) -> bool:
    return any("\u3041" <= c <= "\u30ff" for c in text)


def _by_reading(a: Person, b: Person) -> EvidenceKind:
    """Names of which only the readings can be compared."""
    family, given = _reading_parts(a, b)
    if OSA.distance(a.kana, b.kana) == 1:
        return K.NAME_SIMILAR if given else K.READING_SIMILAR
    if given and family is False:
        return K.FAMILY_DIFFERS
    if family and given is False:
        return K.GIVEN_DIFFERS
    return K.READING_DIFFERS if family is None else K.NAME_DIFFERS


def _by_romaji(latin: Person, other: Person) -> EvidenceKind:
    """A name in Latin letters beside a reading in kana, in either order of its two words."""
    family, given = passport(other.kana_family), passport(other.kana_given)
    if len(latin.romaji) != WORDS or not (family and given):
        return K.NAME_DIFFERS
    ways = [(family in one, given in two) for one, two in (latin.romaji, latin.romaji[::-1])]
    match max(ways):
        case (True, True):
            return K.READING_SAME
        case (True, False):
            return K.GIVEN_DIFFERS
        case _:
            return K.FAMILY_DIFFERS if any(way[1] for way in ways) else K.NAME_DIFFERS


def _reading_parts(a: Person, b: Person) -> tuple[bool | None, bool | None]:
    """Whether family and given readings agree; the writing is not looked at."""
    ka, kb = ("", a.kana_family, "", a.kana), ("", b.kana_family, "", b.kana)
    ga, gb = ("", a.kana_given, "", a.kana), ("", b.kana_given, "", b.kana)
    return _part_same(ka, kb, head=True), _part_same(ga, gb, head=False)


def _parts(a: Person, b: Person) -> EvidenceKind | None:
    """Names that differ somewhere: in the family name, the given name, or a slip."""
    family, given = _family_same(a, b), _given_same(a, b)
    if given and family is False:
        return K.FAMILY_DIFFERS
    if _slip(a, b):
        return K.NAME_SIMILAR
    if (given and family is None) or (family and given is None):
        return None
    if family:
        return K.GIVEN_DIFFERS
    return K.NAME_DIFFERS


def _family_same(a: Person, b: Person) -> bool | None:
    """Whether the family names agree; none when a missing space or reading hides it."""
    return _part_same(
        (a.family, a.kana_family, a.full, a.kana),
        (b.family, b.kana_family, b.full, b.kana),
        head=True,
    )


def _given_same(a: Person, b: Person) -> bool | None:
    """Whether the given names agree, in writing or in reading."""
    return _part_same(
        (a.given, a.kana_given, a.full, a.kana), (b.given, b.kana_given, b.full, b.kana), head=False
    )


_Keys = tuple[str, str, str, str]


def _part_same(a: _Keys, b: _Keys, *, head: bool) -> bool | None:
    """A part of two names by writing, then reading, then as head or tail of the joined form."""
    seen: list[bool] = []
    for part, whole in ((0, 2), (1, 3)):
        if a[part] and b[part]:
            seen.append(a[part] == b[part])
        elif a[part] and b[whole]:
            seen.append(b[whole].startswith(a[part]) if head else b[whole].endswith(a[part]))
        elif b[part] and a[whole]:
            seen.append(a[whole].startswith(b[part]) if head else a[whole].endswith(b[part]))
        elif a[whole] and b[whole] and whole == 2:  # noqa: PLR2004 -- written names without spaces
            seen.append(a[whole][:2] == b[whole][:2] if head else a[whole][-2:] == b[whole][-2:])
    if any(seen):
        return True
    if seen and _scripts_differ(a, b):
        return None
    return False if seen else None


def _scripts_differ(a: _Keys, b: _Keys) -> bool:
    """One part in kana, the other in kanji, and no reading to compare: まい and 麻衣."""
    if a[3] and b[3]:
        return False
    return bool(a[0] and b[0]) and _all_kana(a[0]) != _all_kana(b[0])


def _all_kana(text: str) -> bool:
    return all("\u30a1" <= c <= "\u30ff" for c in text)


def _slip(a: Person, b: Person) -> bool:
    """The characters of one name in another order: 也哲 for 哲也. Twins are not named so."""
    return bool(a.full) and a.full != b.full and sorted(a.full) == sorted(b.full)


def _birth(a: Person, b: Person) -> EvidenceKind | None:
    """The birth dates: same, same month where a day is missing, a slip, or another."""
    if a.birth and b.birth:
        if a.birth == b.birth:
            return K.BIRTH_SAME
        return K.BIRTH_TYPO if is_birth_typo(a.birth, b.birth) else K.BIRTH_DIFFERS
    if a.birth_month and b.birth_month:
        if a.birth_month == b.birth_month:
            return K.BIRTH_MONTH_SAME
        near = is_birth_typo(a.birth_month + "-01", b.birth_month + "-01")
        return K.BIRTH_TYPO if near else K.BIRTH_DIFFERS
    return None


# the year beside; a 干支 cycle; 大正 for 昭和; 昭和53 for 1953; 昭和 for 平成
ERA_SLIPS = frozenset({1, 10, 12, 14, 25, 63})


def is_birth_typo(a: str, b: str) -> bool:
    """True for one wrong digit, two turned digits, day and month turned, or the year next to it."""
    (ya, ma, da), (yb, mb, db) = a.split("-"), b.split("-")
    if (ma, da) == (mb, db):
        return abs(int(ya) - int(yb)) in ERA_SLIPS or OSA.distance(ya, yb) == 1
    if ya == yb and (ma, da) == (db, mb):
        return True
    return OSA.distance(ya + ma + da, yb + mb + db) == 1


def _email(a: Person, b: Person) -> EvidenceKind | None:
    """E-mail addresses; of an unusable one the local part still compares."""
    if a.email and b.email:
        if a.email == b.email:
            return K.EMAIL_SAME
        near = OSA.distance(a.email, b.email) == 1
        return K.EMAIL_SIMILAR if near else K.EMAIL_DIFFERS
    for hint, other in ((a.email_local, b), (b.email_local, a)):
        local = other.email.partition("@")[0] or other.email_local
        if hint and local and OSA.distance(hint, local) <= 1:
            return K.EMAIL_SIMILAR
    return None


def _mobile(a: Person, b: Person) -> EvidenceKind | None:
    """Personal numbers; one digit too many or too few still compares."""
    if a.mobiles & b.mobiles:
        return K.MOBILE_SAME
    if a.mobiles and b.mobiles:
        near = any(OSA.distance(x, y) == 1 for x in a.mobiles for y in b.mobiles)
        return K.MOBILE_SIMILAR if near else K.MOBILE_DIFFERS
    for broken, other in ((a.broken_mobile, b), (b.broken_mobile, a)):
        numbers = {"0" + number[3:] for number in other.mobiles} | {other.broken_mobile} - {""}
        if broken and any(OSA.distance(broken, number) <= 1 for number in numbers):
            return K.MOBILE_SIMILAR
    return None


def _household(a: Person, b: Person) -> list[EvidenceKind]:
    """What people under one roof share."""
    found: list[EvidenceKind] = []
    if a.landlines & b.landlines:
        found.append(K.LANDLINE_SAME)
    elif a.landlines and b.landlines:
        found.append(K.LANDLINE_DIFFERS)
    if a.place and b.place:
        same = _place_same(a, b)
        found.append(K.ADDRESS_SAME if same else K.ADDRESS_DIFFERS)
    elif a.postal and b.postal:
        found.append(K.POSTAL_SAME if a.postal == b.postal else K.POSTAL_DIFFERS)
    return found


def _place_same(a: Person, b: Person) -> bool:
    """One house, and no other room of it."""
    if a.room and b.room and a.room != b.room:
        return False
    if a.place == b.place:
        return True
    short, long = sorted((a.place, b.place), key=len)
    return len(short) > 6 and long.endswith(short)  # noqa: PLR2004 -- the town without its county or city


def _details(a: Person, b: Person) -> list[EvidenceKind]:
    """Account, sex, employer and the number in the source."""
    found: list[EvidenceKind] = []
    if a.sns and a.sns == b.sns:
        found.append(K.SNS_SAME)
    if {a.sex, b.sex} == {"male", "female"}:
        found.append(K.SEX_DIFFERS)
    if a.company and a.company == b.company:
        found.append(K.COMPANY_SAME)
    if a.source_id and a.source_id == b.source_id and a.source == b.source:
        found.append(K.ID_SAME)
    return found
