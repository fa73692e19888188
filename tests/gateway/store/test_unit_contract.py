"""What any store must keep to; SQLite now, another database joins in `opener`."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from envelopes.letter import LetterId, OrganizationCode
from envelopes.parts import take_apart
from gateway.domain.errors import CertificateTaken
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening, State
from gateway.domain.organization import RegisteredCertificate
from gateway.domain.register import Book
from gateway.ports import Ids, Store
from gateway.store.errors import ConcurrentChange, StoreError
from tests.doubles.clock import START
from tests.gateway.store.conftest import Opener
from tests.gateway.store.values import (
    CHIANG_MAI,
    FILE,
    MINISTRY,
    NUMBER,
    a_consignment,
    a_copy,
    a_letter_of,
    a_promise,
    a_receipt,
    a_registration,
    an_entry,
    an_organization,
    keep,
    kept,
)

YEAR = 2569
LATER = START + timedelta(minutes=5)


async def numbers_given(store: Store) -> list[int | None]:
    lines = await store.views.register(CHIANG_MAI, Book.RECEIVED, YEAR)
    return [line.registration.number.serial for line in lines]


async def enter_next(
    store: Store, ids: Ids, number: str, *, fail: bool = False
) -> None:
    """Take the next number for a letter; fail before the commit where that is asked."""
    async with store.unit() as unit:
        consignment = await keep(unit, ids, LetterId(number, "2552-06-05"))
        serial = await unit.registers.next_number(CHIANG_MAI, Book.RECEIVED, YEAR)
        await unit.registers.add(a_registration(ids, consignment.id, serial))
        await unit.promises.add(a_promise(ids, consignment.id))
        # Others may come in between wherever a unit waits.
        await asyncio.sleep(0)
        if fail:
            raise LookupError(number)
        await unit.commit()


async def test_what_is_not_committed_is_undone_and_promises_nothing(
    store: Store, ids: Ids
) -> None:
    async with store.unit() as unit:
        consignment = await keep(unit, ids)
        await unit.promises.add(a_promise(ids, consignment.id))

    async with store.unit() as unit:
        assert (
            await unit.consignments.same_number(MINISTRY, CHIANG_MAI, NUMBER.key)
            is None
        )
        assert await unit.letters.find(MINISTRY, consignment.copy_digest) is None
    assert await store.outbox.due(LATER, limit=10) == []
    assert await store.views.letters(limit=10) == []


async def test_an_error_undoes_the_unit_it_ends(store: Store, ids: Ids) -> None:
    with pytest.raises(LookupError):
        await enter_next(store, ids, "1", fail=True)

    assert await store.views.letters(limit=10) == []


async def test_a_commit_is_there_when_the_store_is_opened_again(
    opener: Opener, ids: Ids
) -> None:
    async with opener() as store, store.unit() as unit:
        await unit.directory.add(an_organization(MINISTRY), (), START)
        await unit.directory.add(an_organization(CHIANG_MAI), (), START)
        consignment = await keep(unit, ids)
        await unit.commit()

    async with opener() as store, store.unit() as unit:
        again = await unit.consignments.get(consignment.id)

    assert again == consignment
    assert again.letter.letter_id == NUMBER


async def test_what_is_not_committed_is_seen_by_nobody_else(
    store: Store, ids: Ids
) -> None:
    async with store.unit() as unit:
        await keep(unit, ids)
        assert await store.views.letters(limit=10) == []
        await unit.commit()

    assert len(await store.views.letters(limit=10)) == 1


async def test_a_unit_sees_what_it_wrote(store: Store, ids: Ids) -> None:
    async with store.unit() as unit:
        consignment = await keep(unit, ids)

        assert await unit.consignments.get(consignment.id) == consignment


async def test_a_promise_waits_for_its_time(store: Store, ids: Ids) -> None:
    consignment = await kept(store, ids)
    promise = a_promise(ids, consignment.id, START + timedelta(seconds=30))
    async with store.unit() as unit:
        await unit.promises.add(promise)
        await unit.commit()

    assert await store.outbox.due(START + timedelta(seconds=29), limit=10) == []
    assert await store.outbox.due(START + timedelta(seconds=30), limit=10) == [promise]


async def test_promises_come_oldest_first_and_no_more_than_asked(
    store: Store, ids: Ids
) -> None:
    consignment = await kept(store, ids)
    promises = [
        a_promise(ids, consignment.id, START + timedelta(seconds=s)) for s in (2, 0, 1)
    ]
    async with store.unit() as unit:
        for promise in promises:
            await unit.promises.add(promise)
        await unit.commit()

    due = await store.outbox.due(LATER, limit=2)

    assert due == [promises[1], promises[2]]


async def test_a_published_promise_comes_again_after_a_minute_until_it_is_kept(
    store: Store, ids: Ids
) -> None:
    consignment = await kept(store, ids)
    promise = a_promise(ids, consignment.id)
    async with store.unit() as unit:
        await unit.promises.add(promise)
        await unit.commit()
    await store.outbox.published([promise.id], START)

    assert await store.outbox.due(START + timedelta(seconds=60), limit=10) == []
    assert await store.outbox.due(START + timedelta(seconds=61), limit=10) == [promise]
    async with store.unit() as unit:
        await unit.promises.keep(promise.id, START)
        await unit.commit()
    assert await store.outbox.due(LATER, limit=10) == []


async def test_a_promise_that_is_never_kept_comes_again_ever_later(
    store: Store, ids: Ids
) -> None:
    """It is set aside each time: the dead queue is not to fill minute by minute."""
    consignment = await kept(store, ids)
    promise = a_promise(ids, consignment.id)
    async with store.unit() as unit:
        await unit.promises.add(promise)
        await unit.commit()
    times = []

    for minute in range(64):
        now = promise.made_at + timedelta(minutes=minute, seconds=1)
        if await store.outbox.due(now, limit=10):
            times.append(minute)
            await store.outbox.published([promise.id], now)

    assert times == [0, 2, 5, 11, 23, 47]


async def test_the_repeat_of_a_kept_promise_is_recognised(
    store: Store, ids: Ids
) -> None:
    consignment = await kept(store, ids)
    promise = a_promise(ids, consignment.id)
    async with store.unit() as unit:
        await unit.promises.add(promise)
        await unit.commit()

    async with store.unit() as unit:
        assert await unit.promises.open(promise.id) == promise
        await unit.promises.keep(promise.id, START)
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.promises.open(promise.id) is None


async def test_a_promise_nobody_made_is_not_open(store: Store, ids: Ids) -> None:
    async with store.unit() as unit:
        assert await unit.promises.open(ids.new()) is None


async def test_of_a_hundred_units_the_failing_ones_alone_are_undone(
    store: Store, ids: Ids
) -> None:
    failing = set(range(0, 100, 7))
    tasks = [
        asyncio.create_task(enter_next(store, ids, str(n), fail=n in failing))
        for n in range(100)
    ]
    cancelled = set(range(3, 100, 10)) - failing
    await asyncio.sleep(0)
    for n in cancelled:
        tasks[n].cancel()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    ended = {n for n, outcome in enumerate(outcomes) if outcome is None}
    assert {n for n in failing if isinstance(outcomes[n], LookupError)} == failing
    assert ended == set(range(100)) - failing - cancelled
    lines = await store.views.letters(limit=200)
    assert {line.letter.letter_id.number for line in lines} == set(map(str, ended))
    assert len(await store.outbox.due(LATER, limit=200)) == len(ended)


async def test_numbers_have_no_gap_and_no_twin_whoever_fails(
    store: Store, ids: Ids
) -> None:
    await asyncio.gather(
        *(enter_next(store, ids, str(n), fail=n % 3 == 0) for n in range(60)),
        return_exceptions=True,
    )

    assert await numbers_given(store) == list(range(1, 41))


async def test_each_book_counts_for_itself(store: Store) -> None:
    async with store.unit() as unit:
        taken = [
            await unit.registers.next_number(code, Book.RECEIVED, year)
            for code, year in (
                (CHIANG_MAI, 2569),
                (CHIANG_MAI, 2570),
                (MINISTRY, 2569),
                (CHIANG_MAI, 2569),
            )
        ]

    assert taken == [1, 1, 1, 2]


async def test_two_processes_take_turns(opener: Opener, store: Store, ids: Ids) -> None:
    """Each gets its numbers while the other gives some too; none is given twice."""
    async with opener() as other:
        for round_ in range(3):
            await asyncio.gather(
                enter_next(store, ids, f"{round_}/a"),
                enter_next(other, ids, f"{round_}/b"),
                enter_next(store, ids, f"{round_}/c"),
            )

        assert await numbers_given(other) == list(range(1, 10))
    assert await numbers_given(store) == list(range(1, 10))


async def test_a_consignment_that_changed_meanwhile_is_not_overwritten(
    store: Store, ids: Ids
) -> None:
    consignment = await kept(store, ids)
    async with store.unit() as unit:
        first = await unit.consignments.get(consignment.id)
        second = await unit.consignments.get(consignment.id)
    for found in (first, second):
        found.record(Happening.ROUTE_CHOSEN, START, actor="hub")
    async with store.unit() as unit:
        await unit.consignments.save(first)
        await unit.commit()

    with pytest.raises(ConcurrentChange) as raised:
        async with store.unit() as unit:
            await unit.consignments.save(second)

    assert raised.value.temporary
    [path] = await store.views.paths(NUMBER.number)
    assert [e.happening for e in path.journal] == [
        Happening.LETTER_ACCEPTED,
        Happening.ROUTE_CHOSEN,
    ]


async def test_a_consignment_may_be_saved_twice_in_a_unit(
    store: Store, ids: Ids
) -> None:
    consignment = await kept(store, ids)
    async with store.unit() as unit:
        found = await unit.consignments.get(consignment.id)
        found.record(Happening.ROUTE_CHOSEN, START, actor="hub")
        await unit.consignments.save(found)
        found.record(Happening.ENTRY_SHOWN, START, actor="hub")
        await unit.consignments.save(found)
        await unit.commit()

    async with store.unit() as unit:
        assert (await unit.consignments.get(consignment.id)).entries == 3


async def test_the_same_number_twice_is_a_change_meanwhile(
    store: Store, ids: Ids
) -> None:
    """Two sends of one letter at the same time: the later one finds the earlier."""
    await kept(store, ids)

    with pytest.raises(ConcurrentChange) as raised:
        await kept(store, ids)

    assert raised.value.temporary
    assert "1795" not in f"{raised.value} {raised.value.detail}"


async def test_after_a_failed_statement_a_unit_takes_no_other(
    store: Store, ids: Ids
) -> None:
    """What follows could otherwise be durable although the unit is undone."""
    consignment = await kept(store, ids)
    async with store.unit() as unit:

        async def keep_again() -> None:
            await keep(unit, ids)
            # At the latest with this one, what was added is written.
            await unit.consignments.get(consignment.id)

        with pytest.raises(ConcurrentChange):
            await keep_again()
        with pytest.raises(StoreError):
            await unit.consignments.get(consignment.id)
        with pytest.raises(ConcurrentChange):
            await unit.commit()


async def test_a_unit_is_good_for_nothing_outside_its_context(
    store: Store, ids: Ids
) -> None:
    consignment = await kept(store, ids)
    async with store.unit() as unit:
        await unit.commit()
        with pytest.raises(StoreError):
            await unit.consignments.get(consignment.id)
        with pytest.raises(StoreError):
            await unit.commit()
    with pytest.raises(StoreError):
        await unit.consignments.get(consignment.id)


async def test_what_is_kept_twice_in_the_vault_is_there_once(store: Store) -> None:
    parts = take_apart(b"<a>" + FILE + b"</a>", {})
    for _ in range(2):
        async with store.unit() as unit:
            await unit.vault.keep(parts, secret_of=None)
            await unit.commit()

    async with store.unit() as unit:
        assert await unit.vault.read(parts.digest) == b"<a>" + FILE + b"</a>"


async def test_an_inbox_is_read_in_order_and_entries_leave_when_taken(
    store: Store, ids: Ids
) -> None:
    first, second = [
        await kept(store, ids, LetterId(number, "2552-06-05")) for number in "12"
    ]
    entries = [an_entry(ids, first.id), an_entry(ids, second.id)]
    async with store.unit() as unit:
        for entry in entries:
            await unit.inboxes.add(entry)
        await unit.commit()

    async with store.unit() as unit:
        head = await unit.inboxes.head(CHIANG_MAI)
        assert head == entries[0]
        assert await unit.inboxes.find(MINISTRY, head.process_id) is None
        assert await unit.inboxes.carrying(second.id) == entries[1]
        head.show(START)
        head.take(START)
        await unit.inboxes.save(head)
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.inboxes.head(CHIANG_MAI) == entries[1]
        assert await unit.inboxes.find(CHIANG_MAI, head.process_id) == head


async def some_entries(
    store: Store, ids: Ids, number: int, *, first: int = 0
) -> list[InboxEntry]:
    """Put letters into an inbox, and return their entries in order."""
    entries = []
    for n in range(first, first + number):
        consignment = await kept(store, ids, LetterId(str(n), "2552-06-05"))
        entries.append(an_entry(ids, consignment.id))
    async with store.unit() as unit:
        for entry in entries:
            await unit.inboxes.add(entry)
        await unit.commit()
    return entries


async def save(store: Store, *entries: InboxEntry) -> None:
    async with store.unit() as unit:
        for entry in entries:
            assert await unit.inboxes.find(entry.organization, entry.process_id)
            await unit.inboxes.save(entry)
        await unit.commit()


async def queue_of(store: Store) -> list[InboxEntry]:
    """Read an inbox head by head, as both sides of the store tell it; take nothing."""
    listed = [line.entry for line in await store.views.inbox(CHIANG_MAI)]
    head = await store.views.head(CHIANG_MAI)
    async with store.unit() as unit:
        assert await unit.inboxes.head(CHIANG_MAI) == (head.entry if head else None)
    assert listed[:1] == ([head.entry] if head else [])
    return listed


async def test_an_entry_set_behind_stands_behind_the_others(
    store: Store, ids: Ids
) -> None:
    first, second = await some_entries(store, ids, 2)
    first.show(START)
    first.lose_patience(ids.new(), START)
    await save(store, first)

    assert await queue_of(store) == [second, first]
    [third] = await some_entries(store, ids, 1, first=2)
    assert await queue_of(store) == [second, first, third]


async def test_parked_entries_wait_beside_the_queue_longest_first(
    store: Store, ids: Ids
) -> None:
    first, second, third = await some_entries(store, ids, 3)
    for entry, minutes in ((first, 2), (second, 1)):
        entry.set_behind_at = START
        entry.parked_at = START + timedelta(minutes=minutes)
    await save(store, first, second)

    assert await queue_of(store) == [third]
    async with store.unit() as unit:
        parked = unit.asides.parked
        assert await parked(CHIANG_MAI) == [second, first]
        assert await parked(None) == [second, first]
        assert await parked(MINISTRY) == []
        before = START + timedelta(minutes=2)
        assert await parked(None, before=before) == [second]
        assert await parked(CHIANG_MAI, before=before) == [second]
        assert await unit.asides.held(CHIANG_MAI) == []
    assert [line.entry for line in await store.views.aside(None)] == [first, second]
    assert await store.views.aside(MINISTRY) == []

    assert first.come_back(ids.new())
    await save(store, first)
    assert await queue_of(store) == [third, first]


async def test_held_entries_come_back_to_their_places(store: Store, ids: Ids) -> None:
    first, second, third = await some_entries(store, ids, 3)
    for entry in (second, first):
        entry.hold(START)
    await save(store, second, first)

    assert await queue_of(store) == [third]
    async with store.unit() as unit:
        assert await unit.asides.held(CHIANG_MAI) == [first, second]
        assert await unit.asides.held(MINISTRY) == []
        assert await unit.asides.parked(None) == []
    own = await store.views.aside(CHIANG_MAI)
    assert [line.entry for line in own] == [first, second]

    second.release()
    first.release()
    await save(store, second, first)
    assert await queue_of(store) == [first, second, third]


async def test_an_entry_asked_for_again_is_in_its_place_again(
    store: Store, ids: Ids
) -> None:
    first, second = await some_entries(store, ids, 2)
    first.show(START)
    first.take(START)
    await save(store, first)
    assert await queue_of(store) == [second]

    assert first.ask_again()
    await save(store, first)

    assert await queue_of(store) == [first, second]


async def test_the_entry_of_a_notifier_is_found_by_its_receipt(
    store: Store, ids: Ids
) -> None:
    consignment = await kept(store, ids)
    letter = an_entry(ids, consignment.id)
    receipt = a_receipt(ids, consignment.id)
    notifier = replace(
        an_entry(ids, consignment.id),
        organization=MINISTRY,
        carries=Carries.NOTIFIER,
        receipt=receipt.id,
    )
    async with store.unit() as unit:
        await unit.receipts.add(receipt)
        await unit.inboxes.add(notifier)
        await unit.inboxes.add(letter)
        await unit.commit()

    async with store.unit() as unit:
        carrying = unit.inboxes.carrying
        assert await carrying(consignment.id) == letter
        assert await carrying(consignment.id, receipt.id) == notifier
        assert await carrying(consignment.id, ids.new()) is None
        assert await carrying(ids.new(), receipt.id) is None
    [path] = await store.views.paths(NUMBER.number)
    assert path.entry == letter
    assert list(path.notifier_entries) == [notifier]


async def test_a_copy_is_kept_for_its_dialect(store: Store, ids: Ids) -> None:
    consignment = await kept(store, ids)
    copy = a_copy(consignment.id)
    none_needed = replace(copy, dialect="csharp", delivery=None)
    async with store.unit() as unit:
        await unit.copies.add(copy, secret=False)
        await unit.copies.add(none_needed, secret=False)
        await unit.commit()

    async with store.unit() as unit:
        assert await unit.copies.find(consignment.id, "boi") == copy
        assert await unit.copies.find(consignment.id, "csharp") == none_needed
        assert await unit.copies.find(consignment.id, "java") is None
        assert await unit.copies.find(ids.new(), "boi") is None


async def test_a_second_copy_for_a_dialect_is_a_change_meanwhile(
    store: Store, ids: Ids
) -> None:
    """Two polls fit a letter at the same time: the later one finds the earlier's."""
    consignment = await kept(store, ids)

    async with store.unit() as unit:
        await unit.copies.add(a_copy(consignment.id), secret=False)
        with pytest.raises(ConcurrentChange):
            await unit.copies.add(a_copy(consignment.id), secret=False)


