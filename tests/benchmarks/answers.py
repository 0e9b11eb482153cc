"""How long the bot takes to answer, with very many posts stored.

    python -m tests.benchmarks.answers [POSTS] [DAYS]

Protocol. 100,000 real posts of four archives (see crowd.py) stored as mentions of one topic, evenly over 30 days, in an
embedded Valkey of this run that synchronises each write; an editor asks for everything that looks at posts, in private.
Then the topic's rule is edited, and some of it asked again: posts that were read before are matched anew. Timed is from
the update to the answer in the outbox, without Telegram. Told are the best, the median and the worst of ROUNDS in wall
clock, and the processor time of this process. Each answer must be one, else the exit code is 1; so it is when the best
is above LIMIT_MS: the others say what else the machine did. With DAYS = 1 all posts are of the last day, for which no
limit is promised. The last line is one JSON object.
"""

import contextlib
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from monitor.duties import jobs
from monitor.models import Mention, Message, Topic
from tests.benchmarks.crowd import crowd
from tests.benchmarks.ingest import durable_store
from tests.build import NOW, a_topic
from tests.integration.room import Room, a_room

POSTS, DAYS = 100_000, 30
ROUNDS = 5
LIMIT_MS = 1_000
WORDS = ("香港", "中国", "警察", "police", "earthquake")
TOPIC = a_topic(name="crowd", title="Crowd", any=WORDS)
SMALL = a_topic(name="water", title="Water", any=("water",))
TOPICS: tuple[Topic, ...] = (TOPIC, SMALL)
ASKED = (
    "/recent crowd",
    "/recent crowd 20",
    "[▶]",
    "[繁]",
    "[EN]",
    "[By gain]",
    "[Cite]",
    "/why crowd",
    "/chart crowd",
    "/digest now crowd",
    "/topics",
    "/status",
    "/settings crowd",
    "/export crowd csv",
    "/edit crowd -unheard",
    "/help",
)
AFTER_AN_EDIT = ("/recent crowd", "/why crowd", "/chart crowd", "/digest now crowd", "/edit crowd -unsaid")
"""Asked once more when the rule was edited: what was read before is then matched anew."""


class Spent(NamedTuple):
    """Milliseconds of an answer: at best, in the middle, at worst, and of processor."""

    best_ms: float
    ms: float
    worst_ms: float
    cpu_ms: float


def main(args: Sequence[str] = ()) -> int:
    """Print what each answer takes and, as the last line, the figures as JSON; 1 when one failed, 2 without data."""
    logging.disable(logging.ERROR)
    posts, days = int(args[0]) if args else POSTS, int(args[1]) if len(args) > 1 else DAYS
    try:
        mentions = spread(crowd(posts), days)
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    with a_full_room(mentions) as room:
        spent = dict(measured(room))
        edited(room)
        spent |= {f"{asked} (edited)": each for asked, each in measured(room, AFTER_AN_EDIT)}
    for asked, each in spent.items():
        print(f"{asked:30}{each.best_ms:8,.0f} to{each.worst_ms:7,.0f} ms, in the middle{each.ms:7,.0f}")
    slow = [asked for asked, each in spent.items() if each.best_ms > LIMIT_MS and days == DAYS]
    print("\n".join(f"FAILED: {asked} takes more than {LIMIT_MS} ms" for asked in slow))
    figures = {asked: each._asdict() for asked, each in spent.items()}
    print(json.dumps({"posts": len(mentions), "days": days, "answers": figures, "limit_ms": LIMIT_MS}))
    return 1 if slow else 0


def spread(mentions: Sequence[Mention], days: int) -> list[Mention]:
    """Return the mentions evenly over the days that end now, the last one a minute ago."""
    step = timedelta(days=days) / (len(mentions) + 1)
    times = [NOW - timedelta(days=days) + (number + 1) * step - timedelta(minutes=1) for number in range(len(mentions))]
    return [
        replace(each, topic=TOPIC.name, post=replace(each.post, created_at=at, observed_at=at))
        for each, at in zip(mentions, times, strict=True)
    ]


@contextlib.contextmanager
def a_full_room(mentions: Sequence[Mention]) -> Iterator[Room]:
    """Open the product with the posts stored, as polls store them."""
    with durable_store() as url, tempfile.TemporaryDirectory() as folder, a_room(url, Path(folder)) as room:
        text = "\n".join(
            f'[topics.{each.name}]\ntitle = "{each.title}"\nany = {json.dumps(each.any)}' for each in TOPICS
        )
        (Path(folder) / "topics.toml").write_text(text, encoding="utf-8")
        jobs.read_topics(room.monitor, NOW - timedelta(days=DAYS))
        for start in range(0, len(mentions), 1000):
            room.monitor.mentions.add(TOPIC.name, mentions[start : start + 1000], oldest=NOW - timedelta(days=DAYS + 1))
        yield room


def measured(room: Room, questions: Sequence[str] = ASKED) -> Iterator[tuple[str, Spent]]:
    """Yield what each answer takes."""
    emil = room.person("Emil", "editor")
    room.say(emil, "/subscribe crowd")
    shown: Message | None = None
    for asked in questions:
        rounds = []
        for _ in range(ROUNDS):
            update = room.update(emil, asked)
            if asked.startswith("["):
                assert shown is not None, "a button stands under an answer"
                data = next(each.data for row in shown.buttons for each in row if f"[{each.label}]" == asked)
                update = room.update(emil, data, kind="button", button="1")
            begin, spent = perf_counter(), process_time()
            answer = room.tell(update)
            rounds.append((1000 * (perf_counter() - begin), 1000 * (process_time() - spent)))
            assert answer is not None, f"{asked} was not answered"
        if asked.startswith("/recent"):
            shown = answer
        yield asked, Spent(*(round(each, 1) for each in _middle(rounds)))


def edited(room: Room) -> None:
    """Let an editor change the rule of the topic."""
    emil = room.person("Emil", "editor")
    preview = room.tell(room.update(emil, "/edit crowd -unheard"))
    assert preview is not None, "an editor is answered"
    assert preview.buttons, preview.text
    applied = room.tell(room.update(emil, preview.buttons[0][0].data, kind="button", button="1"))
    assert applied is not None, "an editor is answered"
    assert "in force" in applied.text


def _middle(rounds: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    walls, processor = zip(*rounds, strict=True)
    return min(walls), median(walls), max(walls), median(processor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
