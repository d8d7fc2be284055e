"""E-mail addresses: RFC 5321 dot-atoms, the dots Japanese carriers allowed, IDN host names."""

import re

import idna

from governance.customers.normalise.chars import fold_width, is_absent
from governance.customers.types import NOTHING, Normalised, ProblemKind

_DECORATION = re.compile(
    r"^(?:mailto:|(?:e-?mail|mail|[Ee]?-?メ[ー-]ル(?:アドレス)?|アドレス)\s*:)\s*", re.IGNORECASE
)
_REMARK = re.compile(r"(?<=[A-Za-z])\s*\([^()@]*\)$")  # taro@example.com(自宅)
_ANGLE = re.compile(r"^[^<>]*<([^<>]*)>$")
_LOCAL = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64}$")
_LABEL = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")
_SEPARATOR = re.compile(r"\s*[;；、/]\s*|\s*[,，]\s*(?=[^@,，]+@)")
_EDGES = " \t\r\n\u3000\u00a0\u200b\ufeff\"'"
_WHOLE = re.compile(r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$")
MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3
SYNTAX = Normalised(problems=(ProblemKind.EMAIL_SYNTAX,), dirt="syntax")


def normalise_email(text: str) -> Normalised:
    """The address in lower case, host in A-labels; none when no mail can be sent to it."""
    if is_absent(text):
        return NOTHING
    plain = fold_width(text).replace("−", "-").replace("‐", "-").replace("ー", "-").strip(_EDGES)
    parts = [part for part in _SEPARATOR.split(plain) if "@" in part]
    if len(parts) == 1 and all(map(_WHOLE.match, words := plain.split())):
        parts = words
    found = _one(parts[0] if len(parts) > 1 else plain)
    if len(parts) > 1 and found.value is not None:
        problems = (ProblemKind.MULTI_VALUE, *found.problems)
        return Normalised(value=found.value, problems=problems, dirt="multi")
    return found


def _one(text: str) -> Normalised:
    """One address without mailto:, angle brackets and the query of a mailto link."""
    body = _DECORATION.sub("", text)
    if (angle := _ANGLE.match(body)) is not None:
        body = _DECORATION.sub("", angle.group(1))
    body = _REMARK.sub("", body.strip(_EDGES))
    if text.lower().startswith("mailto:"):
        body = body.partition("?")[0]
    local, at, written = body.rpartition("@")
    host = _host(written)
    if not at or host is None or not _LOCAL.match(local) or len(local) + len(host) >= MAX_ADDRESS:
        return SYNTAX
    value = f"{local.lower()}@{host}"
    if local.startswith("."):
        return SYNTAX
    if local.endswith(".") or ".." in local:
        return Normalised(value=value, problems=(ProblemKind.EMAIL_RFC_DOTS,), dirt="rfc_dots")
    return Normalised(value=value, dirt="ascii")


def _host(text: str) -> str | None:
    """A host name of two labels or more in A-labels (RFC 5891), lower case; none otherwise."""
    host = text.lower().replace("。", ".")
    top = host.rpartition(".")[2]
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError, ValueError, IndexError):
            return None
    if any(c.isascii() and c.isalpha() for c in top) and not top.isascii():
        return None  # com様: a word that ran into the address, not a domain
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels):  # noqa: PLR2004 -- a host below a top-level domain
        return None
    return None if labels[-1].isdigit() or len(labels[-1]) == 1 else host
