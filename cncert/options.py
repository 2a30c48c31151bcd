"""The options of a user: names, defaults, meanings and checks, whether set by the environment, ``-s`` or Scrapyd.

The option ``store`` is the setting ``CNCERT_STORE`` and the environment variable of that name. ``settings.py`` reads
the environment; :meth:`Options.of` reads the final settings, with those of the command line and Scrapyd.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from cncert.exceptions import SettingError

BUCKETS: Final = ("s3", "gs")
"""Schemes of addresses of buckets."""
MAX_SECONDS = 86_400
MAX_DAYS = 90
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_SETTINGS_OF_SCRAPY = {"download_delay": "DOWNLOAD_DELAY", "robotstxt_obey": "ROBOTSTXT_OBEY", "log_level": "LOG_LEVEL"}
_SHOWN_CHARACTERS = 40
"""How much of a wrong value a message shows."""


def _number(unit: str, least: float, most: float) -> BeforeValidator:
    def read(value: object) -> float:
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise ValueError(
                f"must be a number of {unit} from {least} to {most}, not {str(value)[:_SHOWN_CHARACTERS]!r}"
            )
        return number

    return BeforeValidator(read)


def _one_of(*known: str) -> BeforeValidator:
    def read(value: object) -> str:
        word = str(value).strip().lower()
        if word not in known:
            raise ValueError(f"must be one of {', '.join(known)}, not {word[:_SHOWN_CHARACTERS]!r}")
        return word

    return BeforeValidator(read)


def _read_switch(value: object) -> bool:
    word = str(value).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise ValueError(f"must be one of {', '.join((*_TRUE, *_FALSE))}, not {word[:_SHOWN_CHARACTERS]!r}")
    return word in _TRUE


def _read_list(value: object, separator: str) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    return tuple(part for part in re.split(separator, str(value or "").strip(" \t\r\n,")) if part)


def _read_files(value: object) -> str:
    if not str(value):  # Scrapy silently leaves out a pipeline that has no place to write to
        raise ValueError("names no place for the pictures")
    return _read_place(value, others=BUCKETS)


def project_root() -> Path:
    """Return the directory of the project, by its ``scrapy.cfg`` as Scrapy finds it; outside of one the current one."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "scrapy.cfg").is_file()), here)


def in_project(place: str) -> str:
    """Return the path *place* as it is to be read here: a relative one belongs to the root of the project."""
    root = project_root()
    return place if root == Path.cwd() else str(root / place)


def _read_place(value: object, *, others: tuple[str, ...] = ()) -> str:
    place = str(value)
    address = re.match("([A-Za-z][A-Za-z0-9+.-]{0,20})://", place)
    if address and address[1] not in ("file", *others):
        kinds = ", ".join(["a path", *(f"{one}://…" for one in others)])
        raise ValueError(f"must be {kinds}, not {address[1]}://…")
    return in_project(place) if place and urlsplit(place).scheme == "" else place


def _read_store(value: object) -> str:
    scheme, is_file, path = str(value).partition("sqlite:///")
    return f"{is_file}{in_project(path)}" if is_file and path and not scheme else str(value)


Text = Annotated[str, BeforeValidator(str)]
"""A path or an address: a path may be given as one by Python code."""
Place = Annotated[str, BeforeValidator(_read_place)]
Seconds = Annotated[float, _number("seconds", 0, MAX_SECONDS)]
Score = Annotated[float, _number("parts of 1", 0, 1)]
Switch = Annotated[bool, BeforeValidator(_read_switch)]
Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: _read_list(value, r"[\s,]+"))]
"""Separated by spaces or commas."""
Addresses = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: _read_list(value, r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)"))
]
"""Separated by spaces or commas; an address may hold commas itself."""
LANGUAGES: Final = ("en", "zh")


