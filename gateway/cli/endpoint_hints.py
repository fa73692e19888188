"""The steps of `gateway check endpoint` by name, and what helps where one fails."""

from dataclasses import dataclass
from typing import Final

STEPS: Final = {
    "record": "ทะเบียนปลายทาง",
    "state": "สถานะการส่ง",
    "name": "หาที่อยู่จากชื่อ",
    "address": "ที่อยู่ที่อนุญาต",
    "tcp": "เชื่อมต่อ",
    "tls": "ใบรับรองของปลายทาง",
    "shown": "สิ่งที่ศูนย์กลางแสดง",
    "answer": "คำตอบ HTTP",
    "protocol": "ระเบียบการรับส่ง",
    "clock": "นาฬิกาต่างกัน",
    "active": "สถานะหน่วยงาน",
    "access": "ช่องทางเข้าถึง",
    "certificate": "ใบรับรองลงลายมือชื่อ",
    "seen": "ติดต่อล่าสุด",
    "dialect": "รุ่นโปรแกรม",
    "backlog": "รอในกล่อง",
    "head": "รายการแรกในกล่อง",
}
"""The name of each step in Thai."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What is likely, and what to do next."""

    thai: str
    english: str
    command: str
    """`{code}` is the organization's, `{host}` and `{port}` are of its address."""


_SET: Final = "gateway directory endpoint set {code} --help"
_SHOW: Final = "gateway directory endpoint show {code}"
_AGAIN: Final = "gateway check endpoint {code}"

HINTS: Final = {
    "record": Hint(
        "ที่อยู่ในทะเบียนผิดรูป หรืออยู่ในเครือข่ายที่ไม่ได้อนุญาต",
        "its address is none, or lies in a network that its record does not name",
        _SET,
    ),
    "name": Hint(
        "ไม่มีชื่อนี้ใน DNS หรือเครื่องนี้ถาม DNS ไม่ได้",
        "the name is in no DNS, or this machine cannot ask one",
        "getent hosts {host}",
    ),
    "address": Hint(
        "ที่อยู่อยู่ในเครือข่ายส่วนตัวที่ทะเบียนไม่ได้ระบุ หรือต้องใช้ https",
        "it lies in a private network that its record does not name, or needs https",
        _SET,
    ),
    "tcp": Hint(
        "เครื่องปลายทางปิดอยู่ หรือไฟร์วอลล์ระหว่างทางกั้นไว้",
        "its machine is off, or a firewall on the way stops the hub",
        "nc -vz {host} {port}",
    ),
    "tls": Hint(
        "หมดอายุ ไม่ตรงชื่อ ผู้ออกไม่อยู่ใน push_authorities หรือปลายทางไม่ใช้ TLS",
        "it has expired, is of another name, of an authority that is not in "
        "push_authorities, or no TLS is spoken there",
        "openssl s_client -connect {host}:{port}",
    ),
    "shown": Hint(
        "แฟ้มใบรับรองหรือรหัสผ่านของศูนย์กลางใช้ไม่ได้",
        "a file of the hub's own, certificate or password, cannot be used",
        _SHOW,
    ),
    "answer": Hint(
        "โปรแกรมปลายทางค้าง หรือต้องการใบรับรองที่ศูนย์กลางไม่มี",
        "its program hangs, or demands a certificate that the hub does not have",
        _AGAIN,
    ),
    "protocol": Hint(
        "ที่อยู่ไม่ใช่ของ e-CMS หรือ webhook หรือปลายทางไม่ให้ศูนย์กลางเข้า",
        "another program answers at this address, or it does not let the hub in",
        _SHOW,
    ),
    "clock": Hint(
        "นาฬิกาของเครื่องใดเครื่องหนึ่งผิด",
        "the clock of one of the two machines is wrong",
        "timedatectl",
    ),
    "state": Hint(
        "ผู้ดูแลสั่งพักไว้ หรือพักเองหลังส่งไม่สำเร็จหลายครั้ง",
        "an operator paused it, or it rests after failures in a row",
        "gateway directory endpoint resume {code}",
    ),
    "active": Hint(
        "หน่วยงานถูกระงับ",
        "the organization is suspended",
        "gateway directory show {code}",
    ),
    "access": Hint(
        "ยังไม่มีช่องทางให้หน่วยงานเข้ามารับหนังสือ",
        "there is no way in, so it cannot fetch its letters",
        "gateway directory access add {code} KIND",
    ),
    "certificate": Hint(
        "ต้องลงลายมือชื่อเอง แต่ไม่มีใบรับรองที่ใช้ได้",
        "it must sign its letters, and has no certificate in force",
        "gateway directory certificate list {code}",
    ),
    "seen": Hint(
        "โปรแกรมของหน่วยงานหยุดดึงหนังสือ หรือเข้าประตูไม่ได้",
        "its program has stopped to poll, or is not let in",
        "gateway directory access list {code}",
    ),
    "head": Hint(
        "โปรแกรมของหน่วยงานอาจติดที่รายการนี้",
        "its program may be stuck at this entry",
        "gateway inbox list {code}",
    ),
}
"""By step. One that has none says all there is to say."""
