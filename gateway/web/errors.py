"""What the door itself says no with. The first line of a docstring is its message."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class DoorError(Exception):
    """The door does not answer this request."""

    code: ClassVar[str] = "not-answered"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "ศูนย์กลางไม่ตอบคำขอนี้"
    status: int = 200
    """Of the answer; where it is another, the connection ends with it."""
    headers: Mapping[str, str] = _NONE

    def __init__(self, where: str = "", *, detail: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where
        self.detail = detail


class AccessDenied(DoorError):
    """This address is not open to the caller."""

    code = "access-denied"
    thai = "ไม่อนุญาตให้ผู้เรียกใช้ที่อยู่นี้"
    status = 403

    def __init__(self, *, detail: str = "", challenge: bool = False) -> None:
        """Take whether the caller is asked to show something: HTTP Basic.

        Old clients send no password before they are asked for one.
        """
        super().__init__(detail=detail)
        if challenge:
            self.status = 401
            self.headers = {"WWW-Authenticate": 'Basic realm="ecms"'}


class TooManyFailures(DoorError):
    """Too many calls from this address were not let in; wait a moment."""

    code = "too-many-failures"
    temporary = True
    thai = "มีการเรียกที่ไม่ได้รับอนุญาตจากที่อยู่นี้มากเกินไป โปรดรอสักครู่"
    status = 429

    def __init__(self, seconds: int) -> None:
        """Take how many seconds to wait."""
        super().__init__()
        self.headers = {"Retry-After": str(seconds)}


class TemporarilyUnavailable(DoorError):
    """The hub cannot do this at the moment; the same request may be sent again."""

    code = "temporarily-unavailable"
    temporary = True
    thai = "ศูนย์กลางยังทำรายการนี้ไม่ได้ชั่วคราว ส่งคำขอเดิมซ้ำได้"


class InternalError(DoorError):
    """The hub made a mistake; its operator finds it under this id."""

    code = "internal-error"
    thai = "ศูนย์กลางทำงานผิดพลาด ผู้ดูแลระบบค้นหาได้ด้วยรหัสนี้"
