"""The limited child: what it may not do, and that it does not take its parent along."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.errors import PayloadChanged, SourceRejected
from monitor.sources.feed import ParseJob
from monitor.sources.feed_parser import FeedParser
from tests.data import ROOT
from tests.simulators.feed_server import FeedServer, status

GOOD = ParseJob(body=b"<rss version='2.0'><channel><item><title>good</title></item></channel></rss>", headers={})
# feedparser issue 562: its pattern for authors is quadratic; this takes half a minute.
SLOW = ParseJob(
    body=b"<rss version='2.0'><channel><item><author>%s</author></item></channel></rss>" % (b"a" * 100_000),
    headers={},
    cpu_seconds=1,
)


@pytest.fixture
def parser() -> Iterator[FeedParser]:
    parser = FeedParser(children=1)
    yield parser
    parser.close()


def child_of(parser: FeedParser) -> int:
    """Return the process id of the only child."""
    (child,) = parser.children.living
    return child.process.pid


def test_a_child_is_used_again(parser: FeedParser) -> None:
    parser.parse("rss", GOOD)
    first = child_of(parser)

    feed = parser.parse("rss", GOOD)

    assert feed.entries[0].title == "good"
    assert child_of(parser) == first


def test_a_child_is_replaced_after_its_feeds() -> None:
    parser = FeedParser(children=1, feeds_per_child=2)

    children = {(parser.parse("rss", GOOD), child_of(parser))[1] for _ in range(5)}
    alive = [pid for pid in children if Path(f"/proc/{pid}").exists()]
    parser.close()

    assert len(children) == 3
    assert len(alive) == 1


def test_no_feed_and_a_dangerous_one_are_told_apart(parser: FeedParser) -> None:
    with pytest.raises(PayloadChanged, match="web page"):
        parser.parse("rss", ParseJob(body=b"<html></html>", headers={}))
    with pytest.raises(SourceRejected, match="document type"):
        parser.parse("rss", ParseJob(body=b"<!DOCTYPE a [<!ENTITY b 'c'>]><rss/>", headers={}))

    assert parser.parse("rss", GOOD).count == 1


def test_a_feed_that_burns_processor_time_ends_its_child_only() -> None:
    parser = FeedParser(seconds=60)

    with pytest.raises(PayloadChanged, match="too much processor time"):
        parser.parse("rss", SLOW)

    assert parser.parse("rss", GOOD).count == 1
    parser.close()


def test_the_processor_time_is_counted_per_feed(parser: FeedParser) -> None:
    """A child that has used its seconds over many feeds is not ended for it."""
    busy = ParseJob(body=SLOW.body.replace(b"a" * 100_000, b"a" * 9_000), headers={}, cpu_seconds=1)
    parser.parse("rss", busy)
    first = child_of(parser)

    for _ in range(4):
        parser.parse("rss", busy)

    assert child_of(parser) == first


def test_a_feed_that_swallows_memory_is_refused_and_the_parent_stays_small(parser: FeedParser) -> None:
    # Half a million attributes on one element: ten bytes each here, some hundred each in expat and in Python.
    attributes = b" ".join(b"a%x=''" % n for n in range(480_000))
    hungry = b"<rss version='2.0'><channel><item %s/></channel></rss>" % attributes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(PayloadChanged):
        parser.parse("rss", ParseJob(body=hungry, headers={}, cpu_seconds=20))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert parser.parse("rss", GOOD).count == 1


def test_a_child_that_hangs_is_killed() -> None:
    parser = FeedParser(children=1, seconds=1.5)
    parser.parse("rss", GOOD)
    hanging = child_of(parser)
    os.kill(hanging, signal.SIGSTOP)

    with pytest.raises(PayloadChanged, match=r"more than 1\.5 s"):
        parser.parse("rss", GOOD)

    assert not Path(f"/proc/{hanging}").exists()
    parser.close()


def test_a_child_that_was_killed_is_replaced_unnoticed(parser: FeedParser) -> None:
    parser.parse("rss", GOOD)
    (child,) = parser.children.living
    child.process.kill()
    child.process.wait()

    assert parser.parse("rss", GOOD).count == 1


def test_threads_share_two_children() -> None:
    parser = FeedParser()
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(parser.parse("rss", GOOD).count)) for _ in range(20)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == [1] * 20
    assert len(parser.children.living) <= 2
    parser.close()


@pytest.mark.parametrize(
    "markup",
    [
        '<?xml-stylesheet href="{url}"?><rss xml:base="{url}"><channel><link>{url}</link></channel></rss>',
        '<!DOCTYPE rss SYSTEM "{url}"><rss version="2.0"><channel><item><title>t</title></item></channel></rss>',
        '<rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{url}"/></rss>',
        "{url}",
        "file:///etc/passwd",
        "/etc/passwd",
    ],
)
def test_nothing_in_a_feed_makes_the_child_ask(markup: str, parser: FeedParser) -> None:
    with FeedServer() as canary:
        canary.serve_everything(status(200, b"<rss/>"))
        body = markup.replace("{url}", canary.url + "/hit").encode()

        with suppress(PayloadChanged):
            parser.parse("rss", ParseJob(body=body, headers={"content-location": canary.url}))

        assert not canary.counts


CONFINED = """
import pathlib, socket, subprocess, urllib.request
from monitor.sources import feed_child
feed_child._confine()
attempts = {
    "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
    "lookup": lambda: socket.getaddrinfo("localhost", 80),
    "process": lambda: subprocess.run(["true"]),
    "url": lambda: urllib.request.urlopen("http://127.0.0.1:9"),
    "file": lambda: pathlib.Path("written").write_text("x"),
    "memory": lambda: bytearray(400 * 2**20),
}
for name, attempt in attempts.items():
    try:
        attempt()
        print(name, "allowed")
    except (PermissionError, MemoryError, OSError) as e:
        print(name, type(e).__name__)
"""


def test_the_child_can_open_no_connection_process_or_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONFINED],
        env={"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    refused = dict(line.split() for line in done.stdout.splitlines())
    assert refused == {
        "connect": "PermissionError",
        "lookup": "PermissionError",
        "process": "PermissionError",
        "url": "PermissionError",
        "file": "OSError",
        "memory": "MemoryError",
    }


ORPHAN = """
from monitor.sources.feed_parser import FeedParser
from monitor.sources.feed import ParseJob
import os, signal
parser = FeedParser(children=1)
parser.parse("rss", ParseJob(body=b"<rss version='2.0'><channel/></rss>", headers={}))
print([child.process.pid for child in parser.children.living][0], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN], env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())

    until = time.monotonic() + 60
    while _runs(child) and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
