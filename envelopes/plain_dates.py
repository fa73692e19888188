"""Dates as every old client reads them: Gregorian, to the second, no zone (C5)."""

import re
from datetime import date, datetime, timedelta, timezone
from typing import Final

_BUDDHIST_OFFSET: Final = 543
_BUDDHIST: Final = range(2401, 2401 + _BUDDHIST_OFFSET)
"""Years that are no Gregorian ones and can be made such (Q-C7)."""
_BANGKOK: Final = timezone(timedelta(hours=7))
_DAY_LENGTH: Final = len("yyyy-MM-dd")
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d*)?(Z|[+-]\d{2}:\d{2})?"
)


def plain_day(text: str) -> str:
    """Write a date as `yyyy-MM-dd`; what names no day stays as it is.

    What stands behind the first ten characters does not count (Q-J20).
    """
    try:
        year, month, day = (int(part) for part in text[:_DAY_LENGTH].split("-"))
        return date(_gregorian(year), month, day).isoformat()
    except ValueError:
        return text


def plain_moment(text: str) -> str:
    """Write a time as `yyyy-MM-ddTHH:mm:ss` in Bangkok; a bare date stays one (Q-B7).

    What was written with a zone is the same moment in Bangkok; without one it was
    Bangkok's already. What names no time of day is its day.
    """
    day = plain_day(text)
    found = _MOMENT.fullmatch(text)
    if found is None:
        return day
    clock, seconds, zone = found[2], found[3] or ":00", found[4] or ""
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{seconds}{zone}")
        if moment.tzinfo is not None:
            moment = moment.astimezone(_BANGKOK).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return day
    return moment.isoformat(timespec="seconds")


def _gregorian(year: int) -> int:
    return year - _BUDDHIST_OFFSET if year in _BUDDHIST else year
