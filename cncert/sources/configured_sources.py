"""Reads and checks the settings ``CNCERT_FEEDS`` and ``CNCERT_ALBUMS``: the feeds and albums that a crawl requests."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from cncert.exceptions import SettingError
from cncert.options import Options
from cncert.sources.album import album_id, album_page, is_album_page

MAX_SOURCES = 50
"""Feeds and albums of a crawl."""
_MAX_LENGTH = 2048
"""Characters of an address."""
_LOCAL_DOMAINS = (".local", ".internal", ".lan", ".home.arpa", ".localhost")


@dataclass(frozen=True, slots=True)
class Source:
    """A feed or an album."""

    kind: Literal["feed", "album"]
    url: str = field(repr=False)
    """The address, without user and password. It may contain a secret: only :attr:`name` may be shown."""
    name: str
    """The name to show: ``host/path`` of a feed, the number of an album."""
    authorization: str | None = field(default=None, repr=False)
    """The header for the user and password of the setting."""

    @property
    def label(self) -> str:
        """Its name in the ledger, as the source of an address."""
        return f"{self.kind}:{self.name.partition('/')[0]}"


def read_sources(options: Options) -> tuple[Source, ...]:
    """Return the feeds and albums of *options*, each once. Raises SettingError for the first wrong one."""
    feeds = (_feed(text) for text in options.feeds)
    albums = (_album(text) for text in options.albums)
    sources = tuple(dict.fromkeys([*feeds, *albums]))
    if len(sources) > MAX_SOURCES:
        raise SettingError(f"CNCERT_FEEDS and CNCERT_ALBUMS name {len(sources)} sources, {MAX_SOURCES} are the most")
    return sources


def may_ask(url: str, sources: Iterable[Source]) -> bool:
    """Whether a crawl with *sources* may request *url*: a page of an album, or anything on the hosts of the feeds."""
    if is_album_page(url):
        return True
    try:
        parts = urlsplit(url)
        return _is_safe(parts) and any(
            parts.netloc == urlsplit(source.url).netloc for source in sources if source.kind == "feed"
        )
    except ValueError:
        return False


def host_and_path(url: str) -> str:
    """Return host and path of *url*, without what may be a secret."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def archived_as(url: str) -> str:
    """Return the address under which the answer to *url* is archived: without secrets, and different for each."""
    parts = urlsplit(url)
    digest = sha256(parts.query.encode()).hexdigest()[:12]
    return f"{parts.scheme}://{host_and_path(url)}{'?' + digest if parts.query else ''}"


def _feed(text: str) -> Source:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises for what is none
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(text) > _MAX_LENGTH or not text.isascii():
        raise SettingError("CNCERT_FEEDS must name web addresses (https://…), separated by spaces or commas")
    place = parts.netloc.rpartition("@")[2].lower()
    bare = parts._replace(netloc=place, fragment="")
    if not _is_safe(bare):
        raise SettingError(f"CNCERT_FEEDS: http:// is for a server of your own network only, not for {place}")
    authorization = None
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(user.encode()).decode()
    return Source("feed", bare.geturl(), host_and_path(bare.geturl()), authorization)


def _album(text: str) -> Source:
    number = album_id(text)
    if number is None:
        raise SettingError(
            f"CNCERT_ALBUMS: {text[:120]!r} is neither the number of an album nor its address "
            "(https://mp.weixin.qq.com/mp/appmsgalbum?…album_id=…)"
        )
    return Source("album", album_page(number), number)


def _is_safe(parts: SplitResult) -> bool:
    """Whether the connection is encrypted, or stays in the local network."""
    return parts.scheme == "https" or (parts.scheme == "http" and is_local_host(parts.hostname or ""))


def is_local_host(host: str) -> bool:
    """Whether *host* is in the local network: a private address, or a name that no public server has."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_DOMAINS)