async def test_a_freed_number_may_be_sent_again(store: Store, ids: Ids) -> None:
    consignment = await kept(store, ids)
    consignment.fresh.clear()
    consignment.record(Happening.SENDER_RECALLED, LATER, actor=MINISTRY.text)
    consignment.freed_at = LATER
    async with store.unit() as unit:
        await unit.consignments.save(consignment)
        await unit.commit()

    async with store.unit() as unit:
        found = await unit.consignments.get(consignment.id)
        same = unit.consignments.same_number
        assert await same(MINISTRY, CHIANG_MAI, NUMBER.key) is None
    assert found.freed_at == LATER
    again = await kept(store, ids)
    async with store.unit() as unit:
        same = unit.consignments.same_number
        assert await same(MINISTRY, CHIANG_MAI, NUMBER.key) == again
        sent = await unit.consignments.sent_by(MINISTRY, "2009-06-05")
    assert [c.id for c in sent] == [consignment.id, again.id]


async def test_a_sender_is_told_of_its_newest_consignments(
    store: Store, ids: Ids
) -> None:
    sent = [
        await kept(
            store, ids, LetterId(f"{n}", "2552-06-05"), START + timedelta(seconds=n)
        )
        for n in (2, 1, 3)
    ]

    lines = await store.views.outbound(MINISTRY, limit=2)

    assert [(line.process_id, line.number, line.state) for line in lines] == [
        (sent[2].process_id, "3", State.ACCEPTED),
        (sent[0].process_id, "2", State.ACCEPTED),
    ]
    assert await store.views.outbound(CHIANG_MAI, limit=2) == []


