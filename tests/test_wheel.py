"""The wheel that pip installs: what is in it, and that the command ``cncert`` works from any directory."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from sysconfig import get_path

import pytest

from tests.site.crawl import ROOT

DIST_INFO = "cncert-0.1.0.dist-info"
LICENSES = {"licenses/LICENSE", "licenses/cncert/output/page/static/echarts.LICENSE"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of a copy of the tree: setuptools leaves ``build/`` beside what it builds."""
    place = tmp_path_factory.mktemp("wheel")
    tree = place / "tree"
    shutil.copytree(ROOT / "cncert", tree / "cncert", ignore=shutil.ignore_patterns("__pycache__"))
    for file in [*ROOT.glob("requirements*.txt"), *(ROOT / name for name in ("README.md", "LICENSE", "setup.py"))]:
        shutil.copy(file, tree)
    shutil.copy(ROOT / "pyproject.toml", tree)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(tree))
    (built,) = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel.

    Its dependencies are those of the tests' own environment, by a line in a .pth file: 200 MB are not downloaded, and
    the tests need no network. cncert itself is not in that environment.
    """
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=False)
    _pip("--python", str(place / "bin" / "python"), "install", "--no-deps", str(wheel))
    _site_packages(place).joinpath("dependencies.pth").write_text(get_path("purelib"), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def metadata(installed: Path) -> Distribution:
    (found,) = distributions(name="cncert", path=[str(_site_packages(installed))])
    return found


@pytest.fixture(scope="module")
def demo(installed: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that was empty before ``cncert demo``."""
    place = tmp_path_factory.mktemp("demo")
    done = _run(installed, home, place, "cncert", "demo")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    assert done.stdout.lstrip().startswith("37 issues stored (37 new), 2024-18 to 2025-03\n")
    assert "CNCERT_STORE=sqlite:///data/demo/cncert.db cncert gaps --from" in done.stdout
    assert done.stdout.endswith("For the real series: cncert crawl weekly\n")
    return place


