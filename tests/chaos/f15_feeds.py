"""F15: real feeds changed by chance, entity bombs and documents that would read files: no crash, no hit, no stall."""

import os
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from monitor.errors import SourceError
from monitor.sources.feed import ParseJob
from monitor.sources.feed_parser import FeedBroken, FeedParser
from tests.chaos import Figure, Plan, progress
from tests.simulators.feed_server import FeedServer, status
from tests.unit.sources.test_real_feeds import HEADERS, documents

NAME = "F15 feeds"
MUTATED, MUTATED_IN_SHORT = 50_000, 1_500
SLOWEST = 6.3
"""Seconds of processor time: the child's limit of five from the next whole second on, at which the kernel looks now and
then; the beginning of a child is added. The clock on the wall would measure what else the machine has to do."""

STALL = 20.0
"""Seconds on the wall after which a child that takes no processor time hangs, whatever else the machine has to do."""

MOST_MB = 50
TAGS = (
    b"<item>",
    b"</item>",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"&",
    b"&#0;",
    b"&#xD800;",
    b"<entry xml:base='//[::1'>",
    b"\x00",
)
DECLARATIONS = ("SYSTEM", 'PUBLIC "-//X//EN"')
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-7", "cp1252")
BASE = '<rss version="2.0"><channel><title>{0}</title><item><guid>1</guid><title>{0}</title></item></channel></rss>'


def measure(plan: Plan) -> Figure:
    """Parse everything in the product's own children."""
    chance = random.Random(plan.seed)
    count = MUTATED if plan.is_long else MUTATED_IN_SHORT
    real = [body for archive in ("feedparser", "feedjira", "huginn") for _, body in documents(archive)]
    with FeedServer() as canary:
        canary.serve_everything(status(200, b"<x/>"))
        run = Run()
        run.parse_all(real)
        run.parse_all(mutated(real, chance, count))
        progress(NAME, f"{run.parsed} documents parsed, {run.broken_children} broke their child")
        hostile = [*outsiders(canary.url), *bombs()]
        run.parse_all(hostile, must_fail=True)
        hits = sum(canary.counts.values())
        run.close()
    broken = [*run.surprises[:5], *([f"{hits} canary hits"] if hits else [])]
    broken += [f"{run.let_in} hostile documents were read"] if run.let_in else []
    is_late = run.dearest > SLOWEST + run.beginning
    broken += [f"one took {run.dearest:.1f} s of processor time"] if is_late else []
    broken += [f"one took {run.slowest:.1f} s"] if run.slowest > STALL else []
    broken += [f"grew by {run.grown_mb:.0f} MB"] if run.grown_mb > MOST_MB else []
    return Figure(
        name=NAME,
        wanted=f"{len(real)} real, {count} changed, {len(hostile)} hostile: no crash, hit, none > 5 s, < {MOST_MB} MB",
        reached={
            "parsed": run.parsed,
            "hostile": len(hostile),
            "children_broken": run.broken_children,
            "hits": hits,
            "beginning_processor_seconds": round(run.beginning, 2),
            "slowest_processor_seconds": round(run.dearest, 2),
            "slowest_seconds": round(run.slowest, 2),
            "grown_mb": round(run.grown_mb, 1),
        },
        broken=tuple(broken),
    )


class Run:
    """Parses documents and notes what became of them; one child, so that memory is that of one."""

    def __init__(self) -> None:
        spent = children_seconds()
        self._parser = FeedParser(children=1)
        self._before = resident_mb()
        self.parsed = self.broken_children = self.let_in = 0
        self.slowest = self.dearest = 0.0
        self.surprises: list[str] = []
        self._parser.parse("rss", ParseJob(body=BASE.format("x").encode(), headers=HEADERS))
        self.beginning = children_seconds() - spent

    def parse_all(self, bodies: Iterator[bytes] | list[bytes], *, must_fail: bool = False) -> None:
        """Parse each; only errors of ours may come out."""
        for body in bodies:
            began, spent = time.monotonic(), children_seconds()
            try:
                feed = self._parser.parse("rss", ParseJob(body=body, headers=HEADERS))
                self.let_in += must_fail and holds_secret(feed)
            except FeedBroken:
                self.broken_children += 1
            except SourceError:
                pass
            except Exception as e:  # noqa: BLE001 - each is a finding, and the others are still parsed
                self.surprises.append(f"{type(e).__name__}: {e}"[:200])
            self.parsed += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.dearest = max(self.dearest, children_seconds() - spent)

    @property
    def grown_mb(self) -> float:
        """Return by how much this process has grown."""
        return resident_mb() - self._before

    def close(self) -> None:
        """End the child."""
        self._parser.close()


