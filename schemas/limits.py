"""Sizes, depths and counts, each with the reason for its value.

They bound what reading an envelope may cost, before anybody knows who sent it. What
old receivers can store (docs/protocol/ecms.md, Q-B13) is a limit of delivery and no
reason to refuse a letter.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything one envelope may have."""

    body: int = 64 * 1024 * 1024
    """Bytes of the whole envelope.

    A letter of 25 MB of files is 34 MB in base64, and 47 MB of files still fit; what
    is larger belongs on other media, since no client streams (Q-A6).
    """
    markup: int = 6_000
    """Occurrences of `<` in the whole, counted before it is parsed.

    Each element and comment needs one or two, and a parsed element takes a hundred
    times the memory of its few bytes, and explaining what is wrong with thousands
    takes long. A signed letter with 200 references and 200 files has 2,200.
    """
    attributes: int = 4_000
    """Occurrences of `=` in the whole, counted likewise.

    Each attribute and namespace declaration needs one; letters have some dozens, a
    base64 text at most two, and a text drawn with them a line or two.
    """
    attribute: int = 4_096
    """Characters of an attribute's value: the longest known MIME code has 73."""
    depth: int = 48
    """Elements inside each other.

    The deepest known letter, with its signature, has 10; extended signatures have
    up to 30; libxml2 itself stops at 256 where texts are small, else at 2,048.
    """
    text: int = 65_536
    """Characters of a text that is no file.

    Subjects have hundreds. A certificate chain in a signature, the longest text that
    honest senders need, stays under 20,000.
    """
    number: int = 250
    """Characters of a letter's or registration's number.

    Numbers stand in indexes, whose entries are bounded (PostgreSQL: 2,704 bytes, and
    a Thai letter has three); offices write twenty.
    """
    references: int = 200
    """Earlier letters that one letter refers to: offices name a handful."""
    attachments: int = 200
    """Files beside the main letter: the receiving desk opens each by hand."""
    violations: int = 10
    """How many violations a refusal names: a person mends them one after another."""
