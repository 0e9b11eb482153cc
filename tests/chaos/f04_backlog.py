"""F4, second part: the bot was away for a day; what people asked meanwhile is answered within a minute, each once."""

import time
from typing import NamedTuple

from monitor.store.inbox import InboxStore
from tests.chaos import Figure, Plan, progress
from tests.chaos.answers import broken_answers, is_answered, seen_answers
from tests.chaos.askers import Askers, Size
from tests.chaos.f04_commands import Stage, staged
from tests.chaos.fleet import wait_for, without_processor

NAME = "F4 backlog"
DAY = 86_400.0
STEP = 20
"""Commands after which Telegram's clock is set."""
DRAINED = 60.0
"""Seconds, without those in which the store had something to do and no processor: all wait behind it, and they tell of
what else the machine does."""

SETTLE_LIMIT = 900.0


class Scale(NamedTuple):
    """How many commands wait, and who asked."""

    commands: int
    size: Size


class Times(NamedTuple):
    """After how many seconds all was answered, and sent; of the first, which share the store was at its disk, and how
    many it waited for a processor.
    """

    drained: float | None
    sent: float | None
    at_disk: float
    waited: float


SHORT = Scale(commands=400, size=Size(people=12, groups=8))
LONG = Scale(commands=10_000, size=Size(people=60, groups=40))


def measure(plan: Plan) -> Figure:
    """Let a day's commands wait, start the bot, and take the time until all are answered."""
    scale = LONG if plan.is_long else SHORT
    with staged(plan, scale.size) as stage:
        _ask_for_a_day(scale, stage.askers)
        progress(NAME, f"{stage.askers.asked} commands wait")
        began, at_disk, waited = time.monotonic(), _seconds_at_disk(stage), _seconds_waiting(stage)
        with stage.bots:
            drained = wait_for(lambda: _is_drained(stage), SETTLE_LIMIT)
            share = (_seconds_at_disk(stage) - at_disk) / (time.monotonic() - began)
            waited = _seconds_waiting(stage) - waited
            progress(NAME, f"answered {time.monotonic() - began:.1f} s after the start")
            wait_for(lambda: is_answered(stage.connection, stage.telegram), SETTLE_LIMIT, every=0.5)
            sent = time.monotonic() - began
            stage.askers.conclude()
            settled = wait_for(lambda: is_answered(stage.connection, stage.telegram), SETTLE_LIMIT, every=0.5)
        return _judge(scale, stage, Times(drained, None if settled is None else sent, share, waited))


def _ask_for_a_day(scale: Scale, askers: Askers) -> None:
    askers.live(DAY)
    askers.begin()
    set_at = 0
    # A stranger says two things, and no more may wait than were wanted.
    while askers.asked < scale.commands - 1:
        if askers.asked >= set_at:
            set_at = askers.asked + STEP
            askers.live(DAY * (1 - askers.asked / scale.commands))
        assert askers.ask(), "in a day nobody has to wait"
    askers.live(0.0)


def _is_drained(stage: Stage) -> bool:
    return not stage.telegram.do("in_hand")["waiting"] and not InboxStore(stage.connection).waiting()


def _seconds_at_disk(stage: Stage) -> float:
    """Return for how long the store has written to its disk and waited for it, since its start."""
    return int(stage.connection.execute("INFO", "debug")["eventloop_duration_aof_sum"]) / 1e6


def _seconds_waiting(stage: Stage) -> float:
    """Return for how long the store could have gone on and had no processor, since its start."""
    return without_processor(int(stage.connection.execute("INFO", "server")["process_id"]))


def _judge(scale: Scale, stage: Stage, times: Times) -> Figure:
    drained, sent = times.drained, times.sent
    stage.fleet.stop()
    report = stage.telegram.do("report")
    answers = seen_answers(stage.connection, stage.askers)
    broken = broken_answers(stage.connection, stage.askers, answers, report)
    if drained is None or drained - times.waited > DRAINED:
        broken.append(f"not drained within {DRAINED:.0f} s: {drained or SETTLE_LIMIT:.1f} s")
    if answers.held:
        broken.append(f"{answers.held} answers held, though nothing failed")
    return Figure(
        name=NAME,
        wanted=f"{scale.commands} commands of a day without the bot: answered within {DRAINED:.0f} s, each once",
        reached={
            "commands": stage.askers.asked,
            "drained_seconds": round(drained, 1) if drained is not None else "never",
            "all_sent_seconds": round(sent, 1) if sent is not None else "never",
            "store_without_processor": round(times.waited, 1),
            "store_at_disk": round(times.at_disk, 2),
            "answers": answers.seen,
            "missing": len(answers.missing),
            "too_many": len(answers.surplus),
            "chats": len(stage.askers.expected),
        },
        broken=tuple(broken),
    )
