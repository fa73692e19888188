from datetime import timedelta

import pytest

from envelopes.trust import Certificate, read_certificate
from gateway.store.store import SqlStore
from tests.doubles.pki import AT, identity

OLD = read_certificate(identity(organization="1500200001").der)
NEW = read_certificate(identity(organization="1500200002").der)
LATER = AT + timedelta(days=30)


async def take(store: SqlStore, certificate: Certificate, *, late: bool) -> None:
    async with store.unit() as unit:
        at = LATER if late else AT
        await unit.hub_certificates.in_use(certificate, at)
        await unit.commit()


async def test_an_older_certificate_is_kept_and_its_time_ends(
    store: SqlStore,
) -> None:
    await take(store, OLD, late=False)
    await take(store, NEW, late=True)

    newest, oldest = await store.hub_certificates()
    assert (newest.fingerprint, newest.in_use_until) == (NEW.fingerprint, None)
    assert (oldest.fingerprint, oldest.in_use_until) == (OLD.fingerprint, LATER)
    assert (oldest.der, oldest.not_after) == (OLD.der, OLD.not_after)
    assert (oldest.in_use_from, newest.in_use_from) == (AT, LATER)


async def test_taking_the_same_again_changes_nothing(store: SqlStore) -> None:
    await take(store, OLD, late=False)
    before = await store.hub_certificates()
    await take(store, OLD, late=True)

    assert await store.hub_certificates() == before


async def test_one_that_comes_back_is_in_use_again(store: SqlStore) -> None:
    await take(store, OLD, late=False)
    await take(store, NEW, late=True)
    await take(store, OLD, late=True)

    ends = {c.fingerprint: c.in_use_until for c in await store.hub_certificates()}
    assert ends == {OLD.fingerprint: None, NEW.fingerprint: LATER}


async def test_one_that_is_known_beforehand_ends_no_other(store: SqlStore) -> None:
    await take(store, OLD, late=False)
    async with store.unit() as unit:
        await unit.hub_certificates.add(NEW, LATER)
        await unit.commit()

    assert [c.in_use_until for c in await store.hub_certificates()] == [None, None]


@pytest.mark.parametrize("certificate", [OLD, NEW])
async def test_one_is_found_by_its_fingerprint(
    store: SqlStore, certificate: Certificate
) -> None:
    await take(store, OLD, late=False)

    async with store.unit() as unit:
        found = await unit.hub_certificates.find(certificate.fingerprint)
    assert (found is not None) is (certificate is OLD)
