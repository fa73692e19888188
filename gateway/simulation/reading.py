"""An answer as the old clients see it: literal names, in the order they read.

Names are compared letter for letter with the prefix in front, as GetElementsByTagName
and XPath without a namespace manager do (docs/protocol/ecms.md, B3). Readers are
stricter than the clients in one thing: what they read next has to stand behind what
they read before, so that a hub which moves an element is noticed.
"""

from collections.abc import Iterator

from lxml import etree

from gateway.simulation.errors import ClientBroken


class Reading:
    """One walk through an answer."""

    def __init__(self, answer: str) -> None:
        try:
            self.root = etree.fromstring(answer.encode())
        except etree.XMLSyntaxError as error:
            raise ClientBroken(f"the answer is no XML: {error}") from error
        self._elements = [e for e in self.root.iter() if isinstance(e.tag, str)]
        if len(self._elements) != sum(1 for _ in self.root.iter()):
            raise ClientBroken("no client expects comments or instructions")
        self._places = {element: n for n, element in enumerate(self._elements)}
        self._last = -1

    def named(self, name: str) -> list[etree._Element]:
        """Return all elements with a literal name, in document order."""
        return [e for e in self._elements if literal_name(e) == name]

    def response(self, name: str) -> etree._Element:
        """Go on to the element of the answer; the envelope's prefix is free (I2)."""
        body = self.root.find("{*}Body")
        if body is None:
            raise ClientBroken("Body is missing")
        return self.child(body, name)

    def nth(self, name: str, index: int = 0, *, inside: str) -> etree._Element:
        """Go on to the n-th element of a literal name, and look where it stands."""
        found = self.named(name)
        if len(found) <= index:
            raise ClientBroken(f"{name}[{index}] is missing")
        parent = found[index].getparent()
        if parent is None or literal_name(parent) != inside:
            raise ClientBroken(f"{name}[{index}] stands not in {inside}")
        return self._step(found[index])

    def child(self, parent: etree._Element, *path: str) -> etree._Element:
        """Go on to the first child of a literal name, or further down a path."""
        for name in path:
            found = [e for e in parent if literal_name(e) == name]
            if not found:
                raise ClientBroken(f"{name} is missing in {literal_name(parent)}")
            parent = found[0]
        return self._step(parent)

    def each(self, parent: etree._Element, name: str) -> Iterator[etree._Element]:
        """Go on through all children of a literal name, of which there may be none."""
        for found in parent:
            if literal_name(found) == name:
                yield self._step(found)

    def text(self, parent: etree._Element, *path: str) -> str:
        """Go on to a child and return its text."""
        return text_of(self.child(parent, *path))

    def _step(self, element: etree._Element) -> etree._Element:
        place = self._places[element]
        if place < self._last:
            raise ClientBroken(f"{literal_name(element)} stands too early")
        self._last = place
        return element


def literal_name(element: etree._Element) -> str:
    """Return a name as it is written; nothing where a default namespace is at work."""
    tag = etree.QName(element)
    if element.prefix:
        return f"{element.prefix}:{tag.localname}"
    return "" if tag.namespace else tag.localname


def text_of(element: etree._Element) -> str:
    """Return the text of an element that has to be a leaf."""
    if len(element):
        raise ClientBroken(f"{literal_name(element)} has elements inside")
    return element.text or ""


def inner_xml(element: etree._Element) -> str:
    """Return what stands between the tags, escapes as they are on the wire."""
    text = element.text or ""
    raw = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return raw + "".join(etree.tostring(e, encoding="unicode") for e in element)
