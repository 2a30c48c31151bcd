"""The scripts of ``scrapy completion``, in the shells that this machine has."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.site.crawl import run_scrapy

TYPED = {
    "scrapy cr": ["crawl"],
    "scrapy ex": ["export", "extract"],
    "scrapy crawl w": ["weekly"],
    "scrapy crawl --qu": ["--quiet"],
    "scrapy crawl weekly -a fr": ["from="],
    "scrapy gaps --wan": ["--wanted"],
    "scrapy archive rep": ["repack"],
    "scrapy completion f": ["fish"],
    "scrapy parse --spider = off": ["official"],  # bash takes the sign for a word
}
"""Lines, and what may follow their last word."""
BASH = """
source "$1"
read -ra COMP_WORDS <<< "$2"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_scrapy
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the scripts, each with the name of its shell."""
    directory = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        done = run_scrapy("completion", shell)
        assert (done.returncode, done.stderr) == (0, "")
        (directory / shell).write_text(done.stdout, encoding="utf-8")
    return directory


@pytest.mark.parametrize("line", TYPED)
def test_bash_completes(scripts: Path, line: str) -> None:
    call = ["bash", "-c", BASH, "bash", str(scripts / "bash"), line]
    done = subprocess.run(call, capture_output=True, encoding="utf-8", timeout=20, check=True)
    assert sorted(done.stdout.split()) == TYPED[line]


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)])
def test_a_shell_reads_its_script(scripts: Path, shell: str) -> None:
    done = subprocess.run([shell, "-n", str(scripts / shell)], capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_all_commands_are_in_the_script(scripts: Path, shell: str) -> None:
    text = (scripts / shell).read_text(encoding="utf-8")
    commands = [
        line.split()[0] for line in run_scrapy().stdout.splitlines() if line.startswith("  ") and "  " in line[3:]
    ]
    assert len(commands) > 25
    assert [name for name in commands if name not in text] == []


def test_another_shell_is_refused() -> None:
    done = run_scrapy("completion", "csh")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cncert: completion takes the name of a shell: bash, zsh, fish\n"
