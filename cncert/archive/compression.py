"""Content as servers pack it, unpacked no further than is wanted: a few kilobytes may hold gigabytes."""

import sys
import zlib
from collections.abc import Callable

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def _inflate(data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(data, most)  # gzip or zlib
    except zlib.error:
        return zlib.decompressobj(wbits=-15).decompress(data, most)


def _unbrotli(data: bytes, most: int) -> bytes:
    unpacked: bytes = brotli.Decompressor().process(data, output_buffer_limit=most)
    return unpacked


def _unzstd(data: bytes, most: int) -> bytes:
    return zstd.ZstdDecompressor().decompress(data, max_length=most)


_UNPACK: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


def unpack(data: bytes, encodings: str, most: int) -> bytes | None:
    """*data* without its ``Content-Encoding`` (``gzip``, ``gzip, br``), or None if that has more than *most* bytes.

    Some archives keep the header, but the content unpacked: what cannot be unpacked is taken for that.
    """
    for encoding in reversed(encodings.lower().split(",")):
        try:
            data = _UNPACK[encoding.strip()](data, most + 1)
        except (KeyError, zlib.error, brotli.error, zstd.ZstdError):
            break
        if len(data) > most:
            return None
    return data if len(data) <= most else None
