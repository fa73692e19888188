import io
import json
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from envelopes.letter import OrganizationCode
from gateway import telemetry
from gateway.telemetry import EVENTS, emit


@pytest.fixture(autouse=True)
def _unconfigured_afterwards() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def written(form: telemetry.Format, **keys: object) -> str:
    stream = io.StringIO()
    telemetry.configure(form, stream=stream)
    emit("letter repeated", **keys)
    return stream.getvalue()


def test_an_event_is_one_json_object_per_line() -> None:
    line = json.loads(written("json", organization=OrganizationCode("1500200050")))

    assert line["event"] == "letter repeated"
    assert line["level"] == "info"
    assert line["organization"] == "1500200050"
    assert line["timestamp"].endswith("Z")


def test_what_is_no_terminal_gets_json() -> None:
    assert json.loads(written("auto"))["event"] == "letter repeated"


def test_text_is_for_people() -> None:
    assert "letter repeated" in written("text")
    assert not written("text").startswith("{")


def test_context_stands_in_each_line_inside() -> None:
    stream = io.StringIO()
    telemetry.configure("json", stream=stream)

    with telemetry.context(message_id="mid://1"):
        emit("letter repeated")
    emit("letter repeated")

    inside, outside = map(json.loads, stream.getvalue().splitlines())
    assert inside["message_id"] == "mid://1"
    assert "message_id" not in outside


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_shows_no_values(form: telemetry.Format) -> None:
    stream = io.StringIO()
    telemetry.configure(form, stream=stream)

    def fail(subject: str) -> None:
        raise RuntimeError(subject)

    try:
        fail("เรื่อง" + "ลับ")
    except RuntimeError as error:
        emit("request failed", error=error, id="1")

    said = stream.getvalue()
    assert "RuntimeError" in said
    assert "raise RuntimeError(subject)" in said
    assert "เรื่องลับ" not in said
    assert "\\u0e40" not in said


def test_debug_events_are_left_out_unless_asked_for() -> None:
    stream = io.StringIO()
    telemetry.configure("json", stream=stream)
    emit("promise published")
    assert stream.getvalue() == ""

    telemetry.configure("json", "debug", stream=stream)
    emit("promise published")
    assert "promise published" in stream.getvalue()


def test_events_are_captured_by_tests() -> None:
    with capture_logs() as lines:
        emit("entry taken", organization="1500200050")

    assert lines == [
        {"event": "entry taken", "organization": "1500200050", "log_level": "info"}
    ]


@pytest.mark.parametrize(
    ("event", "keys"), [("letter lost", {}), ("entry taken", {"subject": "x"})]
)
def test_what_is_not_in_the_table_is_refused(event: str, keys: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not in the table"):
        emit(event, **keys)


def test_events_are_counted_without_being_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = telemetry.counts()["letters_repeated_total"]

    emit("letter repeated")

    assert telemetry.counts()["letters_repeated_total"] == before + 1
    assert capsys.readouterr() == ("", "")


def test_each_event_has_a_metric_of_its_own() -> None:
    assert len({event.metric for event in EVENTS.values()}) == len(EVENTS)
