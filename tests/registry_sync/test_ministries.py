from registry_sync.ministries import ministries
from registry_sync.snapshot import packaged


def test_every_packaged_office_has_a_ministry_with_a_name() -> None:
    assert {office.code.ministry for office in packaged().offices} <= set(ministries())
    assert ministries()["15"] == "มหาดไทย"


def test_codes_have_two_digits_and_ascend() -> None:
    codes = list(ministries())

    assert codes == sorted(codes)
    assert all(len(code) == 2 and code.isdigit() for code in codes)
