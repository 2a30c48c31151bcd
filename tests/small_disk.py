"""Disks that are soon full: what mounts one for a single command."""

import os
import subprocess

import pytest

UNSHARE = ("unshare", "-m", "--propagation", "unchanged") if os.geteuid() == 0 else ("unshare", "-rm")
"""Begins a command that mounts and unmounts. Root needs no user namespace, and gets none in a chroot."""

needs_mount = pytest.mark.skipif(
    subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode != 0,
    reason="only root or a user namespace may mount a small disk; a test of files that get too large stands beside it",
)
