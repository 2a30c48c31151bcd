"""Makes the keys by which CDXJ files are sorted and searched (SURT: ``com,example)/path?query``).

The library that makes them elsewhere is AGPL, so the rules stand here; ``tests/test_archive_index.py`` compares. Left
out: session ids in queries, which no address of the series has.
"""

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_SAFE = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_PORTS = {"http": 80, "https": 443}


def url_key(url: str) -> str:
    """Return the key of *url*: host reversed, without ``www.``; path and query in lower case, the query sorted."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return _escaped(_bytes(url))
    if parts.scheme not in _PORTS or not host:
        return _escaped(_bytes(url))
    reversed_host = ",".join(reversed(re.sub(r"^www\d*\.", "", host).split(".")))
    if port not in (None, _PORTS[parts.scheme]):
        reversed_host += f":{port}"
    path = _escaped(_normal_path(_unescaped(parts.path))).lower()
    query = "&".join(sorted(_escaped(_unescaped(parts.query)).lower().split("&"), key=lambda one: one.split("=", 1)))
    return f"{reversed_host}){path.rstrip('/') or '/'}{f'?{query}' if query else ''}"


def _unescaped(text: str) -> bytes:
    """Return *text* without escapes, of whatever depth."""
    data = _bytes(text)
    while (again := unquote_to_bytes(data)) != data:
        data = again
    return data


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _escaped(data: bytes) -> str:
    return quote_from_bytes(data, safe=_SAFE)


def _normal_path(path: bytes) -> bytes:
    """Return *path* without empty segments, ``.`` and ``..``."""
    kept = list[bytes]()
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b".." and kept:
            kept.pop()
        elif segment not in (b".", b"") or segment == b"..":
            kept.append(segment)
    return b"/" + b"/".join(kept)