async def test_what_was_learnt_of_an_endpoint_is_kept_and_known_at_once(
    store: Store,
) -> None:
    before = await store.organization(CHIANG_MAI)
    assert before is not None
    learnt = replace(
        before,
        dialect="boi",
        dialect_by_hand=True,
        never_deletes=True,
        deleted_at=LATER,
    )

    async with store.unit() as unit:
        await unit.directory.note_endpoint(learnt)
    assert await store.organization(CHIANG_MAI) == before
    async with store.unit() as unit:
        await unit.directory.note_endpoint(learnt)
        assert await unit.directory.find(CHIANG_MAI) == learnt
        await unit.commit()

    assert await store.organization(CHIANG_MAI) == learnt
    assert learnt in [line.organization for line in await store.views.endpoints()]


async def test_nothing_is_learnt_of_who_is_not_there(store: Store) -> None:
    async with store.unit() as unit:
        with pytest.raises(StoreError):
            await unit.directory.note_endpoint(
                an_organization(OrganizationCode("1999999999"))
            )


async def test_a_certificate_speaks_for_one_organization(store: Store) -> None:
    other = OrganizationCode("1500200042")
    certificate = RegisteredCertificate(MINISTRY, b"DER", "f" * 64, START, LATER)
    async with store.unit() as unit:
        first = an_organization(OrganizationCode("1500200001"))
        await unit.directory.add(first, [certificate], START)
        await unit.commit()

    async with store.unit() as unit:
        with pytest.raises(CertificateTaken) as raised:
            await unit.directory.add(an_organization(other), [certificate], START)

    assert raised.value.where == MINISTRY.text
    assert not raised.value.temporary
    assert await store.organization(other) is None


