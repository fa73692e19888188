"""What docs/bench.md says beside its numbers."""

DURABLE = """\
## Durable means synced

Read from the hub's own connections; one that is off ends the benchmark.
That it syncs is counted, too: see *A slow disk*.
"""

ACCEPT = """\
## Letters a second

64 connections, each with one letter on its way.
No two letters are alike; they come from eight senders, half of them signing with
P-256 and half with RSA-2048, and go to 75 receivers.
The size is that of the one file in each, random bytes.

- *Accepted*: read, schema-checked, verified with signxml, written down, committed and
  synced, answered with its ProcessID, while letters before it are routed and their
  receipts signed beside it.
- *In the inbox*: from the first letter posted until the last lies in its receiver's
  inbox, through outbox and broker.
- *Receipts signed*: until the hub's signed receipt of custody is kept for each. The
  notary signs after the commit and not before the answer, and looks every second.
- *Processor*: of the hub's processes, for one letter, until all has settled.
- *Ceiling*: what the parts alone would allow on one processor, see below.

On PostgreSQL and RabbitMQ the hub is two processes, a door and a worker; on either
engine the door has letters read by processes of its own (`reading_processes`), which
are counted with it.
"""

LATENCY = """\
## How long one waits

At a steady rate, counted from when a letter was due.
"""

CIRCULAR = """\
## A circular

One letter with 1 MiB of files, signed anew for each receiver.
*Written* is what the hub's processes wrote to disk (`/proc/PID/io`), and how far
PostgreSQL's log came.
"""

MEMORY = """\
## Memory

The peak of the hub's resident memory above what it had idle, all its processes.
"""

SLOW = """\
## A slow disk

4 KiB, 64 connections.
Every fsync and fdatasync of hub and servers takes 2 ms longer than it would
(`slow_sync.c`, which also counts them).
Compared is a run with the same library and no wait.
"""

NO_COMPILER = "Left out: no C compiler on this machine.\n"

BACKLOG = """\
## A province that was away

So many letters wait for one province.
It comes back and empties its inbox as fast as it can, while the other 74 send and
poll at an even pace.
Times are p50/p95/p99 of the others' answers, in milliseconds.
"""

BLOCKS = """\
## The ceiling

The parts a letter needs, alone on one processor: nothing waits, nothing is sent,
nothing is kept twice.
*Commit* is a letter's share of a group of 128 that is synced. Milliseconds.
"""

GENERATOR = """\
The generator posts {per_second:.0f} letters of the smallest size a second to something
that only answers, with {processor_ms:.3f} ms of processor each.
"""

PROFILE = """\
## Where the time goes

Microseconds of the hub's main thread for one letter until its receipt is signed, by
the package they were spent in; one process, under the profiler, which makes calls of
Python dearer than what is written in C.
"""
