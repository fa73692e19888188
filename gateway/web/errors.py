"""What the door itself says no with. The first line of a docstring is its message."""

from typing import ClassVar


class DoorError(Exception):
    """The door does not answer this request."""

    code: ClassVar[str] = "not-answered"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "ศูนย์กลางไม่ตอบคำขอนี้"

    def __init__(self, where: str = "", *, detail: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where
        self.detail = detail


class AccessDenied(DoorError):
    """This address is not open to the caller."""

    code = "access-denied"
    thai = "ไม่อนุญาตให้ผู้เรียกใช้ที่อยู่นี้"


class TemporarilyUnavailable(DoorError):
    """The hub cannot do this at the moment; the same request may be sent again."""

    code = "temporarily-unavailable"
    temporary = True
    thai = "ศูนย์กลางยังทำรายการนี้ไม่ได้ชั่วคราว ส่งคำขอเดิมซ้ำได้"


class InternalError(DoorError):
    """The hub made a mistake; its operator finds it under this id."""

    code = "internal-error"
    thai = "ศูนย์กลางทำงานผิดพลาด ผู้ดูแลระบบค้นหาได้ด้วยรหัสนี้"
