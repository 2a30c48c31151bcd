"""Runs Scrapy in a process of its own that is forked from one which has everything imported.

Most of what a short crawl costs is Python importing Scrapy, Twisted and pydantic; several hundred tests run one. What
is forked knows nothing of the tests: it has the environment, the directory and the streams that it is given, and it
reads the settings and installs its reactor itself.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scrapy.cmdline import execute
from scrapy.utils.misc import walk_modules_iter

PACKAGES = (
    "scrapy.commands",
    "scrapy.downloadermiddlewares",
    "scrapy.spidermiddlewares",
    "cncert.commands",
    "cncert.middlewares",
    "cncert.pipelines",
)
MODULES = """
scrapy.cmdline scrapy.crawler scrapy.core.engine scrapy.core.scraper scrapy.core.scheduler scrapy.dupefilters
scrapy.pqueues scrapy.squeues scrapy.statscollectors scrapy.pipelines.files scrapy.robotstxt
scrapy.core.downloader.handlers.datauri scrapy.core.downloader.handlers.file scrapy.core.downloader.handlers.ftp
scrapy.core.downloader.handlers.http11 scrapy.core.downloader.handlers.s3
scrapy.extensions.closespider scrapy.extensions.corestats scrapy.extensions.logcount scrapy.extensions.logstats
scrapy.extensions.memdebug scrapy.extensions.memusage scrapy.extensions.remote_control scrapy.extensions.spiderstate
scrapy.extensions.telnet scrapy.extensions.throttle
cncert.extensions.run_recorder cncert.extensions.log_formatter cncert.store.mongo cncert.store.sqlite
cncert.output.export.formats cncert.output.ocr.run_on_store cncert.output.page.render_page
cncert.output.wanted.wanted_page
cncert.spiders.weekly cncert.report.site_issue
multiprocessing.popen_forkserver protego rich._emoji_codes
PIL.BmpImagePlugin PIL.GifImagePlugin PIL.JpegImagePlugin PIL.PngImagePlugin PIL.PpmImagePlugin
""".split()
"""What a crawl imports. None of it may read the environment or install a reactor when it is imported."""
READY = b"!"


class Forks:
    """The process that forks."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="forks")
        self._address = str(Path(self._directory.name) / "socket")
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()", self._address],
            env=environment, cwd=Path(__file__).parents[2], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        if self._process.stdout.read(1) != READY:
            raise RuntimeError("the process that forks did not start")
        atexit.register(self.close)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._directory.cleanup()

    def run(self, args: Sequence[str], env: Mapping[str, str], cwd: Path, timeout: float) -> Any:
        """As ``subprocess.run([sys.executable, "-m", "scrapy", *args], capture_output=True, encoding="utf-8")``."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            fork = self.begin(args, env, cwd, out.fileno(), err.fileno())
            try:
                status = fork.wait(timeout)
            except subprocess.TimeoutExpired:
                fork.kill()
                fork.wait()
                raise
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(["scrapy", *args], status, *texts)

    def begin(self, args: Sequence[str], env: Mapping[str, str], cwd: Path, out: int, err: int) -> "Fork":
        """As ``subprocess.Popen([sys.executable, "-m", "scrapy", *args], stdout=out, stderr=err)``."""
        call = socket.socket(socket.AF_UNIX)
        call.connect(self._address)
        asked = json.dumps({"args": list(args), "env": dict(env), "cwd": str(cwd)}).encode()
        socket.send_fds(call, [len(asked).to_bytes(4, "big")], [out, err])
        call.sendall(asked)
        return Fork(call, args)


class Fork:
    """A forked run, with what tests call of ``subprocess.Popen``."""

    def __init__(self, call: socket.socket, args: Sequence[str]) -> None:
        self._call, self._args = call, args
        self.pid = number(call)
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; its status, negative if a signal ended it. Raises TimeoutExpired."""
        if self.returncode is None:
            self._call.settimeout(timeout)
            try:
                self.returncode = number(self._call)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(["scrapy", *self._args], timeout or 0) from None
            self._call.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its status, None as long as it goes on."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless its end was seen; another thread may be waiting for that."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def number(call: socket.socket) -> int:
    """The next number that *call* brings."""
    data = call.recv(4, socket.MSG_WAITALL)
    if len(data) < 4:
        raise RuntimeError("the process that forks is gone")
    return int.from_bytes(data, "big", signed=True)


@functools.cache
def forks() -> Forks:
    """The one of this test process."""
    return Forks()


def main() -> None:
    """Import, then fork for each call until killed.

    It is called by ``python -c``: worker processes of a run would import a module that ``-m`` names, each anew.
    """
    for name in PACKAGES:
        list(walk_modules_iter(name))
    for name in MODULES:
        importlib.import_module(name)
    assert "twisted.internet.reactor" not in sys.modules
    assert not sys.modules.keys() & {"cncert.settings", "cncert.spiders.official"}  # which read the environment
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()  # else the collections of each fork go through, and copy, all that is imported here
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        os.write(1, READY)
        while True:
            call, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                answer(call)
                return
            call.close()


def answer(call: socket.socket) -> None:
    """Fork what was asked for, and tell its pid and its end; in the fork, run it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(call, 4, 2)
    asked = json.loads(call.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    pid = os.fork()
    if pid:
        call.sendall(pid.to_bytes(4, "big", signed=True))
        _, status = os.waitpid(pid, 0)
        call.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
        os._exit(0)
    call.close()
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.path[0] = asked["cwd"]
    sys.argv = ["scrapy", *asked["args"]]
    try:
        execute()
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            raise
        leave(end.code or 0)


def leave(status: int) -> None:
    """End as Python does, but free nothing of what is imported: each page of it would be copied for that."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as Python does first
    atexit._run_exitfuncs()
    gc.collect()  # what complains when it is freed does so
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