async def test_a_number_is_found_in_any_form_and_era(store: Store, ids: Ids) -> None:
    consignment = await kept(store, ids, LetterId("มท ๐๒๑๐.๓/ว ๑๗๙๕", "2552-06-05"))
    typed = LetterId("มท0210.3/ว1795", "2009-06-05T00:00:00").key

    async with store.unit() as unit:
        found = await unit.consignments.same_number(MINISTRY, CHIANG_MAI, typed)
        received = await unit.consignments.received_by(CHIANG_MAI, "2009-06-05")
        sent = await unit.consignments.sent_by(MINISTRY, "2009-06-05")
        other_day = await unit.consignments.sent_by(MINISTRY, "2009-06-06")

    assert found == consignment
    assert list(received) == list(sent) == [consignment]
    assert list(other_day) == []


async def test_copies_of_a_circular_are_one_letter(store: Store, ids: Ids) -> None:
    async with store.unit() as unit:
        consignment = await keep(unit, ids)
        found = await unit.letters.find(MINISTRY, consignment.letter.content_digest)
        elsewhere = await unit.letters.find(CHIANG_MAI, consignment.copy_digest)

    assert found == consignment.letter
    assert elsewhere is None


async def test_what_must_be_there_and_is_not_is_an_error(
    store: Store, ids: Ids
) -> None:
    async with store.unit() as unit:
        with pytest.raises(StoreError):
            await unit.consignments.get(ids.new())
        with pytest.raises(StoreError):
            await unit.receipts.get(ids.new())
        with pytest.raises(StoreError):
            await unit.inboxes.save(an_entry(ids, ids.new()))
        with pytest.raises(StoreError):
            await unit.promises.keep(ids.new(), START)


async def test_a_consignment_of_no_letter_is_refused_for_good(
    store: Store, ids: Ids
) -> None:
    orphan = a_consignment(ids, a_letter_of(ids))

    async def adds() -> None:
        async with store.unit() as unit:
            await unit.consignments.add(orphan)
            await unit.commit()

    with pytest.raises(StoreError) as raised:
        await adds()

    assert not raised.value.temporary


async def test_a_state_is_kept_with_its_journal(store: Store, ids: Ids) -> None:
    consignment = await kept(store, ids)
    async with store.unit() as unit:
        found = await unit.consignments.get(consignment.id)
        found.record(
            Happening.ROUTE_CHOSEN, START, actor="hub", facts={"entry": "ก", "b": "2"}
        )
        await unit.consignments.save(found)
        await unit.commit()

    [path] = await store.views.paths(NUMBER.number)

    assert path.consignment.state is State.WAITING
    assert path.journal[1].facts == {"b": "2", "entry": "ก"}
    assert [entry.number for entry in path.journal] == [1, 2]
