"""The series that is read, and the account that publishes it: ``data/series.toml``."""

import tomllib
from importlib.resources import files
from typing import Final

_SERIES = tomllib.loads(files("cncert").joinpath("data", "series.toml").read_text(encoding="utf-8"))

SERIES: Final[str] = _SERIES["title"]
"""The title of the series."""
CNCERT_BIZ: Final[int] = _SERIES["account"]
"""The number of CNCERT's account."""
CNCERT_NAMES: Final = frozenset(_SERIES["account_names"])
"""The names of that account."""
