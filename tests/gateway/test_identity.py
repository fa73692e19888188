from datetime import UTC, datetime, timedelta

from gateway.identity import Identities, SystemClock

MOMENT = datetime(2026, 11, 21, 18, 30, 5, tzinfo=UTC)


class Frozen:
    def __init__(self) -> None:
        self.time = MOMENT

    def now(self) -> datetime:
        return self.time


def test_ids_are_uuid_7_and_carry_the_time() -> None:
    made = Identities(Frozen()).new()

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(MOMENT.timestamp() * 1000)


def test_later_ids_sort_behind_even_where_the_clock_goes_back() -> None:
    clock = Frozen()
    ids = Identities(clock)
    made = [ids.new() for _ in range(2000)]
    clock.time -= timedelta(minutes=1)
    made += [ids.new() for _ in range(2000)]
    clock.time += timedelta(minutes=2)
    made.append(ids.new())

    assert made == sorted(set(made))
    assert all(one.version == 7 for one in made)


def test_ids_sort_behind_those_of_the_process_before_though_the_clock_went_back() -> (
    None
):
    clock = Frozen()
    earlier = [Identities(clock).new() for _ in range(100)]
    clock.time -= timedelta(hours=1)
    ids = Identities(clock, after=max(earlier))

    later = [ids.new() for _ in range(100)]

    assert max(earlier) < later[0]
    assert later == sorted(later)
    assert later[0].int - max(earlier).int < 1 << 33
    assert {made.version for made in later} == {7}


def test_a_wire_number_is_the_time_in_bangkok_and_twelve_digits() -> None:
    ids = Identities(SystemClock())
    numbers = {ids.process_id(MOMENT) for _ in range(100)}

    assert len(numbers) == 100
    assert {number[:14] for number in numbers} == {"20261122013005"}
    assert all(len(number) == 26 and number.isdigit() for number in numbers)


def test_the_system_clock_is_aware() -> None:
    assert SystemClock().now().tzinfo is UTC
