import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.config import load
from gateway.domain.certificates import Vouch
from gateway.domain.organization import RegisteredCertificate
from gateway.vouching.vouching import Vouching, folders_of, marks, read_vouching
from tests.doubles.pki import AT, Authority, Identity, authority, certified, ec_key

ROOT = authority("Root")
LINK = ROOT.vouches_for("Link")
OFFICE = LINK.issue()
DAY = dt.timedelta(days=1)


def registered(identity: Identity) -> RegisteredCertificate:
    return RegisteredCertificate(
        identity.organization,
        identity.der,
        identity.fingerprint,
        identity.not_before,
        identity.not_after,
    )


def serial(of: Identity | Authority) -> int:
    if isinstance(of, Authority):
        return of.certificate.serial_number
    return int(of.organization.text) + 1


class Folders:
    """A folder of authorities and one of lists."""

    def __init__(self, path: Path) -> None:
        self.authorities, self.lists = path / "authorities", path / "lists"
        self.authorities.mkdir()
        self.lists.mkdir()

    def hold(self, *authorities: Authority, **lists: bytes) -> "Folders":
        for number, one in enumerate(authorities):
            (self.authorities / f"{number}.pem").write_bytes(one.pem)
        for name, content in lists.items():
            (self.lists / f"{name}.crl").write_bytes(content)
        return self

    def read(self, at: dt.datetime = AT) -> Vouching:
        return read_vouching(self.authorities, self.lists, at)

    def say(self, office: Identity = OFFICE, at: dt.datetime = AT) -> Vouch:
        return self.read(at).judge(registered(office), at)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_an_authority_vouches(folders: Folders) -> None:
    assert folders.hold(ROOT, LINK).say() == Vouch()


def test_without_authorities_nobody_is_asked() -> None:
    vouching = read_vouching(None, None, AT)

    assert vouching.judge(registered(certified(ec_key("own"))), AT) == Vouch()
    assert vouching.unused == ()


def test_a_list_without_authorities_says_nothing_and_that_is_told(
    folders: Folders,
) -> None:
    folders.hold(a=LINK.revokes(serial(OFFICE)))

    vouching = read_vouching(None, folders.lists, AT)

    assert vouching.judge(registered(OFFICE), AT) == Vouch()
    assert "authorities" in vouching.unused[0].why


def test_a_list_takes_back(folders: Folders) -> None:
    folders.hold(ROOT, LINK, a=LINK.revokes(serial(OFFICE)))

    assert folders.say() == Vouch(taken_back="crl keyCompromise")


def test_a_revoked_authority_takes_all_with_it(folders: Folders) -> None:
    folders.hold(ROOT, LINK, a=ROOT.revokes(serial(LINK)))

    assert folders.say() == Vouch(taken_back="chain keyCompromise")


def test_another_way_to_a_root_saves(folders: Folders) -> None:
    other = authority("Other root")
    cross = other.vouches_for("Link", key=LINK.key)
    folders.hold(ROOT, LINK, other, cross, a=ROOT.revokes(serial(LINK)))

    assert folders.say() == Vouch()


def test_what_was_broken_before_is_not_the_revoked_authoritys(folders: Folders) -> None:
    folders.hold(ROOT, LINK, a=ROOT.revokes(serial(LINK)))

    said = folders.say(ROOT.vouches_for("Missing").issue())

    assert said.taken_back == ""
    assert said.missing


@pytest.mark.parametrize(
    "held",
    [
        pytest.param([ROOT], id="removed"),
        pytest.param([], id="folder-emptied"),
        pytest.param([ROOT, ROOT.vouches_for("Link", not_after=AT - DAY)], id="over"),
        pytest.param([authority("Root", not_after=AT - DAY), LINK], id="root-over"),
    ],
)
def test_a_missing_authority_is_told_and_takes_nothing_back(
    held: list[Authority], folders: Folders
) -> None:
    said = folders.hold(*held).say()

    assert said.taken_back == ""
    assert said.missing


def test_a_folder_that_is_not_there_takes_nothing_back(tmp_path: Path) -> None:
    vouching = read_vouching(tmp_path / "no", tmp_path / "none", AT)

    assert vouching.judge(registered(OFFICE), AT).taken_back == ""
    assert [one.file for one in vouching.unused] == [
        str(tmp_path / "no"),
        str(tmp_path / "none"),
    ]


def test_a_later_certificate_is_judged_as_of_its_beginning(folders: Folders) -> None:
    later = LINK.issue(not_before=AT + 30 * DAY)

    assert folders.hold(ROOT, LINK).say(later) == Vouch()


def test_a_stale_list_is_told(folders: Folders) -> None:
    old = LINK.revokes(this_update=AT - 9 * DAY, next_update=AT - DAY)
    folders.hold(ROOT, LINK, old=old)

    assert [one.file for one in folders.read().stale(AT)] == ["old.crl"]


def test_an_authority_without_a_list_is_named(folders: Folders) -> None:
    folders.hold(ROOT, LINK, a=ROOT.revokes())

    assert folders.read().without_list([registered(OFFICE)]) == [
        LINK.certificate.subject.rfc4514_string()
    ]


class TestMarks:
    def test_nothing_changes_where_nothing_does(self, folders: Folders) -> None:
        folders.hold(ROOT, a=ROOT.revokes())
        both = (folders.authorities, folders.lists)

        assert marks(both) == marks(both)

    def test_a_file_more_is_a_change(self, folders: Folders) -> None:
        before = marks([folders.lists])
        folders.hold(a=ROOT.revokes())

        assert marks([folders.lists]) != before

    def test_another_time_of_change_is_a_change(self, folders: Folders) -> None:
        folders.hold(a=ROOT.revokes())
        before = marks([folders.lists])
        os.utime(folders.lists / "a.crl", ns=(1, 1))

        assert marks([folders.lists]) != before

    def test_a_folder_that_goes_is_a_change(self, folders: Folders) -> None:
        before = marks([folders.lists, None])
        folders.lists.rmdir()

        assert marks([folders.lists, None]) != before


def test_what_cannot_be_read_is_told_and_ends_nothing(folders: Folders) -> None:
    office = registered(OFFICE)
    broken = replace(office, der=office.der[:-9])

    said = folders.hold(ROOT, LINK).read().judge(broken, AT)

    assert said.taken_back == ""
    assert said.missing


def test_folders_are_found_from_the_data_directory(tmp_path: Path) -> None:
    settings = load(tmp_path, authorities=Path("ca"), revocation_lists=Path("/crl"))

    assert folders_of(settings) == (tmp_path / "ca", Path("/crl"))
    assert folders_of(load(tmp_path)) == (None, None)
