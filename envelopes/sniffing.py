"""What kind of file some bytes are, where their sender did not say (Q-C24).

Only the kinds of table D3 that show themselves; the answer is the official MIME code.
"""

import zipfile
from io import BytesIO
from typing import Final

from schemas.codes import mime_codes

UNKNOWN_KIND: Final = "application/octet-stream"

_HEAD: Final = 4_096
_BEGINNINGS: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "gz"),
    (b"Rar!\x1a\x07", "rar"),
)
_ZIP: Final = b"PK\x03\x04"
_IN_ZIP: Final = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"))
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The names of streams in an old Office file are UTF-16.
_IN_OLE: Final = (
    ("WordDocument".encode("utf-16-le"), "doc"),
    ("Workbook".encode("utf-16-le"), "xls"),
    ("PowerPoint Document".encode("utf-16-le"), "ppt"),
)
_NO_TEXT: Final = frozenset(range(32)) - frozenset(b"\t\n\f\r\x1a")


def mime_code_of(content: bytes) -> str:
    """Return the MIME code that a file's content shows, or that of unknown bytes."""
    extension = _extension_of(content)
    return mime_codes()[extension] if extension else UNKNOWN_KIND


def _extension_of(content: bytes) -> str | None:
    for beginning, extension in _BEGINNINGS:
        if content.startswith(beginning):
            return extension
    if content.startswith(_ZIP):
        return _in_zip(content)
    if content.startswith(_OLE):
        return next((kind for name, kind in _IN_OLE if name in content), None)
    # TIS-620 uses nearly every byte from A1 on, so that only control characters tell.
    return None if _NO_TEXT.intersection(content[:_HEAD]) else "txt"


def _in_zip(content: bytes) -> str:
    """Tell new Office files from other archives by what they are made of."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return "zip"
    for folder, extension in _IN_ZIP:
        if any(name.startswith(folder) for name in names):
            return extension
    return "zip"
