"""Markup in pieces of bytes: the one place where what we write is escaped.

Written by hand, since prefixes, their order and the bytes of a signed part are fixed
by old readers (docs/protocol/ecms.md, B3, I2), and in pieces, so that the base64 text
of a large file is copied once, when they are joined.
"""

import re
from typing import Final, TypeAlias

Markup: TypeAlias = list[bytes]
"""Pieces of well-formed UTF-8, to be joined."""

_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT: Final = "\ufffd"
_ESCAPED: Final = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("\r"): "&#13;",
}
_ESCAPED_IN_ATTRIBUTES: Final = {
    **_ESCAPED,
    ord('"'): "&quot;",
    ord("\t"): "&#9;",
    ord("\n"): "&#10;",
}


def element(name: str, *content: Markup, **attributes: str) -> Markup:
    """Write an element under its literal name; one without content is a tag pair."""
    tag = name.encode()
    written = "".join(
        f' {key}="{legal(value).translate(_ESCAPED_IN_ATTRIBUTES)}"'
        for key, value in attributes.items()
    )
    pieces = [b"<%b%b>" % (tag, written.encode())]
    for part in content:
        pieces.extend(part)
    pieces.append(b"</%b>" % tag)
    return pieces


def text(value: str) -> Markup:
    """Write text so that it is read back as it is, but for what XML cannot hold."""
    return [legal(value).translate(_ESCAPED).encode()]


def legal(value: str) -> str:
    """Put U+FFFD where a character stands that no XML 1.0 document may hold."""
    return _ILLEGAL.sub(_REPLACEMENT, value)
