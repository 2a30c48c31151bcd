"""Reads and checks the arguments of ``scrapy crawl``."""

from dataclasses import dataclass
from pathlib import Path

from cncert.exceptions import ArgumentError, error_reason
from cncert.items import issue_id
from cncert.ledger.article_ledger import AddressReader
from cncert.report.calendar import parse_week

NAMES = ("start", "from", "until", "limit", "refresh", "retry", "replay")
JOB = "_job"
"""The argument that Scrapyd adds."""
MAX_FILE_LENGTH = 1_000_000
"""Characters of a file of addresses."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a crawl."""

    start: tuple[str, ...]
    """Addresses, given one after the other or in a file (``start=@FILE``)."""
    first: str | None
    """``from``: the oldest issue wanted, such as ``2022-27``."""
    last: str | None
    """``until``: the newest issue wanted."""
    limit: int | None
    """The most issues to read."""
    refresh: bool
    """Whether stored issues are requested again."""
    retry: bool
    """Whether blocked and unavailable articles are requested at once."""
    replay: Path | None
    """A WARC file, or a directory of them, that answers instead of the network."""
    job: str | None
    """Scrapyd's id of the job, if this is one."""

    @property
    def replaying(self) -> bool:
        """Whether an archive answers instead of the network."""
        return self.replay is not None

    def wants(self, issue: str) -> bool:
        """Whether *issue* is in the range of the crawl."""
        return (self.first is None or issue >= self.first) and (self.last is None or issue <= self.last)

    @classmethod
    def read(cls, given: dict[str, str], read_address: AddressReader) -> "Arguments":
        """Return the arguments in *given*; *read_address* reads the addresses of ``start``.

        Raises ArgumentError for the first that is wrong.
        """
        for name in given:
            if name not in (*NAMES, JOB):
                raise ArgumentError(f"unknown argument {name!r}; known are {', '.join(NAMES)}")
        first, last = _week("from", given), _week("until", given)
        if first and last and first > last:
            raise ArgumentError(f"from={first} is later than until={last}")
        return cls(
            start=_addresses(given.get("start"), read_address),
            first=first,
            last=last,
            limit=_limit(given.get("limit")),
            refresh=_flag("refresh", given),
            retry=_flag("retry", given),
            replay=_archive(given.get("replay")),
            job=given.get(JOB),
        )


def _addresses(text: str | None, read_address: AddressReader) -> tuple[str, ...]:
    if text is None:
        return ()
    parts = _lines(text[1:]) if text.startswith("@") else [("start=", part) for part in text.split(",")]
    addresses = [_address(place, part.strip(), read_address) for place, part in parts if part.strip()]
    if not addresses:
        raise ArgumentError(f"start={text[:120]} names no address")
    return tuple(dict.fromkeys(addresses))


def _lines(name: str) -> list[tuple[str, str]]:
    """Return the lines of the file *name* without comments, each with its place for messages."""
    try:
        with Path(name).open(encoding="utf-8") as file:
            text = file.read(MAX_FILE_LENGTH + 1)
    except (OSError, ValueError) as error:
        raise ArgumentError(f"start=@{name[:120]} cannot be read: {error_reason(error)}") from error
    if len(text) > MAX_FILE_LENGTH:
        raise ArgumentError(f"start=@{name[:120]} has more than {MAX_FILE_LENGTH} characters")
    lines = enumerate((line.strip() for line in text.splitlines()), 1)
    return [(f"{name}, line {number}: ", line) for number, line in lines if not line.startswith("#")]


def _address(place: str, text: str, read_address: AddressReader) -> str:
    address = read_address(text)
    if address is None:
        raise ArgumentError(
            f"{place}{text[:120]!r} is no address that this spider reads (weekly: https://mp.weixin.qq.com/s…, "
            "official: https://www.cert.org.cn/publish/main/…)"
        )
    return address.url


def _week(name: str, given: dict[str, str]) -> str | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        return issue_id(*parse_week(text))
    except ValueError as error:
        raise ArgumentError(f"{name}={text!r}: {error}") from error


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentError(f"limit={text!r} is not a whole number above 0")
    return int(text)


def _flag(name: str, given: dict[str, str]) -> bool:
    text = given.get(name, "0").strip().lower()
    if text not in ("0", "1", "true", "false", "yes", "no"):
        raise ArgumentError(f"{name}={text!r}: say {name}=1 or leave it out")
    return text in ("1", "true", "yes")


def _archive(text: str | None) -> Path | None:
    if text is None:
        return None
    path = Path(text)
    if not path.exists():
        raise ArgumentError(f"replay={text!r}: there is no such file or directory")
    return path
