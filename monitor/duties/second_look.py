"""Takes second looks at known posts, a request at a time: what they have gained, what they say now, which are gone.

shown posts, weighty posts ─due─► keys ─look_up─► gone ─believed─► withdrawn     (changes.py)
                                              └─► posts ─► engagement, edits
                                              └─► noted: not due again for a while
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from monitor.duties.jobs import CATCH_UP, held
from monitor.errors import OutOfCredit, RateLimited, SourceError
from monitor.models import Job, PostKey, Query, Window
from monitor.seams.rereading import Lookup, brought_by
from monitor.seams.spending import may_be_asked
from monitor.topics.polling.planning import REREAD_EVERY, backoff, spread
from monitor.topics.polling.second_looks import SHOWN_FOR, WEIGHTY_FOR, Candidate, believed, due, weighty
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

MOST_AT_ONCE = 500
"""Posts of one round; more are due in the next."""


def look_again(monitor: Monitor, subject: str, owner: str, clock: Callable[[], datetime]) -> None:
    """Look again at what is due of a source, request after request, for as long as a hint is good for."""
    source = who_looks(monitor, subject)
    with held(monitor, Job("reread", subject), owner) as lease:
        if lease is None:
            return
        if source is None:
            monitor.progress.finish(lease, REREAD_EVERY)
            return
        monitor.progress.finish(lease, _round(monitor, subject, source, clock))


def who_looks(monitor: Monitor, name: str) -> Lookup | None:
    """Return who looks again at posts of a source: it itself, else another that brings them, whichever may be asked."""
    able = (each for each in (monitor.platforms.get(name), *_others(monitor, name)) if isinstance(each, Lookup))
    return next((each for each in able if may_be_asked(each)), None)


def _others(monitor: Monitor, name: str) -> list[object]:
    # Who knows more than one platform's posts by their names asks its own only.
    return [each for known, each in monitor.platforms.items() if brought_by(known, each) == (name,)]


def _round(monitor: Monitor, name: str, source: Lookup, clock: Callable[[], datetime]) -> timedelta:
    """Take some looks and return when to go on."""
    query, began = Query(name, ""), clock()
    wait, _ = monitor.breakers.admit(query)
    if wait:
        return wait
    keys = due(candidates(monitor, name, began), began, MOST_AT_ONCE)
    error: SourceError | None = None
    try:
        for page in _pages(keys, source.most):
            _look(monitor, source, page, clock())
            if not began <= clock() < began + CATCH_UP:
                return timedelta(0)
    except SourceError as e:
        error = e
        log.warning("not looked at again", extra={"source": name, "reason": e.reason})
    if keys:
        monitor.breakers.note(query, error)
    if error is not None:
        return patience(query, error)
    return spread(query, 0, REREAD_EVERY)


def patience(query: Query, error: SourceError) -> timedelta:
    """Return when to look again after a failure: when its platform says, or the budget is renewed."""
    if isinstance(error, RateLimited | OutOfCredit) and error.retry_after is not None:
        return error.retry_after
    return backoff(query, error, 0, REREAD_EVERY)


def candidates(monitor: Monitor, source: str, now: datetime) -> Iterator[Candidate]:
    """Yield the posts of a source that messages show, and those that weigh in its topics."""
    looked = monitor.second_looks.looked(source)
    shown = monitor.second_looks.shown(now - SHOWN_FOR)
    gone = _withdrawn(monitor, [key for key in shown if key.source == source and key in looked])
    for key, at in shown.items():
        if key.source == source and key not in gone:
            yield Candidate(key, at, True, looked.get(key))
    for topic in monitor.topics.all():
        mentions = monitor.mentions.between(topic.name, Window(now - WEIGHTY_FOR, now))
        for each in weighty([one for one in mentions if one.post.key.source == source]):
            yield Candidate(each.post.key, each.post.time, False, looked.get(each.post.key))


def _withdrawn(monitor: Monitor, keys: list[PostKey]) -> frozenset[PostKey]:
    """Return which posts were withdrawn, and looked at since: their messages are corrected, too."""
    topics = [*monitor.topics.all(), *monitor.topics.retired()]
    known = [each for topic in topics for each in monitor.mentions.find(topic.name, keys)]
    return frozenset(each.post.key for each in known if each.withdrawn)


def _look(monitor: Monitor, source: Lookup, keys: list[PostKey], now: datetime) -> None:
    name, stages = keys[0].source, monitor.stages()
    answer = source.look_up(keys, now)
    asked = frozenset(keys)
    missing = [key for key in answer.gone if key in asked]
    gone = believed(asked, missing, monitor.second_looks.missing(name), now)
    withdrawn = monitor.changes.withdraw(gone, stages)
    seen = monitor.changes.observe([post for post in answer.posts if post.key in asked], stages, now)
    monitor.second_looks.note(name, keys, [key for key in missing if key not in gone], now)
    fields = {"source": name, "posts": len(keys), "observed": seen.observed, "edited": seen.edited}
    log.info("looked again", extra=fields | {"withdrawn": withdrawn})
    if len(gone) < len(missing):
        log.warning("a platform shows hardly any of the posts any more; not believed yet", extra=fields)


def _pages(keys: list[PostKey], most: int) -> Iterator[list[PostKey]]:
    for start in range(0, len(keys), max(1, most)):
        yield keys[start : start + max(1, most)]
