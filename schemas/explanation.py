"""Why a request that libxml2 refused does not follow its schema, in plain words.

Loading `xmlschema` takes a quarter of a second and its verdict a hundred times that of
libxml2, so it is asked only about refused requests, and never sees a file. What it
finds is put into words of our own, which quote nothing but element names.
"""

from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import xmlschema
from lxml import etree
from xmlschema.validators import XsdPatternFacets

from schemas.violation import usual_name

_EXPECTED: Final = 3


def explain(
    root: etree._Element, schema: Path, *, most: int
) -> list[tuple[etree._Element, str]]:
    """Return at most so many reasons, each with its element, inner ones first.

    None where `xmlschema` finds nothing wrong.
    """
    errors = islice(_schema(schema).iter_errors(root), most)
    return [(_place(error, root), _words(error)) for error in errors]


@cache
def _schema(file: Path) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(file), allow="local")


def _place(
    error: xmlschema.XMLSchemaValidationError, root: etree._Element
) -> etree._Element:
    element: etree._Element | None = cast("Any", error.elem)
    return root if element is None else element


def _words(error: xmlschema.XMLSchemaValidationError) -> str:
    if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        return _wrong_child(error)
    if isinstance(error.validator, XsdPatternFacets):
        # A rule of our own: its words stand in the schema, up to the first full stop.
        rule = cast("xmlschema.XsdComponent", error.validator.parent)
        documentation = rule.annotation.documentation if rule.annotation else []
        return " ".join(str(text.text) for text in documentation).split(". ")[0]
    return error.reason or "is not allowed here"


def _wrong_child(error: xmlschema.XMLSchemaChildrenValidationError) -> str:
    """Say which child stands where another should, or what is missing."""
    expected = " or ".join(
        usual_name(element.name or "another")
        for element in list(error.expected or ())[:_EXPECTED]
    )
    if error.invalid_tag is None:
        return f"lacks {expected}"
    found = f"has {usual_name(error.invalid_tag)} at position {error.index + 1}"
    return f"{found}, where {expected or 'nothing more'} belongs"
