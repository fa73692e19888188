"""Draw docs/lifecycle.svg from the table in gateway/domain/lifecycle.py.

    python tools/draw_lifecycle.py [--check]

The places are set here by hand, the states and ways come from the table: a way that
is not in the table cannot be drawn, and one that is cannot be left out.
"""

import sys
from collections import defaultdict
from html import escape
from pathlib import Path

from gateway.domain.lifecycle import MEANINGS, TRANSITIONS, State

TARGET = Path(__file__).parent.parent / "docs" / "lifecycle.svg"
WIDTH, HEIGHT = 210, 62
LEVEL = 5
PLACES = {
    State.ACCEPTED: (320, 20),
    State.WAITING: (440, 140),
    State.DELIVERED: (556, 270),
    State.RECEIVED: (440, 560),
    State.REGISTERED: (880, 330),
    State.DISPUTED: (880, 560),
    State.RETURNED: (20, 140),
    State.RETURNED_AS_WRONG: (20, 560),
    State.RECALLED: (20, 400),
    State.FAILED: (880, 60),
}
STYLE = """
text { font-family: Sarabun, Loma, "Noto Sans Thai", sans-serif; font-size: 13px; }
.thai { font-size: 14px; font-weight: bold; }
.way { font-size: 11px; fill: #333; paint-order: stroke; stroke: #fff; }
.way { stroke-width: 4px; }
rect { fill: #f6f4ee; stroke: #444; } rect.green { fill: #dff0df; stroke: #2a7a2a; }
path { fill: none; stroke: #777; marker-end: url(#tip); }
"""

TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
    'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#777" '
    'style="marker-end:none"/></marker></defs>'
)


def ways() -> dict[tuple[State, State], list[str]]:
    """Return what leads from one state to another one."""
    found: dict[tuple[State, State], list[str]] = defaultdict(list)
    for state, moves in TRANSITIONS.items():
        for happening, following in moves.items():
            if following is not state:
                found[state, following].append(happening.value)
    return found


def middle(state: State) -> tuple[float, float]:
    """Return the middle of a state's box."""
    x, y = PLACES[state]
    return x + WIDTH / 2, y + HEIGHT / 2


def edge(state: State, towards: tuple[float, float]) -> tuple[float, float]:
    """Return the point of a box's border in the direction of another point."""
    x, y = middle(state)
    dx, dy = towards[0] - x, towards[1] - y
    scale = min(
        WIDTH / 2 / abs(dx) if dx else 9e9,
        HEIGHT / 2 / abs(dy) if dy else 9e9,
    )
    return x + dx * scale, y + dy * scale


def drawing() -> str:
    """Return the picture."""
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1110 650">',
        f"<style>{STYLE}</style>",
        TIP,
        '<rect width="1110" height="650" style="fill:#fff;stroke:none"/>',
    ]
    for (start, end), names in ways().items():
        lines += way(start, end, names)
    for state, meaning in MEANINGS.items():
        x, y = PLACES[state]
        kind = ' class="green"' if meaning.green else ""
        lines += [
            f'<rect{kind} x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
            f'<text class="thai" x="{x + 10}" y="{y + 24}">{state.value}</text>',
            f'<text x="{x + 10}" y="{y + 46}">{escape(meaning.thai)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def way(start: State, end: State, names: list[str]) -> list[str]:
    """Draw one way; two that run both ways between two states lie apart."""
    shift = 14 if (end, start) in ways() else 0
    x1, y1 = edge(start, middle(end))
    x2, y2 = edge(end, middle(start))
    side = shift if start.value < end.value else -shift
    x1, x2 = x1 + side, x2 + side
    x, y, anchor = x1 + (x2 - x1) * 0.36 + 6, y1 + (y2 - y1) * 0.36, "start"
    if abs(y2 - y1) < LEVEL:
        x, y, anchor = (x1 + x2) / 2, y1 - 6, "middle"
    elif abs(x2 - x1) < LEVEL and not shift:
        x, y, anchor = x1 - 6, y1 + (y2 - y1) * 0.83, "end"
    texts = [
        f'<text class="way" text-anchor="{anchor}" x="{x:.0f}" y="{y + 12 * i:.0f}">'
        f"{escape(name)}</text>"
        for i, name in enumerate(names)
    ]
    return [f'<path d="M{x1:.0f} {y1:.0f} L{x2:.0f} {y2:.0f}"/>', *texts]


def main() -> int:
    """Write the picture, or say whether the one there is right."""
    if missing := set(State) - set(PLACES):
        raise SystemExit(f"no place for {missing}")
    if "--check" in sys.argv:
        right = TARGET.exists() and TARGET.read_text("utf-8") == drawing()
        if not right:
            print("docs/lifecycle.svg is out of date. Try: make docs")
        return 0 if right else 1
    TARGET.write_text(drawing(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
