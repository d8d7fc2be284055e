"""Pages of a search: a sealed token that is good for this search, this caller and this policy.

It says where the next page begins, how many results a page has, and on which place of the ledger
the first page rested. Nobody but this installation reads it; another question, another caller or
another policy under it is an error, never a page. Pages about persons are one answer: once
somebody chose anew, the next page is refused, unless the caller asked for moving pages.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from audit.types import canonical_json
from consent.access.errors import PageMovedError, PageTokenError
from consent.access.questions import NOTHING, Document, refuse
from consent.access.recording import Asking
from governance.customers.ports import Ports
from governance.keys.opaque import NotOursError, opaque, opened
from policies.reasons import ReasonCode

KIND: Final = "access_page"
LIMIT: Final = 100  # results of a page when the caller names no number
MOST: Final = 1_000  # results of a page, whatever the caller names


class Sought(StrEnum):
    """What a search looks for."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of the results is asked for."""

    limit: int
    after: str  # the last id of the page before; empty on the first page
    seq: int | None = None  # place of the ledger of the first page; None: none is held to


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of what was found; `last` is where the next one begins, if there is more."""

    found: tuple[Document, ...]
    last: str | None
    code: ReasonCode = ReasonCode.PERMIT  # why nobody could be found, when that was decided first


def page_of(ports: Ports, asking: Asking, sought: Sought, document: Document) -> Page:
    """The page that is asked for; raises PageTokenError for the token of another search."""
    page = document.get("page", NOTHING)
    if not isinstance(page, dict) and page is not NOTHING:
        refuse("page", "not_an_object")
    limit, token = page.get("limit"), page.get("token", "")
    if limit is not None and (type(limit) is not int or limit < 0):
        refuse("page.limit", "not_a_number")
    if not isinstance(token, str):
        refuse("page.token", "not_a_text")
    if not token:
        return Page(limit=LIMIT if limit is None else min(limit, MOST), after="")
    return _continued(ports, asking, sought, document, token=token, limit=limit)


def _continued(
    ports: Ports,
    asking: Asking,
    sought: Sought,
    document: Document,
    *,
    token: str,
    limit: int | None,
) -> Page:
    try:
        told = json.loads(opened(ports.vault, KIND, _bound(asking, sought, document), token))
        seq = None if told.get("seq") is None else int(told["seq"])
        page = Page(limit=int(told["limit"]), after=str(told["after"]), seq=seq)
    except (NotOursError, ValueError, KeyError):
        raise PageTokenError from None
    changed = limit is not None and min(limit, MOST) != page.limit
    if changed or told.get("policy") != ports.policies.current.digest:
        raise PageTokenError  # what was asked stays as it is between pages (AuthZEN 1.0)
    return page


def demand_still(page: Page, seq: int | None) -> None:
    """The ledger stands where the first page rested; raises PageMovedError."""
    if page.seq is not None and seq != page.seq:
        raise PageMovedError  # fails closed: two pages of two ledgers are no list


def token_of(
    ports: Ports,
    asking: Asking,
    sought: Sought,
    document: Document,
    page: Page,
    last: str | None,
    *,
    seq: int | None,
) -> str:
    """The token of the next page; empty when there is none."""
    if last is None:
        return ""
    policy = ports.policies.current.digest
    held = None if _moving(document) else seq
    content = canonical_json({"limit": page.limit, "after": last, "policy": policy, "seq": held})
    return opaque(ports.vault, KIND, _bound(asking, sought, document), content)


def _moving(document: Document) -> bool:
    """Whether each page may rest on its own place of the ledger: `page.properties.moving`."""
    properties = document.get("page", NOTHING).get("properties")
    return isinstance(properties, dict) and properties.get("moving") is True


def _bound(asking: Asking, sought: Sought, document: Document) -> str:
    """What the token is sealed for; a digest, so that it carries nothing of the question."""
    asked = {name: value for name, value in document.items() if name != "page"}
    properties = document.get("page", NOTHING).get("properties")
    whole = {"actor": asking.caller.id, "sought": sought, "asked": asked, "page": properties}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
