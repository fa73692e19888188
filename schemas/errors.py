"""Why a value does not follow the standard."""


class SchemaError(Exception):
    """The value does not follow the standard."""


class NotBase64(SchemaError):
    """The text is not base64."""


class NotADay(SchemaError):
    """The text does not name a day of the calendar."""


class CodeUnknown(SchemaError):
    """The code does not stand in its list."""
