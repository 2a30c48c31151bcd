"""Scrapy as a user runs it: in a process of its own, in a clean environment, against the loopback site."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.site.forking import Fork, forks
from tests.site.server import LoopbackWeChat

ROOT = Path(__file__).resolve().parents[2]
Process = subprocess.Popen[bytes] | Fork


def scrapy_command(
    args: Sequence[str | Path], env: Mapping[str, str] | None, prefix: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """The command line and the whole environment of ``scrapy *args``."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    clean |= {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
    return [*prefix, sys.executable, "-m", "scrapy", *map(str, args)], clean


def run_scrapy(
    *args: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60,
    prefix: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Run ``scrapy *args`` in the project's root (or in *cwd*, and then without the project) with nothing but *env*.

    *prefix* is a command that runs it, such as ``prlimit``.
    """
    command, clean = scrapy_command(args, env, prefix)
    if not prefix and may_fork(env):
        forked: subprocess.CompletedProcess[str] = forks().run([str(arg) for arg in args], clean, cwd or ROOT, timeout)
        return forked
    return subprocess.run(
        command, env=clean, cwd=cwd or ROOT, timeout=timeout, capture_output=True, encoding="utf-8", check=False
    )


def begin_scrapy(*args: str | Path, log: Path | None, env: Mapping[str, str], both: bool = False) -> Process:
    """As :func:`run_scrapy`, but it is only begun; stderr goes to the end of *log*, with *both* stdout too."""
    command, clean = scrapy_command(args, env, ())
    with Path(log or os.devnull).open("ab") as err, Path(os.devnull).open("ab") as nothing:
        out = err if both else nothing
        if may_fork(env):
            return forks().begin(command[3:], clean, ROOT, out.fileno(), err.fileno())
        return subprocess.Popen(command, env=clean, cwd=ROOT, stdout=out, stderr=err)


def may_fork(env: Mapping[str, str] | None) -> bool:
    """Whether *env* asks nothing of Python, which has started already in what is forked."""
    return not any(name.startswith("PYTHON") for name in env or {})


def project_env(site: LoopbackWeChat | None, tmp_path: Path, *, store: str | None = None, **env: str) -> dict[str, str]:
    """The environment of the project's commands: what they keep is in *tmp_path*, whom they ask is *site*.

    The delay is not 0: Scrapy 2.19 then sends queued requests at once, whatever CONCURRENT_REQUESTS_PER_DOMAIN says.
    """
    return {
        "CNCERT_STORE": store or f"sqlite:///{tmp_path.resolve() / 'cncert.db'}",
        "CNCERT_FILES": str(tmp_path.resolve() / "pictures"),
        "DOWNLOAD_DELAY": "0.001",
        "CNCERT_PAUSE": "0",
        "CNCERT_FEEDS": "",
        "CNCERT_ARCHIVE": "",
        "CNCERT_WAYBACK": "off",
        "CNCERT_WAYBACK_DELAY": "0.001",
        **(site.proxy_env() if site else {}),
        **env,
    }


def crawl(
    site: LoopbackWeChat,
    tmp_path: Path,
    *spider_args: str,
    store: str | None = None,
    settings: Mapping[str, object] | None = None,
    timeout: float = 60,
    prefix: Sequence[str] = (),
    **env: str,
) -> subprocess.CompletedProcess[str]:
    """Run ``scrapy crawl weekly`` against *site*, with *spider_args* such as ``limit=3``; certificates are verified."""
    environment = project_env(site, tmp_path, store=store, **env)
    # Linux counts the memory of the tests' own process, which may be large, as that of a process that it starts.
    settings = {"MEMUSAGE_LIMIT_MB": 0, **(settings or {})} if prefix else settings
    return run_scrapy(*crawl_args(spider_args, settings), env=environment, timeout=timeout, prefix=prefix)


def crawl_args(spider_args: Sequence[str], settings: Mapping[str, object] | None = None) -> list[str]:
    """What comes behind ``scrapy`` in :func:`crawl`."""
    options = [part for argument in spider_args for part in ("-a", argument)]
    for name, value in {"DOWNLOAD_VERIFY_CERTIFICATES": True, **(settings or {})}.items():
        options += ["-s", f"{name}={value}"]
    return ["crawl", "weekly", *options]


def begin_crawl(
    site: LoopbackWeChat | None,
    tmp_path: Path,
    log: Path,
    *spider_args: str,
    store: str | None = None,
    settings: Mapping[str, object] | None = None,
    **env: str,
) -> Process:
    """As :func:`crawl`, but it is only begun; what it says goes to the end of *log*."""
    environment = project_env(site, tmp_path, store=store, **env)
    return begin_scrapy(*crawl_args(spider_args, settings), log=log, env=environment)