class Options(BaseModel):
    """The options of a user. Relative paths belong to the root of the project."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    download_delay: Seconds = 6
    """Scrapy's own: seconds between two requests for pages."""
    robotstxt_obey: Switch = False
    """Scrapy's own: whether robots.txt counts; with it no page of WeChat is fetched."""
    log_level: Annotated[str, _one_of("debug", "info", "warning", "error", "critical")] = "info"
    """Scrapy's own: the least level of the log."""
    store: Annotated[str, BeforeValidator(_read_store)] = "sqlite:///data/cncert.db"
    """Where documents are kept: ``sqlite:///PATH`` or ``mongodb://HOST/DATABASE``."""
    files: Annotated[str, BeforeValidator(_read_files)] = "data/pictures"
    """Where pictures are kept: a directory, ``s3://BUCKET/PATH`` or ``gs://BUCKET/PATH``."""
    archive: Place = "data/archive"
    """A directory for WARC files of all that is fetched; empty: none are written."""
    # The account's own feed at Wechat2RSS, a free service, has its newest articles. Doonsec's lists those of Chinese
    # accounts about security: reprints among them, under short addresses, which are answered.
    feeds: Addresses = (
        "https://wechat2rss.xlab.app/feed/c6662e88d278561b8293a607dcdcbe26aea98e04.xml",
        "https://wechat.doonsec.com/rss.xml",
    )
    """Addresses of RSS or Atom feeds that name new issues (docs/sources.md)."""
    reprints: Switch = True
    """Whether reprints by other accounts, which WeChat marks as CNCERT's article, are requested and taken."""
    wayback: Switch = True
    """Whether the Wayback Machine is asked for captures of what nothing else gives (docs/sources.md)."""
    # At most 20 look-ups and 30 captures a minute: its staff asked for 24 look-ups, and allows far more captures.
    wayback_delay: Seconds = 3.2
    """Seconds between two look-ups in the index of the Wayback Machine; two thirds of it between two captures."""
    albums: Words = ()
    """Numbers or addresses of WeChat albums."""
    browser: Switch = False
    """Whether pages that plain HTTP cannot read are requested once through Chromium."""
    chromium: Text = ""
    """The path of Chromium; empty: the one of ``playwright install chromium``."""
    browser_state: Place = "data/browser.json"
    """The file that ``scrapy verify`` writes and the browser uses."""
    pause: Seconds = 60
    """Seconds to wait after a verification page; doubled after the next."""
    alerts: Addresses = ()
    """Addresses, as apprise has them, to which alerts are sent (docs/watch.md)."""
    language: Annotated[Literal["en", "zh"], _one_of(*LANGUAGES)] = "en"
    """The language of alerts, of the report page, of tables and summaries."""
    fresh_days: Annotated[float, _number("days", 1, MAX_DAYS)] = 9
    """Days after the newest issue before the next one counts as missing."""
    # Reading pictures (docs/ocr.md): from which score on a reading is a figure, below a candidate.
    # Of 1,520 numbers in 332 drawn pictures that both passes read alike none was misread (one percentage lost its
    # point, which infographics/labels/plausibility.py warns of); 18 of them have a character below 0.92.
    ocr_word: Score = 0.92
    """The least sure character of a number and of its change."""
    ocr_pairing: Score = 0.9
    """How sure it must be that a number belongs to its label."""
    ocr_drop: Score = 0.8
    """Words below this score are dropped: icons that look like letters."""
    panel: Switch = True
    """Whether a terminal shows the live panel instead of log lines."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the options in *settings*. Raises SettingError for the first that is wrong."""
        try:
            return cls.model_validate(cls._given(settings))
        except ValidationError as error:
            raise SettingError(next(iter(_lines(error).values()))) from None

    @classmethod
    def problems(cls, settings: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with each wrong setting, by its name."""
        try:
            cls.model_validate(cls._given(settings))
        except ValidationError as error:
            return _lines(error)
        return {}

    @classmethod
    def default(cls, name: str) -> str:
        """Return the default of the setting *name*, as text."""
        (field,) = (field for key, field in cls.model_fields.items() if setting_name(key) == name)
        return _as_text(field.default)

    def texts(self) -> dict[str, str]:
        """Return each option as text."""
        return {field: _as_text(getattr(self, field)) for field in type(self).model_fields}

    @classmethod
    def _given(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        names = {field: setting_name(field) for field in cls.model_fields}
        return {field: settings[name] for field, name in names.items() if settings.get(name) is not None}


def as_folder(place: str) -> str:
    """Return the address *place* as Scrapy expects it: that of a bucket ends with a slash."""
    return f"{place.rstrip('/')}/" if urlsplit(place).scheme in BUCKETS else place


def local_folder(place: str) -> Path | None:
    """Return the directory that a place for files names, None for a bucket."""
    scheme = urlsplit(place).scheme
    is_local = scheme in ("", "file") or len(scheme) == 1  # the drive of a path of Windows
    return Path(place.removeprefix("file://")) if is_local else None


def setting_name(field: str) -> str:
    """Return the name of the setting, and of the environment variable, of an option."""
    return _SETTINGS_OF_SCRAPY.get(field) or f"CNCERT_{field.upper()}"


def settings_from(environment: Mapping[str, str]) -> dict[str, str]:
    """Return each ``CNCERT_`` setting as text: from the *environment*, else its default."""
    names = [setting_name(field) for field in Options.model_fields if field not in _SETTINGS_OF_SCRAPY]
    return {name: environment.get(name, Options.default(name)) for name in names}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _lines(error: ValidationError) -> dict[str, str]:
    lines = {}
    for one in error.errors(include_url=False):
        name = setting_name(str(one["loc"][0]))
        lines[name] = f"{name} {one.get('ctx', {}).get('error', one['msg'])}"
    return lines
