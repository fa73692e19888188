"""xmlsec1's library, asked about envelopes of any size: exit 0 where a signature holds.

The program xmlsec1 of this version has no option to read texts above libxml2's 10 MB;
its library judges what its caller has parsed. Run on its own, since lxml brings
another libxml2 into the process: `python libxmlsec.py ENVELOPE CERTIFICATE`.
"""

import ctypes
import sys
from ctypes import byref, c_char_p, c_void_p

from schemas import names

HOLDS, BROKEN, NOT_ASKED = 0, 1, 2

_HUGE = 1 << 19
_NO_NETWORK = 1 << 11
_PEM_CERTIFICATE = 7
_SUCCEEDED = b"== Status: succeeded"


def main(envelope: str, certificate: str) -> int:
    xml = ctypes.CDLL("libxml2.so.2")
    sec = ctypes.CDLL("libxmlsec1.so.1", mode=ctypes.RTLD_GLOBAL)
    ssl = ctypes.CDLL("libxmlsec1-openssl.so.1", mode=ctypes.RTLD_GLOBAL)
    for function in (
        xml.xmlReadFile,
        xml.xmlDocGetRootElement,
        xml.xmlHasNsProp,
        sec.xmlSecFindNode,
        sec.xmlSecDSigCtxCreate,
        sec.xmlSecKeysMngrCreate,
        ssl.xmlSecOpenSSLAppKeyLoad,
    ):
        function.restype = c_void_p
    started = (
        sec.xmlSecInit() >= 0
        and ssl.xmlSecOpenSSLAppInit(None) >= 0
        and ssl.xmlSecOpenSSLInit() >= 0
    )
    document = xml.xmlReadFile(envelope.encode(), None, _HUGE | _NO_NETWORK)
    if not (started and document):
        return NOT_ASKED
    root = c_void_p(xml.xmlDocGetRootElement(c_void_p(document)))
    letter = sec.xmlSecFindNode(root, b"CorrespondenceLetter", names.RAM.encode())
    signature = sec.xmlSecFindNode(root, b"Signature", names.DSIG.encode())
    name = xml.xmlHasNsProp(c_void_p(letter), names.LETTER_ID_ATTRIBUTE.encode(), None)
    xml.xmlAddID.restype = c_void_p
    named = xml.xmlAddID(
        None, c_void_p(document), names.LETTER_ID.encode(), c_void_p(name)
    )
    keys = c_void_p(sec.xmlSecKeysMngrCreate())
    ssl.xmlSecOpenSSLAppDefaultKeysMngrInit(keys)
    key = ssl.xmlSecOpenSSLAppKeyLoad(
        certificate.encode(), _PEM_CERTIFICATE, None, None, None
    )
    if not (named and key):
        return NOT_ASKED
    ssl.xmlSecOpenSSLAppDefaultKeysMngrAdoptKey(keys, c_void_p(key))
    context = c_void_p(sec.xmlSecDSigCtxCreate(keys))
    if sec.xmlSecDSigCtxVerify(context, c_void_p(signature)) < 0:
        return BROKEN
    return HOLDS if _SUCCEEDED in _said(sec, context) else BROKEN


def _said(sec: ctypes.CDLL, context: c_void_p) -> bytes:
    """Return what the library tells of its verdict; the field itself is its own."""
    c = ctypes.CDLL(None)
    c.open_memstream.restype = c_void_p
    text, size = c_char_p(), ctypes.c_size_t()
    stream = c_void_p(c.open_memstream(byref(text), byref(size)))
    sec.xmlSecDSigCtxDebugDump(context, stream)
    c.fclose(stream)
    return text.value or b""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
