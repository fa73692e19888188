"""What vendors of saraban systems need: WSDL and schemas, open to whoever asks.

They say how to write to the hub and nothing of who takes part: a WSDL is the same for
every well-formed code, whether there is such an organization or not.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from aiohttp import web
from lxml import etree

from gateway.web.addresses import Addresses
from schemas.catalog import Operation

_WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_XSD: Final = "http://www.w3.org/2001/XMLSchema"
_OWN: Final = "urn:th:gov:egif:data:standard:wsdl:ECMS:1.0"
_PREFIXES: Final = {"wsdl": _WSDL, "soap": _SOAP, "xs": _XSD, "tns": _OWN}
_CONTENT_TYPE: Final = "text/xml;charset=UTF-8"


class Vendors:
    """Answers who wants to build a client."""

    __slots__ = ("_addresses",)

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    async def wsdl(self, request: web.Request) -> web.Response:
        """Answer `?wsdl` at a door with the address of that door."""
        code = self._addresses.named(request)
        if code is None:
            raise web.HTTPNotFound
        address = self._addresses.of(request, code)
        return _xml(wsdl(address, self._addresses.schemas(request)))

    async def schema(self, request: web.Request) -> web.Response:
        """Answer with one schema; they refer to each other by relative names."""
        content = schemas().get(request.match_info["name"])
        if content is None:
            raise web.HTTPNotFound
        return _xml(content)

    async def listing(self, _request: web.Request) -> web.Response:
        """Answer with the names of the schemas, one a line."""
        return web.Response(text="\n".join([*schemas(), ""]))


def asks_wsdl(request: web.Request) -> bool:
    """Whether a request is for the WSDL: `?wsdl`, in any case."""
    return any(key.lower() == "wsdl" for key in request.query)


@cache
def schemas() -> dict[str, bytes]:
    """Return every schema by the name of its file."""
    folder = files("schemas") / "xsd"
    found = {file.name: file.read_bytes() for file in folder.iterdir()}
    return {name: found[name] for name in sorted(found) if name.endswith(".xsd")}


def wsdl(address: str, schemas_at: str) -> bytes:
    """Write the WSDL 1.1 of a door: document/literal, SOAP 1.1, no SOAPAction.

    Operations 1 to 6 are one operation here, as they are one element on the wire.
    """
    root = etree.Element(
        f"{{{_WSDL}}}definitions", nsmap=_PREFIXES, targetNamespace=_OWN, name="ECMS"
    )
    schema = _add(_add(root, "wsdl:types"), "xs:schema")
    _add(schema, "xs:import", schemaLocation=f"{schemas_at}/service.xsd")
    for element in [name for pair in _elements() for name in pair]:
        if root.find(f"{{{_WSDL}}}message[@name='{element}']") is None:
            message = _add(root, "wsdl:message", name=element)
            _add(message, "wsdl:part", name="body", element=element)
    port_type = _add(root, "wsdl:portType", name="ECMSPort")
    binding = _add(root, "wsdl:binding", name="ECMSBinding", type="tns:ECMSPort")
    _add(binding, "soap:binding", style="document", transport=_HTTP)
    for asked, answered in _elements():
        _declare(port_type, binding, asked, answered)
    port = _add(
        _add(root, "wsdl:service", name="ECMS"),
        "wsdl:port",
        name="ECMSPort",
        binding="tns:ECMSBinding",
    )
    _add(port, "soap:address", location=address)
    return etree.tostring(
        root, xml_declaration=True, encoding="UTF-8", pretty_print=True
    )


def _declare(
    port_type: etree._Element, binding: etree._Element, asked: str, answered: str
) -> None:
    abstract = _add(port_type, "wsdl:operation", name=asked)
    _add(abstract, "wsdl:input", message=f"tns:{asked}")
    _add(abstract, "wsdl:output", message=f"tns:{answered}")
    concrete = _add(binding, "wsdl:operation", name=asked)
    _add(concrete, "soap:operation", soapAction="", style="document")
    for direction in ("wsdl:input", "wsdl:output"):
        _add(_add(concrete, direction), "soap:body", use="literal")


def _elements() -> Iterator[tuple[str, str]]:
    """Yield each request element once, with its answer's element."""
    pairs = ((o.request_element, o.response_element) for o in Operation)
    return iter(dict.fromkeys(pairs))


def _add(parent: etree._Element, tag: str, /, **attributes: str) -> etree._Element:
    prefix, _, local = tag.partition(":")
    return etree.SubElement(parent, f"{{{_PREFIXES[prefix]}}}{local}", attributes)


def _xml(content: bytes) -> web.Response:
    return web.Response(body=content, headers={"Content-Type": _CONTENT_TYPE})
