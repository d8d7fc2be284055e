"""What sources found and the packages made of it: rows whose content is sealed before it comes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from dsar.case import SourceState
from dsar.models import PackageRow, SourceResultRow
from dsar.review.store import forget_places
from governance.connectors.tasks import forget_said
from governance.core.terms import ActorId, RequestId, RowId
from governance.db.types import table_of

RESULT, PACKAGE = table_of(SourceResultRow), table_of(PackageRow)
FOUND, FAILED, WITHOUT = "found", "failed", "without"


class PackageForm(StrEnum):
    """What of a package is fetched; each once a link."""

    PAGE = "page"  # one self-contained HTML file
    ARCHIVE = "archive"


FETCHED: Final = {PackageForm.PAGE: "downloaded_at", PackageForm.ARCHIVE: "archive_at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceResult:
    """One run of a source as it is stored; `found` is already sealed."""

    id: RowId
    state: SourceState
    fields: int = 0
    redactions: int = 0
    withheld: int = 0
    found: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPackage:
    """A package as stored; `content` is a frame, or None once purged."""

    id: RowId
    request: RequestId
    manifest_hash: str
    size: int
    created_at: datetime
    expires_at: datetime
    token_digest: str | None
    token_expires_at: datetime | None
    downloaded_at: datetime | None  # the page
    archive_at: datetime | None
    purged_at: datetime | None
    content: bytes | None = field(repr=False)

    def waits(self, at: datetime) -> bool:
        """Whether it was told and can still be fetched in some form."""
        live = self.token_expires_at is not None and at < self.token_expires_at
        return live and self.content is not None

    def fetched(self, form: PackageForm) -> bool:
        """Whether the link was used for this form."""
        return {
            PackageForm.PAGE: self.downloaded_at,
            PackageForm.ARCHIVE: self.archive_at,
        }[form] is not None


def add_results(
    tx: Connection, request: RequestId, results: Sequence[SourceResult], *, at: datetime
) -> None:
    """The runs are on file, beside earlier ones."""
    if results:
        tx.execute(
            insert(RESULT),
            [
                {
                    "id": result.id,
                    "request_id": request,
                    "source": result.state.source,
                    "outcome": _outcome(result.state),
                    "code": result.state.code,
                    "records": result.state.records,
                    "fields": result.fields,
                    "redactions": result.redactions,
                    "withheld": result.withheld,
                    "at": at,
                    "found": result.found,
                }
                for result in results
            ],
        )


def _outcome(state: SourceState) -> str:
    if state.without:
        return WITHOUT
    return FOUND if state.found else FAILED


def newest_results(tx: Connection, request: RequestId) -> tuple[SourceResult, ...]:
    """The last run of each source, by the source's name."""
    rows = tx.execute(
        select(RESULT).where(RESULT.c.request_id == request).order_by(RESULT.c.at, RESULT.c.id)
    )
    newest = {row.source: row for row in rows}
    return tuple(
        SourceResult(
            id=RowId(row.id),
            state=SourceState(
                source=source,
                found=row.outcome == FOUND,
                records=row.records,
                left_out=row.redactions + row.withheld,
                code=row.code,
                without=row.outcome == WITHOUT,
            ),
            fields=row.fields,
            redactions=row.redactions,
            withheld=row.withheld,
            found=bytes(row.found) if row.found is not None else None,
        )
        for source, row in sorted(newest.items())
    )


def add_package(tx: Connection, package: StoredPackage, *, by: ActorId) -> None:
    """The package is stored; it has no link yet."""
    tx.execute(
        insert(PACKAGE).values(
            id=package.id,
            request_id=package.request,
            manifest_hash=package.manifest_hash,
            size=package.size,
            created_at=package.created_at,
            created_by=by,
            expires_at=package.expires_at,
            content=package.content,
        )
    )


def newest_package(tx: Connection, request: RequestId) -> StoredPackage | None:
    """The last package made for the request."""
    row = tx.execute(
        select(PACKAGE)
        .where(PACKAGE.c.request_id == request)
        .order_by(PACKAGE.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _package(row)


def package_by_token(tx: Connection, digest: str) -> StoredPackage | None:
    """The package whose link has this digest."""
    row = tx.execute(select(PACKAGE).where(PACKAGE.c.token_digest == digest)).one_or_none()
    return None if row is None else _package(row)


def set_token(tx: Connection, package: RowId, *, digest: str, expires_at: datetime) -> None:
    """Each form can be fetched once by whoever holds the link; an earlier link is void."""
    tx.execute(
        update(PACKAGE)
        .where(PACKAGE.c.id == package)
        .values(
            token_digest=digest, token_expires_at=expires_at, downloaded_at=None, archive_at=None
        )
    )


def use_token(
    tx: Connection, package: RowId, *, digest: str, form: PackageForm, at: datetime
) -> bool:
    """Whether this call is the one download of this form."""
    fetched = FETCHED[form]
    used = tx.execute(
        update(PACKAGE)
        .where(
            PACKAGE.c.id == package,
            PACKAGE.c.token_digest == digest,
            PACKAGE.c[fetched].is_(None),
        )
        .values({fetched: at})
    )
    return used.rowcount == 1


def purge_copies(tx: Connection, request: RequestId, *, at: datetime) -> int:
    """How many packages lost their content; what the sources found is gone too."""
    tx.execute(update(RESULT).where(RESULT.c.request_id == request).values(found=None))
    forget_places(tx, request)
    forget_said(tx, request)
    purged = tx.execute(
        update(PACKAGE)
        .where(PACKAGE.c.request_id == request, PACKAGE.c.content.is_not(None))
        .values(content=None, token_digest=None, purged_at=at)
    )
    return int(purged.rowcount)


def requests_with_old_copies(tx: Connection, *, at: datetime, limit: int) -> tuple[RequestId, ...]:
    """Requests whose packages have passed their day."""
    rows = tx.execute(
        select(PACKAGE.c.request_id)
        .where(PACKAGE.c.content.is_not(None), PACKAGE.c.expires_at <= at)
        .distinct()
        .order_by(PACKAGE.c.request_id)
        .limit(limit)
    )
    return tuple(RequestId(row) for row in rows.scalars())


def _package(row: Row[Any]) -> StoredPackage:
    return StoredPackage(
        id=RowId(row.id),
        request=RequestId(row.request_id),
        manifest_hash=row.manifest_hash,
        size=row.size,
        created_at=row.created_at,
        expires_at=row.expires_at,
        token_digest=row.token_digest,
        token_expires_at=row.token_expires_at,
        downloaded_at=row.downloaded_at,
        archive_at=row.archive_at,
        purged_at=row.purged_at,
        content=bytes(row.content) if row.content is not None else None,
    )
