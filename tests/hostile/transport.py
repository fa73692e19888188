"""What lies below the envelope: heads, lengths, chunks, methods, slowness.

Each vector is all that is written on one connection, at a hub with a limit of 64 KiB
and half a second; what is not there by then never comes.
"""

import gzip
import zlib
from collections.abc import Iterator
from typing import Final

from tests.hostile.making import plain
from tests.hostile.offices import MINISTRY
from tests.hostile.vector import Carried, Kind, Refused, Spoken, Vector, Verdict

BODY_LIMIT: Final = 65_536
SECONDS: Final = 0.5

_PATH: Final = f"/ecms/{MINISTRY}/ecms-ws01/service2"
_TOO_MUCH: Final = Refused("limit-exceeded")
_BROKEN: Final = Refused("malformed-envelope")
_BAD: Final = Spoken((400,))


def vectors() -> Iterator[Vector]:
    """Yield the vectors of this class."""
    for name, (wrong, content, verdict) in {
        **_lengths(),
        **_chunks(),
        **_heads(),
        **_packed(),
    }.items():
        yield Vector(name, Kind.HTTP, wrong, content, verdict, raw=True)


_Cases = dict[str, tuple[str, bytes, Verdict]]


def _head(*lines: str, method: str = "POST", path: str = _PATH) -> bytes:
    first = f"{method} {path} HTTP/1.1"
    return "\r\n".join([first, "Host: hub", *lines, "", ""]).encode("latin-1")


def _sized(body: bytes, *lines: str) -> bytes:
    return _head(f"Content-Length: {len(body)}", *lines) + body


def _lengths() -> _Cases:
    two = plain("length-twice")
    shut = plain("length-short")
    return {
        "too-large": (
            "A body above the limit",
            _sized(b" " * (BODY_LIMIT + 1)),
            _TOO_MUCH,
        ),
        "far-too-large": (
            "A body ten times above the limit, announced and begun",
            _head(f"Content-Length: {10 * BODY_LIMIT}") + b" " * (4 * BODY_LIMIT + 1),
            _TOO_MUCH,
        ),
        "slow-body": (
            "Half a body, and then nothing",
            _head("Content-Length: 1000") + b"<x>",
            _TOO_MUCH,
        ),
        "length-short": (
            "A length of half the body: the rest would be a request of its own",
            _head(f"Content-Length: {len(shut) // 2}") + shut,
            Spoken((200, 400)),
        ),
        "length-twice": (
            "Two lengths that differ",
            _head(f"Content-Length: {len(two)}", "Content-Length: 0") + two,
            _BAD,
        ),
        "length-negative": ("A negative length", _head("Content-Length: -1"), _BAD),
        "length-words": ("A length in words", _head("Content-Length: ten"), _BAD),
        "length-missing": ("No length, no chunks: no body", _head(), _BROKEN),
    }


def _chunks() -> _Cases:
    letter = plain("smuggled")
    smuggled = _sized(letter)
    both = _head("Transfer-Encoding: chunked", f"Content-Length: {len(smuggled) + 5}")
    return {
        "smuggled-te-cl": (
            "Chunks and a length: a second request hides behind the last chunk",
            both + b"0\r\n\r\n" + smuggled,
            _BAD,
        ),
        "chunked-twice": (
            "Two transfer codings",
            _head("Transfer-Encoding: chunked", "Transfer-Encoding: identity")
            + b"0\r\n\r\n",
            _BAD,
        ),
        "chunked-hidden": (
            "A transfer coding that is misspelt for one of two readers",
            _head("Transfer-Encoding: xchunked") + b"0\r\n\r\n",
            _BAD,
        ),
        "chunk-size": (
            "A chunk with no size",
            _head("Transfer-Encoding: chunked") + b"zz\r\n<x/>\r\n0\r\n\r\n",
            Spoken((200, 400)),
        ),
        "chunk-huge": (
            "A chunk that says to have 2^64 bytes",
            _head("Transfer-Encoding: chunked") + b"FFFFFFFFFFFFFFFF0\r\nx",
            Spoken((200, 400)),
        ),
        "chunks-endless": (
            "Chunks of one byte without end",
            _head("Transfer-Encoding: chunked") + b"1\r\n \r\n" * 100_000,
            _TOO_MUCH,
        ),
    }


def _heads() -> _Cases:
    return {
        "head-slow": (
            "Half a head, and then nothing",
            f"POST {_PATH} HTTP/1.1\r\nHost: hub\r\nX".encode(),
            Spoken((0,)),
        ),
        "head-many": (
            "Ten thousand header fields",
            _head(*(f"X-{n}: 1" for n in range(10_000)), "Content-Length: 0"),
            _BAD,
        ),
        "head-long": (
            "A header field of a megabyte",
            _head("X: " + "x" * 2**20),
            Spoken((400, 0)),
        ),
        "head-folded": ("A folded header field", _head("X: 1\r\n evil: 2"), _BAD),
        "head-nul": ("NUL in a field", _head("X: 1\0"), _BAD),
        "head-blank": ("A blank before the colon", _head("Content-Length : 3"), _BAD),
        "path-long": (
            "A path of a megabyte",
            _head(path="/" + "x" * 2**20),
            Spoken((400, 0)),
        ),
        "path-up": (
            "A path that climbs to another door",
            _sized_at(f"/ecms/1500200042/../{MINISTRY}/ecms-ws01/service2"),
            Spoken((401, 404)),
        ),
        "path-encoded": (
            "The same with encoded slashes",
            _sized_at(f"/ecms/1500200042%2f..%2f{MINISTRY}/ecms-ws01/service2"),
            Spoken((401, 404)),
        ),
        "method-put": ("PUT at a door", _head(method="PUT"), Spoken((405,))),
        "method-connect": (
            "CONNECT to elsewhere",
            _head(method="CONNECT", path="127.0.0.1:19"),
            Spoken((400, 404, 405, 0)),
        ),
        "no-http": ("No HTTP at all", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", _BAD),
    }


def _sized_at(path: str) -> bytes:
    body = plain("path")
    return _head(f"Content-Length: {len(body)}", path=path) + body


def _packed() -> _Cases:
    bomb = gzip.compress(b" " * 50_000_000, mtime=0)
    wrong = plain("content-type")
    return {
        "bomb-gzip": (
            "50 MB packed into 50 KB",
            _sized(bomb, "Content-Encoding: gzip"),
            _TOO_MUCH,
        ),
        "bomb-deflate": (
            "The same by deflate",
            _sized(zlib.compress(b" " * 50_000_000), "Content-Encoding: deflate"),
            _TOO_MUCH,
        ),
        "packed-junk": (
            "Said to be packed, and is not",
            _sized(b"<x/>", "Content-Encoding: gzip"),
            Spoken((200, 400)),
        ),
        "content-type": (
            "A content type of something else: the body counts",
            _sized(wrong, "Content-Type: image/png;; charset=\xff"),
            Carried(),
        ),
    }
