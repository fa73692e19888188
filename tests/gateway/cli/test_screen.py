import json

import pytest

from gateway.cli import screen
from gateway.cli.screen import Column

COLUMNS = (Column("เลขที่", "Number"), Column("เรื่อง", "Subject", fold=True))


def test_a_pipe_gets_one_line_per_row_however_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen.show_table(COLUMNS, [("1", "ก" * 500), ("2", "ข")], title="x")

    assert capsys.readouterr().out == f"1\t{'ก' * 500}\n2\tข\n"


def test_facts_in_a_pipe_are_named_in_english(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen.show_facts([(COLUMNS[0], "มท 1/2")])

    assert capsys.readouterr().out == "Number\tมท 1/2\n"


def test_json_is_one_document_in_thai_letters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen.show_json([{"subject": "เรื่อง"}])

    assert '"subject": "เรื่อง"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "[31mred"),
        ("a\tb\nc", "a b c"),
        ("a\u202eb", "a b"),
        ("ที่\u200bอยู่", "ที่\u200bอยู่"),
    ],
)
def test_the_text_of_strangers_does_not_steer_the_terminal(
    text: str, shown: str
) -> None:
    assert screen.printable(text) == shown


def test_json_says_the_same_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = 'ก\x9b\x7f\u202e\u2028\U000e0001\n"ข'
    screen.show_json({"เรื่อง": text})

    said = capsys.readouterr().out
    assert json.loads(said) == {"เรื่อง": text}
    assert "\\u009b\\u007f\\u202e\\u2028\\udb40\\udc01\\n" in said
    assert "เรื่อง" in said


@pytest.mark.parametrize("terminal", [True, False])
def test_a_line_that_is_said_is_one_line_and_steers_nothing(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    terminal: bool,
) -> None:
    """Subjects stand in such lines; U+009B begins a sequence like ESC [ does."""
    monkeypatch.setattr(screen, "is_terminal", lambda: terminal)
    screen.say("  ก\x9b31m\nข\u202e")
    screen.tell("ก\x9b\r\nข")

    said = capsys.readouterr()
    assert said.out == "  ก 31m ข \n"
    assert said.err == "ก   ข\n"
