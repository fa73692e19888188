"""A terminal that is none, and what would steer a real one."""

import io
import unicodedata

STEERING = ("Cc", "Cf", "Zl", "Zp")
HARMLESS = "\n\t\u200b"


class Terminal(io.StringIO):
    """Says that a person looks at it."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def controls(text: str) -> list[str]:
    """Return the characters that steer a terminal or part a line."""
    return [
        sign
        for sign in text
        if unicodedata.category(sign) in STEERING and sign not in HARMLESS
    ]
