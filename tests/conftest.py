"""What all tests share: a real MongoDB, ``async def`` tests, and what happens where the machine lacks something."""

import asyncio
import inspect
import os
import sys
import uuid
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.mongod import Mongod, NoMongod  # noqa: E402  # found only now
from tests.site.server import LoopbackWeChat  # noqa: E402
from tests.stores import raw, with_database  # noqa: E402
from tests.system_packages import CI, NEEDS, find_chromium, how_to_get, missing  # noqa: E402

LACKS = "this machine lacks "


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


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): what of tests/system_packages.py the test cannot do without")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        skip_without(*marker.args)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI a skipped test is a failed one: it would hide that something is not set up."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{_reason(report)}; no test may be skipped on CI"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was not tested, why, and what would change that."""
    reasons = Counter(map(_reason, terminalreporter.getreports("skipped")))
    if not reasons:
        return
    counted = (f"{count} test{'s' * (count > 1)}: {reason}" for reason, count in reasons.most_common())
    line = f"Not tested: {'; '.join(counted)}."
    words = {word for reason in reasons if reason.startswith(LACKS) for word in reason.removeprefix(LACKS).split()}
    if lacking := [name for name in NEEDS if name in words]:
        line += f" To get what is missing: {how_to_get(lacking)}"
    terminalreporter.write_line(line, yellow=True)


def _reason(report: pytest.TestReport) -> str:
    """Why a test was skipped."""
    assert isinstance(report.longrepr, tuple)
    return report.longrepr[2].removeprefix("Skipped: ")


def skip_without(*names: str) -> None:
    """Skip a test that cannot do without *names* where they are missing."""
    if lacking := missing(names):
        pytest.skip(LACKS + " ".join(lacking))


@pytest.fixture
def site() -> Iterator[LoopbackWeChat]:
    """A loopback WeChat of the test's own."""
    with LoopbackWeChat() as loopback:
        yield loopback


@pytest.fixture(scope="session")
def chromium() -> str:
    """The Chromium to test with, as CNCERT_CHROMIUM names it; empty for Playwright's own."""
    skip_without("playwright", "chromium")
    return find_chromium()


@pytest.fixture(scope="session")
def curl_and_openssl() -> None:
    """What the commands of docs/deploy.md call."""
    skip_without("curl", "openssl")


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a MongoDB server: MONGO_TEST_URI, or a replica set of one, started for this session on loopback."""
    if uri := os.environ.get("MONGO_TEST_URI"):
        yield uri
        return
    skip_without("mongod")
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
