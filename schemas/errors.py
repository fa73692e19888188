"""Why a value does not follow the standard.

Raised by what reads single values; whoever reads an envelope tells its sender so in
the envelope's own errors.
"""

from typing import ClassVar


class SchemaError(Exception):
    """The value does not follow the standard."""

    code: ClassVar[str] = "not-of-the-standard"
    temporary: ClassVar[bool] = False


class NotBase64(SchemaError):
    """The text is not base64."""

    code = "not-base64"


class NotADay(SchemaError):
    """The text does not name a day of the calendar."""

    code = "not-a-day"


class CodeUnknown(SchemaError):
    """The code does not stand in its list."""

    code = "code-unknown"
