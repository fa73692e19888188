"""A circular as it comes: one letter, its copies signed anew for each receiver."""

import os
from pathlib import Path

from gateway.simulation.letter import File, Letter
from gateway.simulation.signing import Signer
from tools.bench import letters
from tools.bench.cases import Post

_FILES = 4
_SIZE = 256 * 1024


def prepared(post: Post, copies: int) -> Path:
    """Make a circular's copies, with a MiB of files in each; returns their file."""
    sender = post.senders[0]
    signer = Signer.of_pem(sender.key, sender.certificate)
    files = [
        File("application/pdf", letters.text_of(os.urandom(_SIZE)))
        for _ in range(_FILES)
    ]
    number = f"ทส 01/ว{os.getpid()}"
    file = post.folder / "circular"
    with file.open("wb") as out:
        for copy, receiver in enumerate(post.receivers[:copies]):
            letter = Letter(
                number=number,
                date="2026-07-01",
                subject="วัดความเร็วหนังสือเวียน",
                sender=letters.party(sender.code),
                receiver=letters.party(receiver),
                send_date="2026-07-01T09:00:00",
                main=files[0],
                attachments=tuple(files[1:]),
            )
            out.write(letters.framed(letters.signed(letter, signer, str(copy))))
    return file
