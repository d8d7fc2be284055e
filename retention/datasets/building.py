"""Making a data set: rows through the gate, made coarser, checked, shuffled, sealed.

What leaves the gate follows ACTOR, PURPOSE and SUBJECT as any export does; the data set can only
say less. The rows stand in clear for the making alone, in a folder of this process.
"""

import csv
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from secrets import SystemRandom
from tempfile import TemporaryDirectory
from typing import Any, Final

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from governance.core.ids import new_row_id
from governance.core.terms import RowId
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.gateway.bulk.exporting import PERSON, export, refused
from governance.gateway.bulk.types import (
    BulkRequest,
    ExportFormat,
    ExportGuardError,
    ExportRefusedError,
    ExportRequest,
    Manifest,
    Naming,
)
from governance.http.principal import Principal
from policies.actions import Action
from retention.access import require, today
from retention.datasets import rules, store
from retention.datasets.errors import (
    DatasetDatesError,
    DatasetFormError,
    DatasetStandardError,
    DatasetTooLargeError,
    DatasetTooRareError,
)
from retention.datasets.types import (
    Checked,
    Dataset,
    DatasetId,
    DatasetKind,
    Line,
    Request,
    State,
)

BLOB: Final = "dataset"
PART_ROWS: Final = 20_000  # rows under one seal
MOST_ROWS: Final = 1_000_000


def make(ports: Ports, principal: Principal, request: Request, *, at: datetime) -> Dataset:
    """A data set that waits for a second person.

    Raises DatasetStandardError, DatasetDatesError, DatasetTooRareError, DatasetTooLargeError and
    what the gate refuses; then nothing was made.
    """
    require(ports, principal, Action.DATASET_MAKE)
    on = today(at)
    if request.expires_on <= on:
        raise DatasetFormError(file="dataset.yaml", path="expires_on", problem="past")
    _ensure_standard(request)
    with TemporaryDirectory(prefix="sekisho-dataset-") as folder:
        path = Path(folder) / "rows.ndjson"
        manifest = _exported(ports, principal, request, path, at=at)
        lines = list(_lines(path, request, on=on))
    if fine := _fine_dates(request, lines):
        raise DatasetDatesError(fields=", ".join(fine))
    found = rules.checked(lines, request)
    if found.removed_share > request.most_removed:
        raise DatasetTooRareError(
            removed=found.persons_read - found.persons, persons=found.persons_read, k=request.k
        )
    return _kept(ports, principal, request, manifest, found, at=at)


def _ensure_standard(request: Request) -> None:
    for point in rules.checklist(request, catalogue().fields):
        if not point.met:
            against = ", ".join(point.against)
            raise DatasetStandardError(standard=point.standard.value, fields=against)


def _fine_dates(request: Request, lines: Sequence[Line]) -> tuple[str, ...]:
    if request.kind is DatasetKind.PSEUDONYMISED:
        return ()
    return rules.fine_dates(lines, request.items)


def _exported(
    ports: Ports, principal: Principal, request: Request, path: Path, *, at: datetime
) -> Manifest:
    wanted = ExportRequest(
        bulk=BulkRequest(purpose=request.purpose),
        table=request.table,
        fields=tuple(item.field for item in request.items),
        format=ExportFormat.NDJSON,
        naming=Naming.TOKEN,
    )
    try:
        return export(ports, principal, wanted, path, action=Action.DATASET_MAKE, at=at)
    except (ExportRefusedError, ExportGuardError) as error:
        refused(ports, principal, wanted.bulk, error, at=at)
        raise


def _lines(path: Path, request: Request, *, on: date) -> Iterator[Line]:
    columns = [item.field.partition(".")[2] for item in request.items]
    with path.open(encoding="utf-8") as stream:
        for n, text in enumerate(stream):
            if n >= MOST_ROWS:
                raise DatasetTooLargeError(most=MOST_ROWS)
            row = json.loads(text)
            cells = (
                rules.treated(row[column], item, on=on)
                for column, item in zip(columns, request.items, strict=True)
            )
            yield Line(person=row[PERSON], cells=tuple(cells))


