"""Real Scrapyd servers on loopback, set up by the commands of docs/deploy.md in a directory instead of a machine."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.site.crawl import ROOT

PAGE = ROOT / "docs" / "deploy.md"
OF_THE_MACHINE = re.compile(r"^(cd|apt-get|useradd|systemctl|journalctl|docker|rm|printf)\b")
"""What a test cannot run: it would change the machine."""
PLACES = ("/opt/cncert", "/etc/cncert", "/etc/scrapyd", "/etc/systemd/system", "/var/lib/cncert")
SECONDS = 90


def commands(heading: str) -> list[str]:
    """The commands under a heading of the page, without sudo."""
    section = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (text,) = (part for part in section if part.startswith(f"{heading}\n"))
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    return [re.sub(r"^sudo (-u cncert )?", "", line) for block in blocks for line in block.splitlines()]


class Node:
    """``with Node(directory, {"CNCERT_STORE": …}) as node:`` is a machine of its own with a running Scrapyd.

    The directory stands for ``/``; *env* is appended to ``cncert.env``. What it runs is a clean copy of the project.
    """

    def __init__(self, directory: Path, env: Mapping[str, str], project: Path | None = None) -> None:
        """*project* is another node's directory, whose copy of the project is used (and its egg)."""
        self.directory, self._project = directory.resolve(), project
        self.port = _free_port()
        self._given = dict(env)
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self.directory / "scrapyd.log"

    @property
    def home(self) -> Path:
        """Scrapyd's working directory."""
        return self.directory / "var/lib/cncert"

    def run(self, line: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command line of the page in the copy of the project."""
        line = line.replace("-g cncert ", "")
        # What the tests run in has been set up.
        line = re.sub(r"\bmake ", "make -o .venv/.installed-scrapyd ", line)
        for place in PLACES:
            line = line.replace(place, f"{self.directory}{place}")
        return subprocess.run(
            ["bash", "-c", line], env=self._env | env, cwd=self.directory / "opt/cncert",
            timeout=SECONDS, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip

    def ask(self, *words: str) -> dict[str, Any]:
        """What Scrapyd answers to ``deploy/ask *words``."""
        result = self.run(f"deploy/run deploy/ask {' '.join(words)}")
        assert result.returncode == 0, result.stderr
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def schedule(self, *words: str) -> str:
        """The id of a new job of the spider, asked for by the command of the timer's service."""
        result = self.run(f"deploy/run {self.unit('cncert-weekly.service')} {' '.join(words)}")
        assert result.returncode == 0, result.stderr
        return str(json.loads(result.stdout)["jobid"])

    def finish(self, *jobs: str) -> None:
        """Wait until Scrapyd has seen the end of all *jobs*; how they ended is not its business."""
        deadline = time.monotonic() + 10 * SECONDS
        ended = re.compile(r"Process (?:finished|died): .* job='(\w+)'")
        while not set(jobs) <= set(ended.findall(log := self.log.read_text(encoding="utf-8"))):
            assert time.monotonic() < deadline, log[-3000:]
            time.sleep(0.05)

    def job_log(self, job: str) -> str:
        """What Scrapyd shows as the log of a job."""
        return (self.home / f"logs/cncert/weekly/{job}.log").read_text(encoding="utf-8")

    def runs(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command ``scrapy runs *words`` with what the jobs have."""
        return self.run(f"deploy/run scrapy runs {' '.join(words)}")

    def unit(self, name: str) -> str:
        """The command that a unit of systemd starts."""
        text = (self.directory / "etc/systemd/system" / name).read_text(encoding="utf-8")
        (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        return str(command)

    def set_up(self) -> None:
        """All of the page's way to the first run that is possible here, up to the running Scrapyd."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._project is None:
            copy_project(self.directory / "opt/cncert")
            (self.directory / "opt/cncert/.venv").symlink_to(sys.prefix)
        else:
            (self.directory / "opt").symlink_to(self._project / "opt")
        for place in PLACES:
            (self.directory / place[1:]).mkdir(parents=True, exist_ok=True)
        way = [line for line in commands("From an empty machine to the first run") if not OF_THE_MACHINE.match(line)]
        first = [line for line in way if "deploy/run" not in line]
        assert len(first) == 5, first
        for line in first:
            result = self.run(line)
            assert result.returncode == 0, f"{line}: {result.stderr}"
        with (self.directory / "etc/cncert/cncert.env").open("a", encoding="utf-8") as file:
            for name, value in self._given.items():
                print(f"{name}='{value}'", file=file)
        # Scrapyd reads /etc, the working directory, the home directory: what does not exist here moves to the next.
        shutil.copy(self.directory / "etc/scrapyd/scrapyd.conf", self.home)
        (self.directory / ".scrapyd.conf").write_text(f"[scrapyd]\nhttp_port = {self.port}\npoll_interval = 0.1\n")

    def deploy(self) -> None:
        """Give it the project; from another node, the egg of that one."""
        if self._project is not None:
            shutil.copytree(self._project / "var/lib/cncert/eggs", self.home / "eggs", dirs_exist_ok=True)
            return
        (line,) = (line for line in commands("From an empty machine to the first run") if "make deploy" in line)
        result = self.run(line)
        assert result.returncode == 0, result.stderr

    def start(self) -> None:
        """Start Scrapyd by the command of its unit, in the environment of ``cncert.env``."""
        command = self.unit("cncert-scrapyd.service").replace("/opt/", f"{self.directory}/opt/")
        shell = f". {self.directory}/etc/cncert/cncert.env; exec {command}"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-ac", shell], env=self._env, cwd=self.home, stdout=log, stderr=log, start_new_session=True
            )
        while self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"Scrapyd did not start: {self.log.read_text(encoding='utf-8')[-3000:]}")

    @property
    def _env(self) -> dict[str, str]:
        here = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        return here | {
            "LANG": "C.UTF-8",
            "HOME": str(self.directory),
            "PYTHONWARNINGS": "ignore",
            "CNCERT_ENV": str(self.directory / "etc/cncert/cncert.env"),
            "SCRAPYD_URL": f"http://127.0.0.1:{self.port}/",
        }

    def __enter__(self) -> Self:
        try:
            self.set_up()
            if self._project is not None:
                self.deploy()
            self.start()
            if self._project is None:
                self.deploy()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """As systemd does: the end for Scrapyd and its jobs alike."""
        if self._process is not None:
            for stop in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self._process.pid, stop)
                    self._process.wait(10)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue


def copy_project(target: Path) -> None:
    """What a clone would have of all that is deployed: no build, no caches, nothing of this machine."""
    for name in ("cncert", "deploy"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", ".env"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, target / path.name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
