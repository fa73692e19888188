"""Commands about certificates in a hub that asks authorities."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from envelopes.letter import OrganizationCode
from gateway.bootstrap import init, open_hub
from gateway.cli.acting import account
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.act import Act
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization
from tests.doubles.pki import Authority, Identity, authority, certified, ec_key, usage

CODE = "1500200050"
NOW = datetime.now(UTC).replace(microsecond=0)
"""Commands take the time from the system."""
DAY = timedelta(days=1)
LIFE = {"not_before": NOW - 9 * DAY, "not_after": NOW + 900 * DAY}
ROOT = authority("Root", **LIFE)
LINK = ROOT.vouches_for("Link", **LIFE)


@dataclass
class Operator:
    """Somebody at the terminal of a hub."""

    path: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def data(self) -> Path:
        return self.path / "hub"

    def types(self, *command: str) -> tuple[int, str, str]:
        """Run a command; return its exit code and what it said."""
        code = main([*command, "--data", str(self.data)])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def asks(self, *command: str) -> tuple[int, Any]:
        """Run a command with --json; return its exit code and document."""
        code, out, _ = self.types(*command, "--json")
        return code, json.loads(out)

    def certificate(self, *command: str) -> tuple[int, str, str]:
        return self.types("directory", "certificate", *command)

    def file(self, identity: Identity | Authority, name: str = "new.pem") -> str:
        (self.path / name).write_bytes(identity.pem)
        return str(self.path / name)

    def lists(self, content: bytes, name: str = "link.crl") -> None:
        (self.path / "lists" / name).write_bytes(content)

    def check(self) -> dict[str, tuple[bool, str]]:
        """Return what `check` found, by name."""
        _, report = self.asks("check")
        return {line["name"]: (line["ok"], line["found"]) for line in report["checks"]}

    def acts(self) -> Sequence[Act]:
        async def question() -> Sequence[Act]:
            async with open_hub(load(self.data)) as hub:
                code = OrganizationCode(CODE)
                return await hub.store.views.acts(code, limit=9)

        return asyncio.run(question())


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    async def make() -> None:
        await init(load(tmp_path / "hub"), demo=False)
        async with open_hub(load(tmp_path / "hub")) as hub, hub.store.unit() as unit:
            office = Organization(OrganizationCode(CODE), "ชม", "CM", Signed.OWN)
            await unit.directory.add(office, [], hub.work.clock.now())
            await unit.commit()

    asyncio.run(make())
    for folder in ("authorities", "lists"):
        (tmp_path / folder).mkdir()
    for one in (ROOT, LINK):
        (tmp_path / "authorities" / f"{one.name}.pem").write_bytes(one.pem)
    (tmp_path / "hub" / "gateway.toml").write_text(
        f'authorities = "{tmp_path}/authorities"\n'
        f'revocation_lists = "{tmp_path}/lists"\n'
    )
    operator = Operator(tmp_path, capsys)
    operator.lists(fresh())
    return operator


def fresh(*serials: int, by: Authority = LINK, days: int = 9) -> bytes:
    return by.revokes(
        *serials, this_update=NOW - 20 * DAY, next_update=NOW + days * DAY
    )


def issued(key: str = "office", **how: Any) -> Identity:
    return LINK.issue(CODE, key=ec_key(key), **{**LIFE, **how})


def serial(identity: Identity) -> int:
    return x509.load_der_x509_certificate(identity.der).serial_number


def test_one_with_a_chain_is_entered_and_written_down(operator: Operator) -> None:
    office = issued()
    file = operator.file(office)

    code, out, err = operator.certificate(
        *("add", CODE, file, "--by", "สมศรี", "--reason", "ต่ออายุ")
    )

    assert (code, err) == (0, "")
    assert office.fingerprint[:16] in out
    [act] = operator.acts()
    assert (act.what, act.why) == ("directory certificate add", "ต่ออายุ")
    assert (act.who.account, act.who.name) == (account(), "สมศรี")
    assert act.after["purposes"] == "signature"
    assert all(ok for ok, _ in operator.check().values())


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        (certified(ec_key("own"), CODE, **LIFE), "is not in the folder"),
        (authority("Alien", **LIFE).issue(CODE, **LIFE), "is not in the folder"),
        (
            Authority("Link", ec_key("forger"), LINK.certificate).issue(CODE, **LIFE),
            "no chain to an authority",
        ),
        (issued(extensions=[(usage(key_encipherment=True), True)]), "key usage"),
        (issued(not_after=NOW - DAY), "it expired on"),
        (LINK.vouches_for("Below", **LIFE), "an authority's certificate"),
    ],
)
def test_one_that_is_unfit_is_refused(
    unfit: Identity | Authority, why: str, operator: Operator
) -> None:
    code, out, err = operator.certificate("add", CODE, operator.file(unfit))

    assert (code, out) == (1, "")
    assert "The certificate is not entered" in err
    assert why in err
    assert operator.acts() == []


def test_a_new_organization_is_asked_the_same(operator: Operator) -> None:
    file = operator.file(certified(ec_key("own"), "1500200042", **LIFE))

    code, _, err = operator.types(
        *("directory", "add", "1500200042", "--th-name", "เลย", "--en-name", "Loei"),
        *("--certificate", file),
    )

    assert code == 1
    assert "no chain to an authority" in err
    assert operator.types("directory", "show", "1500200042")[0] == 1


def test_one_on_a_list_is_not_entered(operator: Operator) -> None:
    office = issued()
    operator.lists(fresh(serial(office)))

    code, _, err = operator.certificate("add", CODE, operator.file(office))

    assert code == 1
    assert "taken back: crl keyCompromise" in err


def test_a_new_list_is_seen_by_check_and_revoked_by_refresh(
    operator: Operator,
) -> None:
    office = issued()
    operator.certificate("add", CODE, operator.file(office))
    operator.lists(fresh(serial(office)))

    ok, found = operator.check()["authorities"]
    assert not ok
    assert "to be revoked: 1" in found

    code, report = operator.asks("directory", "certificate", "refresh", "--by", "สมศรี")

    assert code == 0
    assert report["revoked"] == [
        {
            "organization": CODE,
            "fingerprint": office.fingerprint,
            "why": "crl keyCompromise",
        }
    ]
    act = next(act for act in operator.acts() if "refresh" in act.what)
    assert (act.who.account, act.who.name) == (account(), "สมศรี")
    assert operator.check()["authorities"][0]
    [listed] = operator.asks("directory", "certificate", "list", CODE)[1]
    assert (listed["standing"], listed["revoked_why"]) == (
        "revoked",
        "crl keyCompromise",
    )


def test_a_stale_list_is_told_and_stops_nobody(operator: Operator) -> None:
    operator.certificate("add", CODE, operator.file(issued()))
    operator.lists(fresh(days=-1))

    ok, found = operator.check()["revocation lists"]
    code, report = operator.asks("directory", "certificate", "refresh")

    assert not ok
    assert "stale, still counts: link.crl" in found
    assert code == 1
    assert report["revoked"] == []
    assert "stale list: link.crl" in report["troubles"][0]


def test_a_missing_list_is_told(operator: Operator) -> None:
    operator.certificate("add", CODE, operator.file(issued()))
    (operator.path / "lists" / "link.crl").unlink()

    ok, found = operator.check()["revocation lists"]

    assert not ok
    assert "no list of: CN=Link" in found


def test_an_authority_that_goes_is_told_and_stops_nobody(operator: Operator) -> None:
    operator.certificate("add", CODE, operator.file(issued()))
    (operator.path / "authorities" / "Link.pem").unlink()

    ok, found = operator.check()["authorities"]
    code, report = operator.asks("directory", "certificate", "refresh")

    assert not ok
    assert f"no chain, still in force: {CODE}" in found
    assert code == 1
    assert report["revoked"] == []
    assert [one["organization"] for one in report["without_authority"]] == [CODE]
    [listed] = operator.asks("directory", "certificate", "list", CODE)[1]
    assert listed["standing"] == "valid"


def test_check_says_which_ends_next(operator: Operator) -> None:
    assert operator.check()["certificates"] == (True, "ยังไม่มีใบรับรอง / there are none")
    file = operator.file(issued(not_after=NOW + 30 * DAY + timedelta(hours=1)))
    operator.certificate("add", CODE, file)

    ok, found = operator.check()["certificates"]

    assert ok
    assert f"next in 30 days: {CODE}" in found


def test_expiring_is_fit_for_programs(operator: Operator) -> None:
    soon = issued(not_after=NOW + 30 * DAY + timedelta(hours=1))
    operator.certificate("add", CODE, operator.file(soon))
    command = ("directory", "certificate", "expiring")

    code, [line] = operator.asks(*command)
    assert code == 1
    assert line == {
        "organization": CODE,
        "fingerprint": soon.fingerprint,
        "purpose": "signature",
        "ends_at": soon.not_after.isoformat(),
        "days": 30,
        "stops": True,
    }
    assert operator.asks(*command, "--days", "29") == (0, [])

    operator.certificate("add", CODE, operator.file(issued("next")))
    code, [line] = operator.asks(*command)
    assert (code, line["stops"]) == (0, False)


def test_the_hubs_own_certificate_is_among_them(operator: Operator) -> None:
    code, [line] = operator.asks("directory", "certificate", "expiring", "--days=3652")

    assert (code, line["organization"], line["stops"]) == (1, None, True)


def test_a_key_that_another_one_has_is_told(operator: Operator) -> None:
    first, second = issued(serial=1), issued(serial=2)
    for one in (first, second):
        assert operator.certificate("add", CODE, operator.file(one))[0] == 0

    code, _, err = operator.certificate(
        *("revoke", CODE, first.fingerprint, "--by", "สมศรี", "--reason", "กุญแจหาย")
    )

    assert code == 0
    assert "Another certificate of the same key is not revoked" in err
    assert second.fingerprint[:16] in err


def two_that_begin_alike() -> tuple[Identity, Identity]:
    """Return two certificates whose fingerprints begin with the same four digits."""
    known: dict[str, Identity] = {}
    for number in count(1):
        one = issued(f"office {number % 2}", serial=number)
        other = known.setdefault(one.fingerprint[:4], one)
        if other is not one:
            return other, one
    raise AssertionError


def test_a_beginning_that_two_have_revokes_neither(operator: Operator) -> None:
    first, second = two_that_begin_alike()
    for one in (first, second):
        assert operator.certificate("add", CODE, operator.file(one))[0] == 0
    why = ("--by", "สมศรี", "--reason", "กุญแจหาย")

    code, _, err = operator.certificate("revoke", CODE, first.fingerprint[:4], *why)

    assert code == 2
    assert "2 of them begin so" in err
    listed = operator.asks("directory", "certificate", "list", CODE)[1]
    assert [one["standing"] for one in listed] == ["valid", "valid"]
    assert operator.certificate("revoke", CODE, second.fingerprint, *why)[0] == 0