def _kept(
    ports: Ports,
    principal: Principal,
    request: Request,
    manifest: Manifest,
    found: Checked,
    *,
    at: datetime,
) -> Dataset:
    lines = list(found.lines)
    SystemRandom().shuffle(lines)  # the order of rows tells nothing
    digest, sealed = sha256(), []
    for content in _files(request, lines):
        digest.update(content)
        id_ = new_row_id()
        sealed.append((id_, bytes(ports.vault.seal_blob(BLOB, id_, zlib.compress(content)))))
    dataset = DatasetId(new_row_id())
    row = _row(request, manifest, found, at=at) | {
        "id": dataset,
        "content_digest": digest.hexdigest(),
        "made_by": principal.id,
    }

    def write(tx: Any) -> Dataset:
        store.add(tx, row, sealed)
        made = store.by_id(tx, dataset)
        ports.audit.append(tx, event(made, EventCode.DATASET_MADE, principal, at=at))
        return made

    return ports.database.write(write)


def _row(request: Request, manifest: Manifest, found: Checked, *, at: datetime) -> dict[str, Any]:
    return {
        "kind": request.kind.value,
        "name": request.name,
        "purpose": manifest.purpose,
        "table_name": request.table,
        "fields": ",".join(item.field for item in request.items),
        "request": request.text,
        "request_digest": request.digest,
        "found": json.dumps(
            {
                "standards": [
                    point.standard.value for point in rules.checklist(request, catalogue().fields)
                ],
                "replaced": dict(found.replaced),
                "combinations": found.combinations,
                "excluded": {code.value: n for code, n in sorted(manifest.excluded.items())},
                "gate": dict(manifest.fields),
                "policy_version": manifest.policy_version,
                "consent_seq": manifest.consent_seq,
            }
        ),
        "export_id": manifest.export,
        "state": State.MADE.value,
        "k": request.k,
        "persons_read": found.persons_read,
        "persons": found.persons,
        "rows": len(found.lines),
        "smallest": found.smallest,
        "removed": found.removed,
        "made_at": at,
        "expires_on": request.expires_on,
    }


def _files(request: Request, lines: Sequence[Line]) -> Iterator[bytes]:
    """The rows as CSV in parts; the persons' random signs stand in pseudonymised ones alone."""
    named = request.kind is DatasetKind.PSEUDONYMISED
    for start in range(0, len(lines), PART_ROWS):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for line in lines[start : start + PART_ROWS]:
            writer.writerow([line.person, *line.cells] if named else line.cells)
        yield text.getvalue().encode()


def header(dataset: Dataset) -> list[str]:
    """The columns of its file."""
    columns = [name.partition(".")[2] for name in dataset.fields]
    return [PERSON, *columns] if dataset.kind is DatasetKind.PSEUDONYMISED else columns


def rows_of(ports: Ports, parts: Sequence[tuple[RowId, bytes]]) -> Iterator[list[str]]:
    """The rows of the sealed parts."""
    for id_, sealed in parts:
        content = zlib.decompress(ports.vault.open_blob(BLOB, id_, sealed))
        yield from csv.reader(io.StringIO(content.decode()))


def event(dataset: Dataset, action: EventCode, principal: Principal, *, at: datetime) -> EventDraft:
    """What the log says of it: kind, numbers, the method's hash."""
    return EventDraft(
        action=action,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="dataset",
        object_id=dataset.id,
        purpose=dataset.purpose,
        outcome=Outcome.DONE,
        reasons=(dataset.kind.value,),
        fields=dataset.fields,
        counts=(
            ("persons", dataset.persons),
            ("rows", dataset.rows),
            ("k", dataset.k),
            ("smallest", dataset.smallest),
        ),
        refs=(
            f"export:{dataset.export}",
            f"request:{dataset.request_digest}",
            f"sha256:{dataset.content_digest}",
        ),
    )
