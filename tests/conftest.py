"""What all tests share: a real MongoDB, and ``async def`` tests."""

import asyncio
import inspect
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.mongod import Mongod, NoMongod  # noqa: E402  # found only now
from tests.site.server import LoopbackWeChat  # noqa: E402
from tests.stores import raw, with_database  # noqa: E402


def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores: a crawl spends much of its time waiting for its delays."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs ``async def`` tests with asyncio.run: all that a plugin would do for them here."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture
def site() -> Iterator[LoopbackWeChat]:
    """A loopback WeChat of the test's own."""
    with LoopbackWeChat() as loopback:
        yield loopback


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a MongoDB server: MONGO_TEST_URI, or a replica set of one, started for this session on loopback."""
    if uri := os.environ.get("MONGO_TEST_URI"):
        yield uri
        return
    try:
        with Mongod(tmp_path_factory.mktemp("mongod")) as server:
            yield server.uri()
    except NoMongod as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def sqlite_uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/made/on/demand/cncert.db"


@pytest.fixture
def mongo_uri(mongod: str) -> Iterator[str]:
    name = f"cncert_test_{uuid.uuid4().hex[:12]}"
    yield with_database(mongod, name)
    with raw(mongod) as client:
        client.drop_database(name)


@pytest.fixture(params=["sqlite", "mongo"])
def uri(request: pytest.FixtureRequest) -> str:
    """Address of an empty store of its own, in each backend in turn."""
    return str(request.getfixturevalue(f"{request.param}_uri"))
