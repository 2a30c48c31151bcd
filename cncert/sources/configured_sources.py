"""Which feeds and albums are asked: ``CNCERT_FEEDS`` and ``CNCERT_ALBUMS``, read and checked before anything starts."""

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

MOST = 50
"""So many feeds and albums can be named."""
_LONGEST = 2048
_NEAR = (".local", ".internal", ".lan", ".home.arpa", ".localhost")


@dataclass(frozen=True, slots=True)
class Source:
    """A feed or an album: where issues may be named."""

    kind: Literal["feed", "album"]
    url: str = field(repr=False)
    """What is asked, without user and password. It may hold a secret: :attr:`name` is what may be shown."""
    name: str
    """``host/path`` of a feed, the number of an album."""
    authorization: str | None = field(default=None, repr=False)
    """What a user and a password in the setting become."""

    @property
    def label(self) -> str:
        """What the ledger names as the place where an address was found."""
        return f"{self.kind}:{self.name.partition('/')[0]}"


def read_sources(options: Options) -> tuple[Source, ...]:
    """Return the feeds and albums of *options*, each once. Raises SettingError for the first wrong one."""
    feeds = (_feed(text) for text in options.feeds)
    albums = (_album(text) for text in options.albums)
    sources = tuple(dict.fromkeys([*feeds, *albums]))
    if len(sources) > MOST:
        raise SettingError(f"CNCERT_FEEDS and CNCERT_ALBUMS name {len(sources)} sources, {MOST} are the most")
    return sources


def may_ask(url: str, sources: Iterable[Source]) -> bool:
    """Whether a request for *sources*, or a redirect of one, may go to *url*: an album, or a host of the feeds."""
    if is_album_page(url):
        return True
    try:
        parts = urlsplit(url)
        return _is_safe(parts) and any(
            parts.netloc == urlsplit(source.url).netloc for source in sources if source.kind == "feed"
        )
    except ValueError:
        return False


def shown(url: str) -> str:
    """*url* without what may be a secret: host and path."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def archived_as(url: str) -> str:
    """The address under which an archive keeps the answer to *url*: no secret stands in it, no two share one."""
    parts = urlsplit(url)
    digest = sha256(parts.query.encode()).hexdigest()[:12]
    return f"{parts.scheme}://{shown(url)}{'?' + digest if parts.query else ''}"


def _feed(text: str) -> Source:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises for what is none
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(text) > _LONGEST or not text.isascii():
        raise SettingError("CNCERT_FEEDS must name web addresses (https://…), separated by spaces or commas")
    place = parts.netloc.rpartition("@")[2].lower()
    bare = parts._replace(netloc=place, fragment="")
    if not _is_safe(bare):
        raise SettingError(f"CNCERT_FEEDS: http:// is for a server of your own network only, not for {place}")
    authorization = None
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(user.encode()).decode()
    return Source("feed", bare.geturl(), shown(bare.geturl()), authorization)


def _album(text: str) -> Source:
    number = album_id(text)
    if number is None:
        raise SettingError(
            f"CNCERT_ALBUMS: {text[:120]!r} is neither the number of an album nor its address "
            "(https://mp.weixin.qq.com/mp/appmsgalbum?…album_id=…)"
        )
    return Source("album", album_page(number), number)


def _is_safe(parts: SplitResult) -> bool:
    """Whether nobody between here and the server can change what it says, or the server is next door."""
    return parts.scheme == "https" or (parts.scheme == "http" and _is_near(parts.hostname or ""))


def _is_near(host: str) -> bool:
    """Whether *host* is a machine of the own network: a private address, or a name that no public server has."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_NEAR)
