"""A coverage-guided run over decoder and repair: any bytes, an envelope or an error.

    python tools/fuzz_decoder.py --seconds 1800 --corpus build/fuzz

Starts from the samples of the protocol and what `tests/assets/fuzz/` has kept, and
writes every input that reaches new code into the corpus folder. Needs the extra
`fuzz`. What breaks a promise is written beside the corpus, as `crash-…`; it belongs
into `tests/assets/fuzz/`, where `tests/properties/test_fuzz_corpus.py` replays it.
`--minimise FOLDER` puts the fewest inputs that reach the same code into a folder.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import atheris  # noqa: E402 - the extra is only installed where it is wanted

with atheris.instrument_imports(include=["envelopes", "schemas"]):
    from tests.properties.promises import judged

_MOST_BYTES: Final = 16_384
"""The longest sample has 9,000; a longer input finds nothing more, and is slow."""


def main() -> None:
    """Fuzz for some seconds; ends with an error at the first broken promise."""
    if any(argument.startswith("-merge_inner") for argument in sys.argv):
        # libFuzzer minimises in a second process, with options of its own.
        atheris.Setup(sys.argv, judged)
        atheris.Fuzz()
        return
    arguments = _arguments()
    arguments.corpus.mkdir(parents=True, exist_ok=True)
    seeds = [ROOT / "docs/protocol/samples", ROOT / "tests/assets/fuzz"]
    options = [
        f"-max_total_time={arguments.seconds}",
        f"-max_len={_MOST_BYTES}",
        f"-dict={_words(arguments.corpus)}",
        f"-artifact_prefix={arguments.corpus.parent}/",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    folders = [arguments.corpus, *(seed for seed in seeds if seed.is_dir())]
    if arguments.minimise:
        arguments.minimise.mkdir(parents=True, exist_ok=True)
        options = ["-merge=1", f"-max_len={_MOST_BYTES}"]
        folders = [arguments.minimise, arguments.corpus]
    command = f"{sys.executable} {Path(__file__).resolve()}"
    atheris.Setup([command, *options, *map(str, folders)], judged)
    atheris.Fuzz()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=1_800)
    parser.add_argument("--corpus", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--minimise", type=Path)
    return parser.parse_args()


def _words(corpus: Path) -> Path:
    """Write the words of the protocol down for the fuzzer to play with."""
    from schemas.vocabulary import element_names  # noqa: PLC0415

    words = [
        *(f"<{name}>" for name in sorted(element_names())),
        *(f"</ram:{name}>" for name in sorted(element_names())),
        *("&", "&amp;", "&lt;", "&#x41;", "<", "<!--", "-->", "]]>", "<![CDATA["),
        *("<?", "?>", "<!DOCTYPE", "xmlns:SOAP-ENV", "Signature", " ID='Letter'"),
        *("001", "2552-02-31", "2563-02-29T00:00:00+07:00", "1500200000", "15002"),
    ]
    dictionary = corpus.parent / "words.txt"
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped), "utf-8")
    return dictionary


if __name__ == "__main__":
    main()
