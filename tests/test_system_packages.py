"""The set-up of the tests: what it installs, what it says where it may not, and what becomes of skipped tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import system_packages
from tests.system_packages import Need

SKIPPED = """
import pytest

@pytest.mark.needs("venv", "curl")
def test_with_a_program() -> None: ...

@pytest.mark.skip(reason="it is Monday")
def test_with_a_reason() -> None: ...

def test_with_nothing() -> None: ...
"""


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The log of apt-get on a machine that lacks the only program it needs."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    log.touch()
    write_program(
        programs / "apt-get",
        f'echo "$DEBIAN_FRONTEND $@" >> {log}; echo unpacking\n'
        f'case "$@" in *install*) : > {programs}/abacus; /bin/chmod +x {programs}/abacus; esac',
    )
    (programs / "env").symlink_to("/usr/bin/env")
    monkeypatch.setattr(
        system_packages, "NEEDS", {"abacus": Need(("abacus-bin",), lambda: system_packages._on_path("abacus"))}
    )
    monkeypatch.setattr(system_packages, "CI", False)
    monkeypatch.setenv("PATH", str(programs))
    system_packages._is_present.cache_clear()
    return log


def test_root_gets_what_is_missing_without_a_question(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert system_packages.main() == 0
    update, install = bare.read_text().splitlines()
    assert update == "noninteractive -qq update"
    assert install == "noninteractive -qq install --yes --no-install-recommends abacus-bin"
    assert capfd.readouterr() == ("Installing for the tests: abacus-bin\n", "")
    # Where all is there, apt-get is not even asked.
    assert system_packages.main() == 0
    assert len(bare.read_text().splitlines()) == 2
    assert capfd.readouterr() == ("", "")


def test_a_sudo_without_a_password_does_too(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    write_program(bare.with_name("bin") / "sudo", f'echo sudo >> {bare}; shift; exec "$@"')
    write_program(bare.with_name("bin") / "true", "")
    assert system_packages.main() == 0
    assert bare.read_text().splitlines() == [
        "sudo", "sudo", "noninteractive -qq update",
        "sudo", "noninteractive -qq install --yes --no-install-recommends abacus-bin",
    ]  # fmt: skip


@pytest.mark.parametrize(("ci", "status", "said"), [(False, 0, "are skipped"), (True, 1, "nothing may be skipped")])
def test_everybody_else_gets_one_line(
    bare: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    ci: bool,
    status: int,
    said: str,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system_packages, "CI", ci)
    write_program(bare.with_name("bin") / "sudo", "exit 1")
    assert system_packages.main() == status
    (line,) = capfd.readouterr().out.splitlines()
    assert line.startswith("Missing for the tests: abacus;")
    assert said in line
    assert line.endswith("To get them: sudo apt-get install abacus-bin")
    assert bare.read_text() == ""


def test_an_apt_get_that_fails_is_heard(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    write_program(bare.with_name("bin") / "apt-get", "echo no network; exit 100")
    assert system_packages.main() == 0
    output = capfd.readouterr()
    assert "no network" in output.err
    assert output.out.splitlines()[-1].startswith("Missing for the tests: abacus;")


@pytest.mark.parametrize("ci", [False, True])
def test_what_was_not_tested_is_one_line_and_a_failure_on_ci(tmp_path: Path, ci: bool) -> None:
    (tmp_path / "test_skipped.py").write_text(SKIPPED)
    (tmp_path / "plugin.py").write_text(
        "from tests import conftest\n"
        "from tests.conftest import *\n"
        "conftest.missing = lambda names: [name for name in names if name == 'curl']\n"
    )
    root = str(Path(__file__).parent.parent)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "plugin", "-p", "no:cacheprovider", "-n", "1", "test_skipped.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{root}", "CI": "true" if ci else ""},
    )  # fmt: skip
    assert result.returncode == int(ci), result.stdout
    found = [line for line in result.stdout.splitlines() if line.startswith("Not tested: ")]
    if ci:
        assert found == []
        assert "1 passed, 2 errors" in result.stdout
        assert "this machine lacks curl; no test may be skipped on CI" in result.stdout
    else:
        (line,) = found
        assert "1 test: this machine lacks curl" in line
        assert "1 test: it is Monday" in line
        assert line.endswith(system_packages.how_to_get(["curl"]))
