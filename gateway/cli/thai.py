"""Thai dates, digits and durations, as they stand on screen.

Years are Buddhist (Gregorian + 543), times are those of Bangkok.
"""

from datetime import date, datetime, timedelta
from typing import Final

from gateway.domain.admission import day_of
from gateway.domain.register import BANGKOK

MONTHS: Final = (
    *("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย."),
    *("ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
)
NEVER: Final = "-"

_BUDDHIST_OFFSET: Final = 543
_ARABIC: Final = {ord(digit): str(n) for n, digit in enumerate("๐๑๒๓๔๕๖๗๘๙")}
_UNITS: Final = (
    (timedelta(days=1), "วัน"),
    (timedelta(hours=1), "ชั่วโมง"),
    (timedelta(minutes=1), "นาที"),
    (timedelta(seconds=1), "วินาที"),
)


def arabic(text: str) -> str:
    """Write Thai digits as Arabic ones; all else stays."""
    return text.translate(_ARABIC)


def thai_day(day: date) -> str:
    """Write a day: `20 พ.ย. 2569`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year + _BUDDHIST_OFFSET}"


def thai_time(at: datetime | None) -> str:
    """Write a moment, to the minute: `20 พ.ย. 2569 14:05`; `-` for none."""
    if at is None:
        return NEVER
    there = at.astimezone(BANGKOK)
    return f"{thai_day(there.date())} {there:%H:%M}"


def thai_second(at: datetime) -> str:
    """Write a moment, to the second: `20 พ.ย. 2569 14:05:09`."""
    there = at.astimezone(BANGKOK)
    return f"{thai_day(there.date())} {there:%H:%M:%S}"


def thai_hour(at: datetime | None, day: date) -> str:
    """Write a moment by its hour where it is of this day: `14:05`."""
    if at is None:
        return NEVER
    there = at.astimezone(BANGKOK)
    return f"{there:%H:%M}" if there.date() == day else thai_time(at)


def letter_day(text: str) -> str:
    """Write the date of a letter, which its sender wrote in either era.

    What is no date is shown as it was written.
    """
    try:
        return thai_day(day_of(text))
    except ValueError:
        return text.strip()


def within(duration: timedelta) -> str:
    """Say when something comes: `ใน 12 นาที`."""
    return f"ใน {_rounded(duration)}"


def ago(duration: timedelta) -> str:
    """Say how long ago something was: `12 นาทีก่อน`."""
    return f"{_rounded(duration)}ก่อน"


def _rounded(duration: timedelta) -> str:
    """Say it in the largest unit that fits, cut off, not rounded up."""
    for unit, word in _UNITS:
        if duration >= unit:
            return f"{duration // unit} {word}"
    return f"0 {_UNITS[-1][1]}"
