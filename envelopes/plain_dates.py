"""Dates as every old client reads them: Gregorian, to the second, no zone (C5)."""

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_BUDDHIST_OFFSET: Final = 543
_BUDDHIST: Final = range(2401, 2401 + _BUDDHIST_OFFSET)
"""Years that are no Gregorian ones and can be made such (Q-C7)."""
_BANGKOK: Final = timezone(timedelta(hours=7))
_DAY_LENGTH: Final = len("yyyy-MM-dd")
_DAYS: Final = 1_024
"""Days that are remembered: a letter's is asked for a dozen times, and most letters
are of these weeks."""
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d*)?(Z|[+-]\d{2}:\d{2})?"
)


def plain_day(text: str) -> str:
    """Write a date as `yyyy-MM-dd`; what names no day stays as it is.

    What stands behind the first ten characters does not count (Q-J20).
    """
    return _day(text[:_DAY_LENGTH]) or text


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


@lru_cache(_DAYS)
def _day(text: str) -> str:
    """Write a day; empty for what names none."""
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(_gregorian(year), month, day).isoformat()
    except ValueError:
        return ""


def _gregorian(year: int) -> int:
    return year - _BUDDHIST_OFFSET if year in _BUDDHIST else year
