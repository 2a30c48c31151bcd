"""The packages of an extra: how they are installed beside this copy of cncert."""

from pathlib import Path

from cncert import __version__

PLACE = Path(__file__).parents[2]
"""The directory of the package ``cncert``: a clone, or the ``site-packages`` that pip fills."""


def install_command(extra: str) -> str:
    """Return the command that installs *extra*: from the file of a clone, or by the name that the wheel has for it."""
    is_wheel = (PLACE / f"cncert-{__version__}.dist-info").is_dir()
    return f"pip install 'cncert[{extra}]'" if is_wheel else f"pip install -r requirements-{extra}.txt"
