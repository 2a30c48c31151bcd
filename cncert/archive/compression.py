"""Decompresses the content of answers up to a limit: a few kilobytes may hold gigabytes."""

import sys
import zlib
from collections.abc import Callable

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def _decompress_gzip(data: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(data, limit)  # gzip or zlib
    except zlib.error:
        return zlib.decompressobj(wbits=-15).decompress(data, limit)


def _decompress_brotli(data: bytes, limit: int) -> bytes:
    content: bytes = brotli.Decompressor().process(data, output_buffer_limit=limit)
    return content


def _decompress_zstd(data: bytes, limit: int) -> bytes:
    return zstd.ZstdDecompressor().decompress(data, max_length=limit)


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
