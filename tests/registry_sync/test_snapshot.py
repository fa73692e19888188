from registry_sync.snapshot import MINISTRY_OFFICE, packaged


def test_the_packaged_snapshot_is_the_ministry_and_75_provinces() -> None:
    offices = packaged().offices

    assert len(offices) == 76
    assert len({office.code for office in offices}) == 76
    assert offices[0].code == MINISTRY_OFFICE
    assert {office.code.ministry for office in offices} == {"15"}
    assert [o.code for o in offices] == sorted(o.code for o in offices)


def test_an_office_is_found_under_the_digits_of_its_iso_code() -> None:
    by_code = {office.code.text: office for office in packaged().offices}
    chiang_mai = by_code["1500200050"]

    assert chiang_mai.th_name == "สำนักงานจังหวัดเชียงใหม่"
    assert chiang_mai.en_name == "Chiang Mai Provincial Office"
    assert chiang_mai.iso_code == "TH-50"
    assert chiang_mai.abbreviation == "ชม"


def test_bangkok_and_bueng_kan_are_no_provincial_offices_of_that_day() -> None:
    codes = {office.iso_code for office in packaged().offices}

    assert "TH-10" not in codes
    assert "TH-38" not in codes