def _pip(*args: str) -> None:
    command = [sys.executable, "-m", "pip", "--isolated", "--quiet", "--disable-pip-version-check", *args]
    done = subprocess.run(
        [*command, "--no-index"], cwd="/", capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def _site_packages(environment: Path) -> Path:
    return Path(get_path("purelib", vars={"base": str(environment)}))


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _run(
    installed: Path, home: Path, place: Path, *command: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run *command* in *place* as a user who has nothing but this environment."""
    given = {
        "PATH": f"{installed / 'bin'}{os.pathsep}/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        **(env or {}),
    }
    return subprocess.run(
        command, cwd=place, env=given, capture_output=True, encoding="utf-8", check=False, timeout=120
    )


def _of_demo(place: Path) -> dict[str, str]:
    demo = place / "data" / "demo"
    return {"CNCERT_STORE": f"sqlite:///{demo / 'cncert.db'}", "CNCERT_FILES": str(demo / "pictures")}


# What is in the wheel


def test_it_is_for_every_machine(wheel: Path, metadata: Distribution) -> None:
    assert wheel.name == "cncert-0.1.0-py3-none-any.whl"
    assert "Root-Is-Purelib: true\n" in (metadata.read_text("WHEEL") or "")


def test_it_has_every_file_of_the_package_and_no_other(metadata: Distribution) -> None:
    """All that is no Python too: tables, pages, the sample."""
    files = {path.as_posix() for path in metadata.files or () if "__pycache__" not in path.parts}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cncert").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    written_by_pip = {"INSTALLER", "REQUESTED", "direct_url.json"}
    about = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", *LICENSES, *written_by_pip}
    assert {path for path in files if path.startswith("cncert/")} == package
    others = {path for path in files if not path.startswith("cncert/")}
    assert others == {"../../../bin/cncert", *(f"{DIST_INFO}/{name}" for name in about)}


def test_its_extras_bring_what_the_requirements_files_name(metadata: Distribution) -> None:
    wanted = metadata.requires or []
    extras = {
        name: {line.partition("<")[0].partition(">")[0] for line in wanted if f'extra == "{name}"' in line}
        for name in metadata.metadata.get_all("Provides-Extra") or []
    }
    assert extras == {"alerts": {"apprise"}, "ocr": {"rapidocr", "onnxruntime"}, "tables": {"xlsxwriter", "duckdb"}}


# What is installed works in a directory that knows nothing of it


def test_the_demo_keeps_all_in_the_current_directory(
    demo: Path, installed: Path, home: Path, metadata: Distribution
) -> None:
    known = {str(path) for path in metadata.files or () if ".." not in path.parts}
    assert _files(_site_packages(installed)) == {*known, "dependencies.pth"}
    assert _files(home) == set()
    assert (demo / "data" / "demo" / "cncert.db").is_file()
    assert len(list((demo / "data" / "demo" / "pictures").rglob("*.*"))) == 169


@pytest.mark.parametrize(
    ("args", "status", "written"),
    [
        ("report", 0, "data/demo/report.html"),
        ("export --format csv,xlsx", 0, "data/export/cncert.xlsx"),
        ("gaps --wanted --html data/wanted.html --from 2024-18 --until 2025-03", 0, "data/wanted.html"),
        ("status", 1, None),  # the newest issue of the sample is long ago
        ("extract {page}", 0, None),
        ("crawl weekly -a from=never", 2, None),
    ],
)
def test_a_command_ends_as_it_does_in_a_clone(
    args: str, status: int, written: str | None, demo: Path, installed: Path, home: Path
) -> None:
    """``extract`` reads in worker processes, which start as the command did."""
    page = _site_packages(installed) / "cncert" / "data" / "sample" / "weekly.warc.gz"
    done = _run(installed, home, demo, "cncert", *args.format(page=page).split(), env=_of_demo(demo))
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert written is None or (demo / written).is_file()


def test_python_reads_the_store(demo: Path, installed: Path, home: Path) -> None:
    code = (
        "import cncert\n"
        "with cncert.open('sqlite:///data/demo/cncert.db') as dataset:\n"
        "    print(len(list(dataset.issues())), cncert.__file__)\n"
    )
    done = _run(installed, home, demo, "python", "-c", code)
    assert done.stdout == f"37 {_site_packages(installed) / 'cncert' / '__init__.py'}\n", done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "  cncert <command> [options] [args]\n"),
        (("--help",), 'Use "cncert <command> -h" to see'),
        (("report", "-h"), "  cncert report "),
        (("crawl", "-h"), "  cncert crawl "),
    ],
)
def test_the_usage_has_its_name(
    args: tuple[str, ...], said: str, tmp_path: Path, installed: Path, home: Path
) -> None:  # fmt: skip
    done = _run(installed, home, tmp_path, "cncert", *args)
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    assert not any(tmp_path.iterdir())


def test_the_settings_of_a_project_come_first(tmp_path: Path, installed: Path, home: Path) -> None:
    """A project of one's own around the package: also in a directory below its root."""
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = own\n", encoding="utf-8")
    (tmp_path / "own.py").write_text("from cncert.settings import *\nBOT_NAME = 'own'\n", encoding="utf-8")
    (tmp_path / "below").mkdir()
    done = _run(installed, home, tmp_path / "below", "cncert", "settings", "--get", "BOT_NAME")
    assert (done.returncode, done.stdout) == (0, "own\n"), done.stderr


@pytest.mark.parametrize("extra", ["alerts", "ocr", "tables"])
def test_an_extra_is_named_as_the_wheel_has_it(extra: str, tmp_path: Path, installed: Path, home: Path) -> None:
    code = f"from cncert.terminal.extras import install_command; print(install_command('{extra}'))"
    done = _run(installed, home, tmp_path, "python", "-c", code)
    assert done.stdout == f"pip install 'cncert[{extra}]'\n", done.stderr