def holds_secret(feed: object) -> bool:
    """Tell whether something from outside of the document, or an expanded bomb, is in what was read."""
    said = repr(feed)
    return "root:" in said or len(said) > 1_000_000


def children_seconds() -> float:
    """Return the processor time of all children of this process, the living and those that were waited for."""
    dead = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(sum(map(int, fields[11:13])) for fields in map(_stat, _children()) if fields)
    return dead.ru_utime + dead.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def _children() -> list[str]:
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text(encoding="ascii").split()]


def _stat(pid: str) -> list[str]:
    """Return the fields of a process's stat from its state on (proc(5)); none when it has just ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def resident_mb() -> float:
    """Return the most memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def mutated(real: list[bytes], chance: random.Random, count: int) -> Iterator[bytes]:
    """Yield real documents with one to four changes."""
    for _ in range(count):
        body = bytearray(chance.choice(real))
        for _ in range(chance.randint(1, 4)):
            change(body, chance)
        yield bytes(body)


def change(body: bytearray, chance: random.Random) -> None:
    """Flip, cut, double or insert something."""
    start = chance.randrange(len(body) + 1)
    end = min(len(body), start + chance.randrange(200))
    match chance.randrange(5):
        case 0 if start < len(body):
            body[start] = chance.randrange(256)
        case 1:
            del body[start:end]
        case 2:
            body[start:start] = body[start:end] * chance.randint(2, 50)
        case 3:
            body[start:start] = chance.choice(TAGS) * chance.choice((1, 1, 1, 300))
        case _:
            del body[start:]


def outsiders(canary: str) -> Iterator[bytes]:
    """Yield documents that ask for files and addresses by entities, DTDs, XInclude and stylesheets."""
    for target in ("file:///etc/passwd", f"{canary}/dtd", "file:///proc/self/environ", f"ftp{canary[4:]}/x"):
        for declaration in DECLARATIONS:
            for encoding in ENCODINGS:
                head = f'<?xml version="1.0" encoding="{encoding}"?>'
                entity = f'<!DOCTYPE rss [<!ENTITY x {declaration} "{target}">]>' + BASE.format("&x;")
                parameter = f'<!DOCTYPE rss [<!ENTITY % p {declaration} "{target}"> %p;]>' + BASE.format("a")
                outer = f'<!DOCTYPE rss {declaration} "{target}">' + BASE.format("a")
                for document in (entity, parameter, outer):
                    yield (head + document).encode(encoding)
        yield BASE.format(f'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{target}"/></x>').encode()
        yield (f'<?xml version="1.0"?><?xml-stylesheet href="{target}" type="text/xsl"?>' + BASE.format("a")).encode()


def bombs() -> Iterator[bytes]:
    """Yield documents that grow when they are read, or are nested without end."""
    for depth in (5, 10, 20, 30):
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, depth))
        yield f'<!DOCTYPE rss [<!ENTITY l0 "lol">{laughs}]>{BASE.format(f"&l{depth - 1};")}'.encode()
        blow = f'<!DOCTYPE rss [<!ENTITY a "{"a" * 10_000 * depth}">]>' + BASE.format("&a;" * 1_000 * depth)
        yield blow.encode()
        yield BASE.format("<b>" * 10_000 * depth).encode()
        yield BASE.format("<![CDATA[" + "]]><![CDATA[" * 10_000 * depth + "]]>").encode()
        yield ("<a b='" + "x" * 40_000 * depth + "'>" + BASE.format("a")).encode()
