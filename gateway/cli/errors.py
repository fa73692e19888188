"""What only the command line says: nothing found, or a report that is not all green.

The first line of a class's docstring is its message in English, `thai` the same in
Thai.
"""

from collections.abc import Sequence
from typing import ClassVar


class CommandError(Exception):
    """The command could not do what was asked."""

    code: ClassVar[str] = "command-failed"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "คำสั่งทำงานไม่สำเร็จ"

    def __init__(self, where: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where


class NoSuchLetter(CommandError):
    """No letter with this number is in the hub's custody."""

    code = "no-such-letter"
    thai = "ไม่พบหนังสือเลขที่นี้ในศูนย์กลาง"


class SeveralReceivers(CommandError):
    """This letter has several receivers; name one of them."""

    code = "several-receivers"
    thai = "หนังสือนี้มีผู้รับหลายราย โปรดระบุรายเดียว"


class SecretStays(CommandError):
    """A secret letter does not leave the hub in a file."""

    code = "secret-stays"
    thai = "หนังสือลับไม่ออกจากศูนย์กลางเป็นแฟ้ม"


class ArchiveDamaged(CommandError):
    """The archive is not as it was: nothing is purged because of it."""

    code = "archive-damaged"
    thai = "ชุดเก็บถาวรไม่ครบหรือถูกแก้ไข จึงไม่ลบสิ่งใด"


class ArchiveUnknown(CommandError):
    """The hub knows no archive with this list of files."""

    code = "archive-unknown"
    thai = "ศูนย์กลางไม่รู้จักชุดเก็บถาวรนี้"


class CertificateUnfit(CommandError):
    """The certificate is not entered."""

    code = "certificate-unfit"
    thai = "ไม่รับใบรับรองนี้"


class NoSuchCertificate(CommandError):
    """The hub has no such certificate of its own, or more than one begins so."""

    code = "no-such-certificate"
    thai = "ศูนย์กลางไม่มีใบรับรองนี้ หรือมีมากกว่าหนึ่งใบที่ขึ้นต้นเช่นนี้"


class HeadUnreadable(CommandError):
    """The file with the head of the journal cannot be read."""

    code = "head-unreadable"
    thai = "อ่านแฟ้มหัวบันทึกไม่ได้"


class NotInOrder(CommandError):
    """Something is not in order; the report on standard output says what."""

    code = "not-in-order"
    thai = "มีสิ่งที่ไม่เรียบร้อย ดูรายงานข้างต้น"

    def __init__(self, causes: Sequence[Exception] = ()) -> None:
        super().__init__()
        self.causes = tuple(causes)
        """What was met; where there is something, it decides the exit code."""
