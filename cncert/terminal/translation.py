"""Says in Chinese what tables and summaries say: the English text is the key (``data/chinese.toml``)."""

import tomllib
from functools import cache
from importlib.resources import files


def translated(text: str, language: str) -> str:
    """Return *text* in *language* (``en``, ``zh``). Facts are put into it afterwards, by ``str.format``.

    What is not in the table, such as a kind that another version counted, stays as it is.
    """
    return _chinese().get(text, text) if language == "zh" else text


@cache
def _chinese() -> dict[str, str]:
    return tomllib.loads(files("cncert").joinpath("data", "chinese.toml").read_text(encoding="utf-8"))
