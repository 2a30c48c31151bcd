"""The package works by itself: nothing in it needs ``tools/`` or ``tests/``."""

import shutil
from pathlib import Path

from tests.site.crawl import ROOT, run_scrapy


def test_the_demo_runs_where_there_is_only_the_package(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "cncert", tmp_path / "cncert", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "scrapy.cfg", tmp_path)
    # A variable of Python's own makes a new process instead of a fork of one that has the project imported.
    result = run_scrapy("demo", env={"PYTHONNOUSERSITE": "1"}, cwd=tmp_path, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout.lstrip().startswith("37 issues stored (37 new), 2024-18 to 2025-03\n")
    assert (tmp_path / "data" / "demo" / "cncert.db").exists()
