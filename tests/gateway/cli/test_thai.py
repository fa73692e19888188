from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.cli.thai import (
    ago,
    arabic,
    letter_day,
    thai_day,
    thai_hour,
    thai_time,
    within,
)

AT = datetime(2026, 11, 20, 7, 5, tzinfo=UTC)


def test_a_moment_is_told_in_bangkok_and_the_buddhist_era() -> None:
    assert thai_time(AT) == "20 พ.ย. 2569 14:05"
    assert thai_time(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == "1 ม.ค. 2570 00:00"
    assert thai_time(None) == "-"


def test_a_moment_of_the_day_in_question_is_told_by_its_hour() -> None:
    assert thai_hour(AT, date(2026, 11, 20)) == "14:05"
    assert thai_hour(AT, date(2026, 11, 19)) == "20 พ.ย. 2569 14:05"
    assert thai_hour(None, date(2026, 11, 19)) == "-"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2009-06-05", "5 มิ.ย. 2552"),
        ("2552-06-05", "5 มิ.ย. 2552"),
        ("2009-06-05T10:00:00", "5 มิ.ย. 2552"),
        (" ไม่ระบุ ", "ไม่ระบุ"),
        ("2009-02-30", "2009-02-30"),
    ],
)
def test_the_date_of_a_letter_is_told_whichever_era_it_is_in(
    written: str, shown: str
) -> None:
    assert letter_day(written) == shown


def test_every_month_has_its_name() -> None:
    assert [thai_day(date(2026, month, 1)).split()[1] for month in range(1, 13)] == [
        *("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย."),
        *("ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
    ]


def test_thai_digits_become_arabic_ones_and_nothing_else_changes() -> None:
    assert arabic("มท ๐๒๑๐.๓/ว ๑๗๙๕ x9") == "มท 0210.3/ว 1795 x9"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 วินาที"),
        (59, "59 วินาที"),
        (60, "1 นาที"),
        (12 * 60 + 59, "12 นาที"),
        (3600, "1 ชั่วโมง"),
        (86400 * 61, "61 วัน"),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(seconds: int, words: str) -> None:
    assert within(timedelta(seconds=seconds)) == f"ใน {words}"
    assert ago(timedelta(seconds=seconds)) == f"{words}ก่อน"
