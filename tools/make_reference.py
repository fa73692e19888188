"""Make the documents that follow from tables in the code, or check that they do.

    python tools/make_reference.py [--check]

docs/settings.md, docs/events.md, docs/errors.md, docs/admission.md,
docs/lifecycle.md and the fields in docs/receipts.md. With `--check` nothing is
written and the exit status is 1 where one of them is not current.
"""

import argparse
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pydantic.fields import FieldInfo

from gateway import telemetry
from gateway.config import PREFIX, Settings
from gateway.domain import admission, evidence_fields, lifecycle
from gateway.web.answers import told_as
from gateway.web.error_table import REMEDIES

DOCS = Path(__file__).parent.parent / "docs"
PACKAGES = ("envelopes", "gateway", "queues", "registry_sync", "schemas")
# Scripts, and what is no part of the hub.
_NOT_WALKED = (".__main__.", ".migrations.", ".simulation.")
NOTE = "<!-- Made by tools/make_reference.py from {source}; change it there. -->"


def main() -> int:
    """Write or check all documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [name for name in DOCUMENTS if not _is_current(DOCS / name)]
    for name in stale:
        if check:
            print(f"docs/{name} is not current: make docs", file=sys.stderr)
        else:
            (DOCS / name).write_text(DOCUMENTS[name](), "utf-8")
            print(f"docs/{name} written")
    return 1 if check and stale else 0


def error_classes() -> list[type[Exception]]:
    """Return every error class of the hub, by code and name.

    The simulated clients are no part of it.
    """
    found = {
        kind
        for module in _modules()
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and _is_of_the_hub(kind.__module__)
    }
    return sorted(found, key=lambda kind: (getattr(kind, "code", ""), kind.__name__))


def settings() -> str:
    """Write docs/settings.md."""
    rows = [_setting(name, field) for name, field in Settings.model_fields.items()]
    return _page(
        "Settings",
        "gateway/config.py",
        "Sources, the later ones win: the default, `gateway.toml` in the data "
        "directory, the environment, the command line.",
        "An unknown name in the file or in the environment is an error; "
        "`gateway check` shows what is in force and where it comes from.",
        "",
        *rows,
    )


def _setting(name: str, field: FieldInfo) -> str:
    words = " ".join((field.description or "").split()).replace(". ", ".\n")
    default = "given" if name == "data" else f"`{field.default}`"
    return f"## `{name}`\n\n`{PREFIX}{name.upper()}`, default {default}.\n\n{words}\n"


def events() -> str:
    """Write docs/events.md."""
    rows = [
        (f"`{name}`", event.level, event.when, _codes(event.keys), f"`{event.metric}`")
        for name, event in telemetry.EVENTS.items()
    ]
    return _page(
        "Events",
        "gateway/telemetry.py",
        "What the hub writes to standard error, one line each, and counts.",
        "Lines that belong to a request also carry `organization` (whose door) and "
        "`message_id` (wsa:MessageID, as the caller wrote it).",
        "The counters since the start stand in the answer of `/health/ready`.",
        "",
        _table(("event", "level", "when", "keys", "metric"), rows),
    )


def errors() -> str:
    """Write docs/errors.md."""
    kinds = error_classes()
    told = [kind for kind in kinds if told_as(kind) is kind]
    kept = [kind for kind in kinds if told_as(kind) is not kind]
    return _page(
        "Errors",
        "gateway/web/error_table.py and the error classes",
        "Codes are stable. A peer gets HTTP 200 with an `ErrorDetail`: the code, and a "
        "description in Thai and English with the place it is about.",
        "Who has no access gets the same with HTTP 403.",
        "No text holds a bar, an equals sign, an ampersand or an angle bracket, since "
        "old clients split or break at them.",
        "Whose move: the `sender`'s office, the `vendor` of its system, the `operator` "
        "of the hub, or `nobody`'s, where the same request may be sent again.",
        "",
        "## What a peer may be told",
        "",
        _table(
            ("code", "English", "Thai", "whose move", "remedy"),
            [(f"`{_code(k)}`", _english(k), _thai(k), *_remedy(k)) for k in told],
        ),
        "",
        "## What a peer is not told",
        "",
        "These stay inside: in the log, or on an operator's screen.",
        "Where one of them ends a request, its caller is told the code in the last "
        "column.",
        "",
        _table(
            ("code", "class", "meaning", "whose move", "remedy", "told as"),
            [
                (
                    f"`{_code(k)}`",
                    f"`{k.__name__}`",
                    _english(k),
                    *_remedy(k),
                    f"`{_told_code(k)}`",
                )
                for k in kept
            ],
        ),
    )


def admission_checks() -> str:
    """Write docs/admission.md."""
    texts = [inspect.cleandoc(check.__doc__ or "") for check in admission.CHECKS]
    rows = ["\n   ".join(filter(None, text.splitlines())) for text in texts]
    return _page(
        "Admission",
        "gateway/domain/admission.py",
        "What a letter must fulfil to be taken into custody, in this order; the first "
        "check that fails is the answer.",
        "Before them the envelope is read: size, XML, schema, signature.",
        "After them the number is looked up: the same send again is answered like the "
        "first time, other content under the same number is refused as `number-taken`.",
        "",
        *rows,
    )


def states() -> str:
    """Write docs/lifecycle.md."""
    meanings = [
        (
            f"`{state}`",
            meaning.thai,
            meaning.english,
            f"{meaning.turn.thai} ({meaning.turn})",
            "yes" if meaning.green else "no",
            meaning.next_step,
        )
        for state, meaning in lifecycle.MEANINGS.items()
    ]
    ways = [
        (f"`{state}`", f"`{happening}`", "–" if after is state else f"`{after}`")
        for state, row in lifecycle.TRANSITIONS.items()
        for happening, after in row.items()
    ]
    names = [(f"`{h}`", f"`{event}`") for h, event in lifecycle.ERDS_EVENTS.items()]
    return _page(
        "The life of a consignment",
        "gateway/domain/lifecycle.py",
        "![states and ways between them](lifecycle.svg)",
        "",
        "## States",
        "",
        "The words on screen are also what operation 11 answers as ProcessStatus, and "
        "no others.",
        "",
        _table(
            ("state", "on screen", "meaning", "whose turn", "green", "what comes next"),
            meanings,
        ),
        "",
        "## Ways",
        "",
        "A dash: a fact that leaves the state as it is.",
        "What does not stand here cannot happen.",
        "",
        _table(("in state", "when this happens", "it becomes"), ways),
        "",
        "## Names on evidence",
        "",
        "The event of ETSI EN 319 522-1 that each journal entry corresponds to.",
        "",
        _table(("happening", "ERDS event"), names),
    )


def signed_receipts() -> str:
    """Write the table of fields into docs/receipts.md; its prose stands there."""
    rows = [
        (f"`{name}`", field.form.value, field.meaning)
        for name, field in evidence_fields.FIELDS.items()
    ]
    page = (DOCS / "receipts.md").read_text("utf-8")
    before, _, rest = page.partition("<!-- fields:")
    note, _, rest = rest.partition("-->\n")
    after = rest.partition("<!-- end of fields -->")[2]
    table = _table(("field", "form", "meaning"), rows)
    return f"{before}<!-- fields:{note}-->\n\n{table}\n\n<!-- end of fields -->{after}"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "events.md": events,
    "errors.md": errors,
    "admission.md": admission_checks,
    "lifecycle.md": states,
    "receipts.md": signed_receipts,
}


def _is_current(path: Path) -> bool:
    made = DOCUMENTS[path.name]()
    return path.exists() and path.read_text("utf-8") == made


def _modules() -> Iterator[object]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if _is_of_the_hub(found.name):
                yield importlib.import_module(found.name)


def _is_of_the_hub(module: str) -> bool:
    ours = module.split(".", maxsplit=1)[0] in PACKAGES
    return ours and not any(part in f"{module}." for part in _NOT_WALKED)


def _code(kind: type[Exception]) -> str:
    return str(getattr(kind, "code", ""))


def _english(kind: type[Exception]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def _thai(kind: type[Exception]) -> str:
    return str(getattr(kind, "thai", ""))


def _remedy(kind: type[Exception]) -> tuple[str, str]:
    remedy = REMEDIES[_code(kind)]
    return remedy.move.value, f"{remedy.what}."


def _told_code(kind: type[Exception]) -> str:
    return _code(told_as(kind))


def _codes(words: frozenset[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(title: str, source: str, *lines: str) -> str:
    head = f"# {title}\n\n{NOTE.format(source=source)}\n\n"
    return head + "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
