"""The protocol's samples, and what stands in them, written down a second time."""

from pathlib import Path

from gateway.simulation.letter import File, Letter, Notifier, Party, Reference

SAMPLES = Path(__file__).parents[2] / "docs" / "protocol" / "samples"


def sample(name: str) -> str:
    """Return a sample by a pattern that its name begins with and no other does."""
    (found,) = SAMPLES.glob(f"{name}*.xml")
    return found.read_bytes().decode()


PDF = (
    "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZy9QYWdlcyAyIDAgUj4+ZW5kb2JqCjIgMCBvYmo8PC"
    "9UeXBlL1BhZ2VzL0tpZHNbMyAwIFJdL0NvdW50IDE+PmVuZG9iagozIDAgb2JqPDwvVHlwZS9QYWdlL1Bh"
    "cmVudCAyIDAgUi9NZWRpYUJveFswIDAgNTk1IDg0Ml0+PmVuZG9iagp0cmFpbGVyPDwvUm9vdCAxIDAgUj"
    "4+CiUlRU9GCg=="
)
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElF"
    "TkSuQmCC"
)
TIS_620 = "y7nRp8rXzbXRx83C6NKnytPLw9G6t7TKzbo="

OWN_A = "http://org-a.ecms.example/ecms-ws01/service2"
OWN_B = "http://org-b.ecms.example/ecms-ws01/service2"

BOI_SENDER = Party(
    given_name="ปรีดา",
    family_name="ใจเย็น",
    job_title="นักวิเคราะห์นโยบายและแผนชำนาญการ",
    ministry="19",
    organization="1999900001",
)
BOI_RECEIVER = Party(
    given_name="สมหญิง",
    family_name="รักงาน",
    job_title="ผู้อำนวยการ",
    ministry="21",
    organization="2199900002",
)
BOI_SIGNER = Party(
    given_name="วรรณา",
    family_name="ตั้งมั่น",
    job_title="ผู้อำนวยการกองกลาง",
    ministry="19",
    organization="1999900001",
)
BOI_NUMBER = "อย 0402/1187"
BOI_SUBJECT = "ขอเชิญประชุมเตรียมความพร้อมการรับส่งหนังสือราชการทางอิเล็กทรอนิกส์"

BOI_LETTER = Letter(
    number=BOI_NUMBER,
    date="2017-03-14",
    subject=BOI_SUBJECT,
    secrecy="001",
    speed="002",
    sender=BOI_SENDER,
    receiver=BOI_RECEIVER,
    references=(Reference("ทด 0207/55", "2017-02-20", "แจ้งกำหนดการทดสอบระบบ"),),
    attachment_text="กำหนดการประชุม จำนวน 1 ฉบับ",
    send_date="2017-03-14T09:30:00",
    description="ส่งผ่านระบบ",
    main=File("application/pdf", PDF),
    attachments=(File("text/plain", TIS_620),),
)

CS_SENDER = Party(
    given_name="ธนา",
    family_name="พูนทรัพย์",
    job_title="นายทหารธุรการ",
    ministry="19",
    organization="1999900001",
)
CS_RECEIVER = Party(
    given_name="อารี",
    family_name="มีสุข",
    job_title="หัวหน้าฝ่ายสารบรรณ",
    ministry="21",
    organization="2199900002",
)
CS_NUMBER = "อย 0402.3/256"
CS_SUBJECT = "แจ้งเวียนแนวทางการเก็บรักษาหนังสืออิเล็กทรอนิกส์"
CS_FIRST = Reference("อย 0402.3/101", "2020-01-09", "เรื่องอ้างถึงลำดับที่หนึ่ง")
CS_SECOND = Reference("อย 0402.3/199", "2020-01-30", "เรื่องอ้างถึงลำดับที่สอง")

CS_LETTER = Letter(
    number=CS_NUMBER,
    date="2020-02-18",
    subject=CS_SUBJECT,
    sender=CS_SENDER,
    receiver=CS_RECEIVER,
    references=(CS_FIRST, CS_SECOND),
    attachment_text="-",
    send_date="2020-02-18T10:11:12",
    description="เพื่อโปรดทราบ",
    main=File("application/pdf", PDF),
    attachments=(File("application/pdf", PDF), File("image/png", PNG)),
)


def boi_notifier(kind: str, **answered: str) -> Notifier:
    return Notifier(
        kind=kind, number=BOI_NUMBER, date="2017-03-14", subject=BOI_SUBJECT, **answered
    )


def cs_notifier(kind: str, **answered: str) -> Notifier:
    return Notifier(
        kind=kind, number=CS_NUMBER, date="2020-02-18", subject=CS_SUBJECT, **answered
    )
