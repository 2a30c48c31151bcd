"""Decompresses the content of answers up to a limit: a few kilobytes may hold gigabytes."""

import sys
import zlib
from collections.abc import Callable

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["ZSTD_OPTIONS", "decompress", "zstd"]

ZSTD_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 26}
"""A window of 64 MB: servers use up to 8 MB, ``zstd --ultra`` up to 128 MB."""


def _decompress_gzip(data: bytes, limit: int) -> bytes:
    try:
        return _members(lambda: zlib.decompressobj(wbits=47), data, limit)  # gzip or zlib
    except zlib.error:
        return zlib.decompressobj(wbits=-15).decompress(data, limit)


def _decompress_brotli(data: bytes, limit: int) -> bytes:
    content: bytes = brotli.Decompressor().process(data, output_buffer_limit=limit)
    return content


def _decompress_zstd(data: bytes, limit: int) -> bytes:
    return _members(lambda: zstd.ZstdDecompressor(options=ZSTD_OPTIONS), data, limit)


def _members(start: Callable[[], "zlib._Decompress | zstd.ZstdDecompressor"], data: bytes, limit: int) -> bytes:
    """Return what the members of *data* hold, one behind the other; what follows them is no content."""
    pieces = list[bytes]()
    while data and limit > 0:
        member = start()
        try:
            pieces.append(member.decompress(data, limit))
        except (zlib.error, zstd.ZstdError):
            if not pieces:
                raise
            break
        limit -= len(pieces[-1])
        data = member.unused_data
    return b"".join(pieces)


_DECOMPRESS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _decompress_gzip,
    "x-gzip": _decompress_gzip,
    "deflate": _decompress_gzip,
    "br": _decompress_brotli,
    "zstd": _decompress_zstd,
}


def decompress(data: bytes, encodings: str, limit: int) -> bytes | None:
    """Return *data* without its ``Content-Encoding`` (``gzip, br``), or None if it has more than *limit* bytes.

    Content that cannot be decompressed is returned as it is: some archives keep the header of decompressed content.
    """
    for encoding in reversed(encodings.lower().split(",")):
        try:
            data = _DECOMPRESS[encoding.strip()](data, limit + 1)
        except (KeyError, zlib.error, brotli.error, zstd.ZstdError):
            break
        if len(data) > limit:
            return None
    return data if len(data) <= limit else None
