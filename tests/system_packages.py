"""What the tests need beside Python packages: programs, libraries and fonts.

``python3 -m tests.system_packages`` installs what is missing where it may: on Debian and Ubuntu, as root or with a sudo
that asks for no password. Elsewhere it says in one line what is missing. ``make test`` runs it with the system's Python
before there is a virtual environment, so it imports nothing but the standard library.
"""

import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from ctypes.util import find_library
from pathlib import Path
from typing import NamedTuple

from tools.sample.fonts import FILES, PACKAGES, find_font

VENV = Path(__file__).resolve().parent.parent / ".venv"
CI = os.environ.get("CI", "") not in ("", "0", "false")
"""Whether everything must be there and no test may be skipped."""


class Need(NamedTuple):
    """The packages of Debian and Ubuntu that bring something, and whether it is there already."""

    packages: tuple[str, ...]
    is_present: Callable[[], bool]


def missing(names: Iterable[str]) -> list[str]:
    """Return those of *names*, keys of :data:`NEEDS`, that this machine lacks."""
    return [name for name in names if not _is_present(name)]


def how_to_get(names: Iterable[str]) -> str:
    """Return what a person does to get *names*."""
    packages = " ".join(package for name in names for package in NEEDS[name].packages)
    if shutil.which("apt-get"):
        return f"sudo apt-get install {packages}"
    return f"install your system's packages for these of Debian: {packages}"


def find_chromium() -> str:
    """Return CNCERT_CHROMIUM, or the Chromium on PATH; empty stands for Playwright's own."""
    return os.environ.get("CNCERT_CHROMIUM") or shutil.which("chromium") or ""


def main() -> int:
    """Install what is missing; the exit status is 1 if something still is and this is CI."""
    lacking = missing(NEEDS)
    if lacking and (root := _command_as_root()) is not None:
        _install(lacking, root)
        _is_present.cache_clear()
        lacking = missing(NEEDS)
    if lacking:
        result = "nothing may be skipped on CI" if CI else "tests that need them are skipped"
        print(f"Missing for the tests: {' '.join(lacking)}; {result}. To get them: {how_to_get(lacking)}", flush=True)
    return int(CI and bool(lacking))


def _command_as_root() -> list[str] | None:
    """Return how a command line of root begins; None if this user may install nothing or there is no apt-get."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["env"]
    may = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True)
    return ["sudo", "-n", "env"] if may and may.returncode == 0 else None


def _install(names: Sequence[str], root: Sequence[str]) -> None:
    """Install *names*. Shows what apt-get prints only if it fails."""
    packages = [package for name in names for package in NEEDS[name].packages]
    print(f"Installing for the tests: {' '.join(packages)}", flush=True)
    apt = [*root, "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = [*apt, "install", "--yes", "--no-install-recommends"]
    _run([*apt, "update"])
    # Ubuntu has no package of Chromium but a snap, which no container runs.
    by_playwright = "chromium" in packages and not _run([*install, "--simulate", "chromium"], show=False)
    if by_playwright:
        packages.remove("chromium")
    _run([*install, *packages])
    if by_playwright and _run(["make", "-C", str(VENV.parent), f"{VENV.name}/.installed-dev"]):
        _run([str(VENV / "bin" / "playwright"), "install", "--with-deps", "chromium"])


def _run(command: Sequence[str], *, show: bool = True) -> bool:
    """Run *command* without input; whether it succeeded. *show* what it printed if it did not."""
    result = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode and show:
        print(result.stdout, end="", file=sys.stderr, flush=True)
    return result.returncode == 0


@functools.cache
def _is_present(name: str) -> bool:
    return NEEDS[name].is_present()


def _on_path(*programs: str) -> bool:
    return all(map(shutil.which, programs))


def _has_chromium() -> bool:
    if find_chromium():
        return True
    python = sys.executable if sys.prefix != sys.base_prefix else VENV / "bin" / "python"
    code = "from cncert.browser import chromium; raise SystemExit(not chromium._has_own_chromium())"
    try:
        return subprocess.run([python, "-c", code], cwd=VENV.parent, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _has_mongod() -> bool:
    """Whether there is one on PATH, or that of the PyPI package would run."""
    if shutil.which("mongod"):
        return True
    here = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    return here and (find_library("curl"), find_library("ssl")) == ("libcurl.so.4", "libssl.so.3")


def _has_fonts(package: str) -> bool:
    return all(find_font(name) for family in PACKAGES[package] for name in FILES[family])


NEEDS = {
    "venv": Need(
        (f"python3.{sys.version_info.minor}-venv",), lambda: importlib.util.find_spec("ensurepip") is not None
    ),
    "playwright": Need(("libatomic1",), lambda: sys.platform != "linux" or bool(find_library("atomic"))),
    "chromium": Need(("chromium",), _has_chromium),
    "xvfb": Need(("xvfb", "xauth"), lambda: _on_path("xvfb-run", "xauth")),
    "curl": Need(("curl",), lambda: _on_path("curl")),
    "openssl": Need(("openssl",), lambda: _on_path("openssl")),
    "mongod": Need(("libcurl4", "libssl3"), _has_mongod),
    **{name: Need((name,), functools.partial(_has_fonts, name)) for name in PACKAGES},
}
"""By the name that a test gives in ``@pytest.mark.needs(...)``."""


if __name__ == "__main__":
    sys.exit(main())
