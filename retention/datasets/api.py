"""`/v1/datasets`: processed data sets (仮名加工情報, 匿名加工情報)."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from governance.gateway.bulk.types import ExportFormat
from governance.http.principal import Principal
from governance.http.request import wiring_of
from policies.actions import Action
from policies.api import require
from retention.datasets import service
from retention.datasets.building import make
from retention.datasets.reading import MOST, read_request
from retention.datasets.types import Dataset, DatasetId

router = APIRouter(tags=["datasets"], prefix="/v1/datasets")
Reader = Annotated[Principal, Depends(require(Action.DATASET_READ))]
Maker = Annotated[Principal, Depends(require(Action.DATASET_MAKE))]
Releaser = Annotated[Principal, Depends(require(Action.DATASET_RELEASE))]
Taker = Annotated[Principal, Depends(require(Action.DATASET_TAKE))]
Knower = Annotated[Principal, Depends(require(Action.DATASET_METHOD))]
BLOCK: Final = 1 << 16


class DatasetAsked(BaseModel):
    """A data set to be made."""

    model_config = ConfigDict(extra="forbid")

    request: Annotated[str, Field(max_length=MOST, description="YAML of sekisho-dataset/1.")]


class Given(BaseModel):
    """To whom an anonymised data set was given."""

    model_config = ConfigDict(extra="forbid")

    recipient: Annotated[str, Field(min_length=1, max_length=service.LONGEST_RECIPIENT)]


class Method(BaseModel):
    """How a data set was made."""

    request: str
    found: str


def shape(dataset: Dataset) -> dict[str, Any]:
    """The data set for programs."""
    return {
        "id": dataset.id,
        "kind": dataset.kind.value,
        "name": dataset.name,
        "purpose": dataset.purpose,
        "table": dataset.table,
        "columns": [name.partition(".")[2] for name in dataset.fields],
        "state": dataset.state.value,
        "k": dataset.k,
        "persons_read": dataset.persons_read,
        "persons": dataset.persons,
        "rows": dataset.rows,
        "smallest": dataset.smallest,
        "removed": dataset.removed,
        "export": dataset.export,
        "sha256": dataset.content_digest,
        "made_by": dataset.made_by,
        "made_at": dataset.made_at.isoformat(),
        "expires_on": dataset.expires_on.isoformat(),
        "released_by": dataset.released_by,
        "released_at": None if dataset.released_at is None else dataset.released_at.isoformat(),
        "ended_at": None if dataset.ended_at is None else dataset.ended_at.isoformat(),
        "provisions": [
            {"recipient": one.recipient, "told_at": one.told_at.isoformat(), "by": one.by}
            for one in dataset.provisions
        ],
    }


@router.get("")
def datasets(request: Request, principal: Reader) -> list[dict[str, Any]]:
    """Every data set, the newest first."""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        return [shape(one) for one in service.listed(tx, wiring.ports, principal)]


@router.post("", status_code=201)
def make_dataset(request: Request, body: DatasetAsked, principal: Maker) -> dict[str, Any]:
    """The data set is made and waits for a second person."""
    wiring = wiring_of(request)
    asked = read_request(body.request, file="request")
    return shape(make(wiring.ports, principal, asked, at=wiring.clock()))


@router.get("/{dataset}")
def dataset(request: Request, dataset: str, principal: Reader) -> dict[str, Any]:
    """One data set, without its method and rows."""
    wiring = wiring_of(request)
    with wiring.database.read() as tx:
        return shape(service.shown(tx, wiring.ports, principal, DatasetId(dataset)))


@router.get("/{dataset}/method")
def method(request: Request, dataset: str, principal: Knower) -> Method:
    """How it was made; the look is on record."""
    wiring = wiring_of(request)
    said, found = wiring.database.write(
        lambda tx: service.method(
            tx, wiring.ports, principal, DatasetId(dataset), at=wiring.clock()
        ),
    )
    return Method(request=said, found=found)


@router.get("/{dataset}/rows")
def rows(
    request: Request, dataset: str, principal: Taker, form: ExportFormat = ExportFormat.CSV
) -> StreamingResponse:
    """The rows of a released data set as a file; that they were taken is on record."""
    wiring = wiring_of(request)
    with TemporaryDirectory(prefix="sekisho-dataset-") as folder:  # for its owner alone
        path = Path(folder) / f"rows.{form.value}"
        known = service.take(
            wiring.ports, principal, DatasetId(dataset), path, form=form, at=wiring.clock()
        )
        stream = path.open("rb")  # the name goes with the folder; the octets when it is read
    name = f"dataset-{known.id}.{form.value}"
    return StreamingResponse(
        _blocks(stream),
        media_type="application/octet-stream",
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        },
    )


@router.post("/{dataset}/release")
def release(request: Request, dataset: str, principal: Releaser) -> dict[str, Any]:
    """A second person releases it; an anonymised one is published by that."""
    wiring = wiring_of(request)
    return shape(
        wiring.database.write(
            lambda tx: service.release(
                tx, wiring.ports, principal, DatasetId(dataset), at=wiring.clock()
            ),
        )
    )


@router.post("/{dataset}/provisions", status_code=201)
def provide(request: Request, dataset: str, body: Given, principal: Releaser) -> dict[str, Any]:
    """It was given to this recipient, who was told that it is anonymised data."""
    wiring = wiring_of(request)
    return shape(
        wiring.database.write(
            lambda tx: service.provide(
                tx,
                wiring.ports,
                principal,
                DatasetId(dataset),
                recipient=body.recipient,
                at=wiring.clock(),
            ),
        )
    )


@router.delete("/{dataset}")
def end(request: Request, dataset: str, principal: Reader) -> dict[str, Any]:
    """Its rows are gone; its maker may do that, and who releases."""
    wiring = wiring_of(request)
    return shape(
        wiring.database.write(
            lambda tx: service.end(
                tx, wiring.ports, principal, DatasetId(dataset), at=wiring.clock()
            ),
        )
    )


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    with stream:
        while block := stream.read(BLOCK):
            yield block
