"""The answer on a medium or by mail: an age file, sealed for the person; and on paper.

Nothing leaves before the answer was told (`delivery.deliver`); each writing out is on record with
the hash of the file. The file itself is kept nowhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from audit.actions import EventCode
from dsar.answer_files import DATA, page_name
from dsar.answer_paper import paper_of
from dsar.case import Case
from dsar.errors import PackageMissingError, PackageUnreleasedError
from dsar.package import members_of, single_page
from dsar.records import actor_of, changed, demand, write_down
from dsar.results import newest_package
from dsar.store import answer_language, case_by_id
from dsar.types import Mark
from governance.core.terms import Lang, RequestId, RowId
from governance.crypto.age import new_passphrase, to_passphrase, to_recipient
from governance.customers.ports import Ports
from governance.documents.typesetting import Template, can_typeset, pdf
from governance.http.principal import Principal
from policies.actions import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """An age file and, when it is sealed by one, the passphrase: shown once, kept nowhere."""

    name: str
    content: bytes = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The answer to be printed: a tagged PDF, or the page where no typesetter is installed."""

    name: str
    media: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Released:
    """A package that may leave, opened."""

    case: Case
    package: RowId
    archive: bytes = field(repr=False)
    lang: Lang


def on_medium(
    ports: Ports,
    principal: Principal,
    request: RequestId,
    *,
    at: datetime,
    recipient: str | None = None,
) -> Medium:
    """The whole package as an age file, to the person's own key or to a fresh passphrase."""
    ready = _released(ports, principal, request, at=at)
    if recipient is not None:
        passphrase, content = None, to_recipient(ready.archive, recipient)
    else:
        passphrase = new_passphrase()
        content = to_passphrase(ready.archive, passphrase)
    way = "recipient" if recipient is not None else "passphrase"
    _note(ports, principal, ready, Mark.WRITTEN_OUT, content, way, at=at)
    name = f"answer-{ready.case.reference}.zip.age"
    return Medium(name=name, content=content, passphrase=passphrase)


def on_paper(ports: Ports, principal: Principal, request: RequestId, *, at: datetime) -> Printed:
    """The answer for printing (書面の交付), with a cover letter and page numbers."""
    ready = _released(ports, principal, request, at=at)
    name = f"answer-{ready.case.reference}"
    if can_typeset():
        document: Mapping[str, Any] = json.loads(members_of(ready.archive)[DATA])
        told = paper_of(document, ready.lang)
        content = pdf(Template.PAPER, told.as_json(), ready.lang, at=at)
        made = Printed(name=f"{name}.pdf", media="application/pdf", content=content)
    else:
        page = single_page(ready.archive, page_name(ready.lang)) or b""
        made = Printed(name=f"{name}.html", media="text/html; charset=utf-8", content=page)
    _note(ports, principal, ready, Mark.PRINTED, made.content, made.name[-4:].strip("."), at=at)
    return made


def _released(ports: Ports, principal: Principal, request: RequestId, *, at: datetime) -> _Released:
    """The newest package of an answer that was told; raises where there is none."""
    with ports.database.read() as tx:
        case = case_by_id(tx, request)
        demand(actor_of(principal, ports.policies.current, case), Action.DSAR_EXECUTE)
        package = newest_package(tx, request)
        lang = answer_language(tx, request)
    if package is None or package.content is None or package.expires_at <= at:
        raise PackageMissingError(request=request)
    if package.token_expires_at is None:
        raise PackageUnreleasedError
    archive = ports.vault.open_part(package.id, package.content)
    return _Released(case=case, package=package.id, archive=archive, lang=lang)


def _note(
    ports: Ports,
    principal: Principal,
    ready: _Released,
    mark: Mark,
    content: bytes,
    way: str,
    *,
    at: datetime,
) -> None:
    digest = sha256(content).hexdigest()
    ports.database.write(
        partial(
            _written,
            ports=ports,
            principal=principal,
            request=ready.case.id,
            mark=mark,
            reasons=(way,),
            refs=(f"package:{ready.package}", f"file:{digest}"),
            at=at,
        )
    )


def _written(
    tx: Connection,
    *,
    ports: Ports,
    principal: Principal,
    request: RequestId,
    mark: Mark,
    reasons: tuple[str, ...],
    refs: tuple[str, ...],
    at: datetime,
) -> None:
    case = case_by_id(tx, request)
    write_down(
        tx,
        ports,
        principal,
        changed(case, at=at),
        mark,
        EventCode.REQUEST_DELIVERED,
        at=at,
        before=case.version,
        reasons=reasons,
        refs=refs,
    )
