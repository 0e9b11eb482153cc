"""What paid sources cost today, for each topic and in all, and what they are not asked any more: /cost.

Money is counted by UTC days, so every time here is UTC. Amounts are micro-dollars, as in monitor/seams/budget.py.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from monitor.bot.asked import Answer, Asked
from monitor.digests.platforms import platform_label
from monitor.digests.reasons import told_reason
from monitor.digests.wording import day_and_time, plain
from monitor.models import QueryStatus, Topic, Window
from monitor.readers.topic_names import title_of
from monitor.saying import say
from monitor.seams.budget import MICRO, Budget, Ledger, dollars
from monitor.seams.credentials import missing_of
from monitor.store.spend import SpendStore
from monitor.wiring import Monitor

LONGEST_REASON = 60
MOST_NAMED = 30
CENT = MICRO // 100


class Share(NamedTuple):
    """What one topic spent of a source today, and the query for it that is refused, if one is."""

    topic: Topic
    spent: int
    refused: QueryStatus | None = None


class Bill(NamedTuple):
    """What one source cost today. `missing` says what it lacks to be asked at all."""

    source: str
    ledger: Ledger
    budget: Budget
    shares: Sequence[Share]
    missing: str | None = None


def cost(asked: Asked) -> Answer:
    """Tell what each source that costs money spent of its budget; not of one without, that no topic names."""
    named = {query.source for query in asked.monitor.plan()}
    spending = asked.monitor.spending.items()
    asking = [(source, spend) for source, spend in spending if spend.budget.day or source in named]
    bills = [_bill(asked.monitor, source, spend, asked.now) for source, spend in asking]
    told = [word(each, asked.now) for each in bills]
    return Answer("\n\n".join(told) or say("Nothing that I read costs money."))


def word(bill: Bill, now: datetime) -> str:
    """Word a bill: what is spent in all, then a line for each topic, then what no topic of these paid."""
    named = bill.shares[:MOST_NAMED]
    # What is reserved belongs to nobody yet.
    others = bill.ledger.settled - sum(each.spent for each in named)
    lines = (
        _in_all(bill, now),
        *_unasked(bill),
        *(_line(each, bill.budget, now) for each in named),
        say("everything else: {spent}", spent=amount(others)) if others > 0 else "",
    )
    return "\n".join(line for line in lines if line)


def amount(micro: int) -> str:
    """Word an amount: "$0.31"; with a third place where there are parts of a cent, as one post costs."""
    return f"${dollars(micro):,.2f}" if micro % CENT == 0 else f"${dollars(micro):,.3f}"


def _in_all(bill: Bill, now: datetime) -> str:
    said = {
        "platform": platform_label(bill.source),
        "spent": amount(bill.ledger.spent),
        "budget": amount(bill.budget.day),
        "day": f"{now.astimezone(UTC):%Y-%m-%d}",
    }
    if not bill.ledger.reserved:
        return say("{platform}: {spent} of {budget} spent on {day} (UTC)", **said)
    said["reserved"] = amount(bill.ledger.reserved)
    return say("{platform}: {spent} of {budget} spent on {day} (UTC), {reserved} of it reserved", **said)


def _unasked(bill: Bill) -> list[str]:
    """Say why nothing is asked of a source, and which topics would ask."""
    return [
        say("No key: nothing is asked.") if bill.missing else "",
        "" if bill.budget.day else say("No budget: nothing is asked."),
        "" if bill.shares else say("No topic names it among its sources."),
    ]


def _line(share: Share, budget: Budget, now: datetime) -> str:
    said = {"title": title_of(share.topic), "spent": amount(share.spent), "budget": amount(budget.topic)}
    refused = share.refused
    if refused is None or refused.reason is None:
        return say("{title}: {spent} of {budget}", **said)
    reason = plain(told_reason(refused.reason), LONGEST_REASON)
    if refused.since is None:
        return say("{title}: {spent} of {budget}; refused ({reason})", **said, reason=reason)
    since = day_and_time(refused.since, now, UTC)
    return say("{title}: {spent} of {budget}; refused since {since} UTC ({reason})", **said, since=since, reason=reason)


def _bill(monitor: Monitor, source: str, spend: SpendStore, now: datetime) -> Bill:
    ledger = spend.today(now)
    asking = {topic: _statuses(monitor, topic, source, now) for topic in monitor.topics.all()}
    shares = [
        Share(topic, ledger.topics.get(topic.name, 0), next((each for each in statuses if each.reason), None))
        for topic, statuses in asking.items()
        # One that asks no longer may have paid this morning.
        if statuses or topic.name in ledger.topics
    ]
    shares.sort(key=lambda each: each.spent, reverse=True)
    return Bill(source, ledger, spend.budget, shares, missing_of(monitor.sources[source]))


def _statuses(monitor: Monitor, topic: Topic, source: str, now: datetime) -> list[QueryStatus]:
    queries = [query for query in monitor.queries_of(topic) if query.source == source]
    return monitor.progress.statuses(queries, Window(now - timedelta(days=1), now))
