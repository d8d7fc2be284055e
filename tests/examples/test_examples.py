"""The examples run with the client as it is distributed, against a server that is served here."""

import asyncio
import importlib
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from hatchling.builders.wheel import WheelBuilder

from consent.types import EventKind
from tests.consent.client.world import World, world

ROOT = Path(__file__).parents[2]
PATIENCE = 60


@pytest.fixture(scope="module")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world"), persons=2) as found:
        client = httpx.Client(headers={"authorization": f"Bearer {found.key}"})
        client.post(f"{found.base}/v1/identifiers", json={"add": list(found.agreed)})
        client.close()
        found.choose(found.agreed[1], EventKind.WITHDRAWN)
        yield found


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel `sekisho-client`, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    builder = WheelBuilder(str(ROOT / "clients/python"))
    (built,) = builder.build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(built) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def example(
    distribution: Path, served_world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], ModuleType]]:
    """Imports an example as somebody who installed the distribution alone."""
    monkeypatch.syspath_prepend(str(distribution))
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.setenv("SEKISHO_URL", served_world.base)
    monkeypatch.setenv("SEKISHO_KEY", served_world.key)
    loaded: list[ModuleType] = []

    def load(name: str) -> ModuleType:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what others warn of on import is theirs
            loaded.append(importlib.import_module(name))
        return loaded[-1]

    yield load
    for module in loaded:
        if hasattr(module, "sekisho") and hasattr(module.sekisho, "cache_info"):
            if module.sekisho.cache_info().currsize:
                module.sekisho().close()
            module.sekisho.cache_clear()
    for name in [n for n in sys.modules if n.partition(".")[0] in {"sekisho_client", "django_app"}]:
        del sys.modules[name]


def test_the_fastapi_service_writes_only_to_who_agreed(
    example: Callable[[str], ModuleType], served_world: World
) -> None:
    module = example("fastapi_app")

    async def scene() -> list[int]:
        async with module.lifespan(module.app):
            await module.app.state.sekisho.ready(PATIENCE)
            transport = httpx.ASGITransport(app=module.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                answers = [await http.post(f"/offers/{one}") for one in served_world.agreed]
        return [answer.status_code for answer in answers]

    assert asyncio.run(scene()) == [200, 403]


def test_the_django_view_writes_only_to_who_agreed(
    example: Callable[[str], ModuleType], served_world: World
) -> None:
    module = example("django_app")
    django: Any = pytest.importorskip("django")
    django.setup()
    from django.test import RequestFactory  # noqa: PLC0415 # needs the settings first

    told = [
        module.offer(RequestFactory().post("/offers"), one).status_code
        for one in served_world.agreed
    ]
    assert told == [200, 403]


def test_the_celery_task_writes_only_to_who_agreed(
    example: Callable[[str], ModuleType], served_world: World
) -> None:
    module = example("celery_app")
    agreed, withdrew = served_world.agreed
    assert module.offer.apply(args=[agreed]).get() == f"sent to {agreed}"
    refused = module.offer.apply(args=[withdrew])
    assert isinstance(refused.result, module.RefusedError)
