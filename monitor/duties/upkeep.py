"""What keeps the data well: backups and restores, the log rewritten, leftovers erased."""

import logging
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from monitor.duties.editions import followed_plan
from monitor.duties.forget import Forgotten, NamedAuthor, erase_departed, forget, identified, purge
from monitor.duties.jobs import held
from monitor.errors import StoreError
from monitor.home import adopt_key, author_key, on_disk
from monitor.models import Job
from monitor.readers.backup_troubles import tell_of_failing, tell_of_working
from monitor.readers.recipients import is_configured
from monitor.readers.source_troubles import tell_of_sources
from monitor.settings import Settings
from monitor.store.backup import Made, Step, back_up, scratch_folder, scratch_store
from monitor.store.embedded import EmbeddedStore
from monitor.store.idle_chats import forget_idle
from monitor.store.keys import DELIVERIES_DAYS
from monitor.store.outlived import Outlived
from monitor.store.prefixes import erase_forgotten, staging
from monitor.store.replica import rewrite
from monitor.store.restore import Restored, restore_into
from monitor.store.setbacks import UNSURE
from monitor.store.swap import has_data, is_at_work, take_place
from monitor.wiring import Monitor, opened

log = logging.getLogger(__name__)

DAILY = timedelta(days=1)
RETENTION = timedelta(days=DELIVERIES_DAYS)

SOONER = {"departed": timedelta(hours=1), "rewrite": timedelta(hours=6), "sources": timedelta(minutes=10)}
"""What is due more often. Platforms want what was deleted to be gone within 24 hours: 12 until a post that was shown is
looked at again (topics/polling/second_looks.py), an hour here, six in the store's log."""
AFTER_FAILURE = timedelta(hours=1)
"""When at the latest a duty comes again that could not be done. Were it at once, a backup for which the disk is too
full would copy the whole store every few seconds, and fill the disk each time."""

SUFFIX = ".backup"
STORE_ASIDE, KEYS_ASIDE = "store.before-", "dm-before-"
STAMP = "%Y%m%d-%H%M%S"


def make_backup(monitor: Monitor, path: Path | None, step: Step, now: datetime) -> Made:
    """Write a backup of the living data, by default into the folder of backups; no file is ever replaced."""
    target = path or monitor.settings.backups / f"monitor-{now:{STAMP}}{SUFFIX}"
    with on_disk(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if target.exists():
            raise StoreError(f"{target} exists; name another file")
        return back_up(monitor.connection, target, author_key(monitor.settings.home), step)


def daily(folder: Path) -> list[Path]:
    """Return the daily backups of a folder, oldest first; files with other names are somebody's own."""
    return sorted(folder.glob(f"monitor-????????-??????{SUFFIX}"))


def _made_at(path: Path) -> datetime:
    """Return when a daily backup was made, by its name."""
    return datetime.strptime(f"{path.name.removeprefix('monitor-').removesuffix(SUFFIX)}Z", f"{STAMP}%z")


def rotate(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest daily backups and return those removed."""
    found = daily(folder)
    old = found[: max(0, len(found) - keep)]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def keep_up(monitor: Monitor, subject: str, owner: str, now: datetime) -> None:
    """Do what is due once a day, or more often."""
    every = SOONER.get(subject, DAILY)
    with held(monitor, Job("upkeep", subject), owner) as lease:
        if lease is None:
            return
        if subject == "tidy" and monitor.setbacks.may_be_ahead():
            log.info("not tidied yet", extra={"reason": "nobody looked for an hour, or the clock leapt"})
            monitor.progress.finish(lease, UNSURE)
            return
        try:
            DUTIES[subject](monitor, now)
        except StoreError as e:
            every = min(every, AFTER_FAILURE)
            fields = {"duty": subject, "reason": e.reason, "again_in": f"{every.total_seconds():.0f}s"}
            log.warning("not done", extra=fields)
        # Where it is the store that fails, this fails as well, and the duty comes as soon as the store works again.
        monitor.progress.finish(lease, every)


def back_up_daily(monitor: Monitor, now: datetime) -> None:
    """Write the backup of a day and remove those that are too old; tell the owners when that fails, and no longer."""
    keep = monitor.settings.backups_kept
    if not keep:
        return
    earlier = [_made_at(each) for each in daily(monitor.settings.backups)]
    try:
        made = make_backup(monitor, None, silent, now)
    except StoreError as e:
        reason = e.reason.replace(f"{monitor.settings.home}/", "")
        tell_of_failing(monitor, earlier[-1] if earlier else None, reason, now)
        raise
    tell_of_working(monitor, earlier, now)
    removed = rotate(made.path.parent, keep)
    fields = {"file": str(made.path), "bytes": made.size, "posts": made.trailer.posts, "removed": len(removed)}
    log.info("backed up", extra=fields)
    for finding in made.findings:
        log.error("the backup holds a broken invariant", extra={"finding": finding})


def forget_author(monitor: Monitor, author: NamedAuthor, now: datetime) -> tuple[Forgotten, int]:
    """Forget an author, in the store's log and the daily backups too; return also how many backups were replaced."""
    found = forget(monitor, identified(author, monitor.platforms, now), now)
    rewrite(monitor.connection)
    return found, _replace_backups(monitor, now)


def purge_late(monitor: Monitor, now: datetime) -> None:
    """Erase what came in of those who are forgotten, in the log and the daily backups too.

    A backup that was being written while somebody was forgotten appeared after the others had been replaced.
    """
    forgotten_at = max((each.since for each in monitor.forgotten.all().values()), default=None)
    made = [_made_at(each) for each in daily(monitor.settings.backups)]
    is_outdated = forgotten_at is not None and any(at < forgotten_at.replace(microsecond=0) for at in made)
    if purge(monitor) or is_outdated:
        rewrite(monitor.connection)
        _replace_backups(monitor, now)


def _replace_backups(monitor: Monitor, now: datetime) -> int:
    """Replace the daily backups, where there are any, by one made now; return how many went.

    The new one is whole before the first old one goes: a full disk must not cost the last backup.
    """
    old = daily(monitor.settings.backups)
    if not old:
        return 0
    make_backup(monitor, _free_name(monitor.settings.backups, now), silent, now)
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def set_aside_by_restores(monitor: Monitor) -> list[str]:
    """Return where what restores moved aside still lies: folders of an embedded store, prefixes of keys in another."""
    folders = sorted(map(str, monitor.settings.home.glob(f"{STORE_ASIDE}*")))
    keys = monitor.connection.scan(f"{KEYS_ASIDE}*") if monitor.embedded is None else ()
    return [*folders, *sorted({f"keys {each.partition(':')[0]}:*" for each in keys})]


def _free_name(folder: Path, now: datetime) -> Path:
    """Return the name of a daily backup that no file has: two authors may be forgotten in one second."""
    while (path := folder / f"monitor-{now:{STAMP}}{SUFFIX}").exists():
        now += timedelta(seconds=1)
    return path


def rewrite_log(monitor: Monitor, now: datetime) -> None:
    """Let the server write its log anew, so that what was erased is no longer in it either."""
    del now
    if not rewrite(monitor.connection):
        log.warning("the store's log cannot be rewritten, and holds what was erased until the store does it itself")


def tidy(monitor: Monitor, now: datetime) -> None:
    """Let messages end with the first post that they tell of, and chats with their last message and subscription.

    One that is younger than a day stays: what was sent twice, or has to be sent again, is found by it.

    Erases also what replays and restores left that were killed.
    """
    before = now - messages_live(monitor)
    topics = [*monitor.topics.all(), *monitor.topics.retired()]
    outlived = Outlived(monitor.connection)
    if ended := outlived.end([each.name for each in topics], now - DAILY):
        log.info("messages ended with their posts", extra={"messages": ended})
    for chat in monitor.undelivered.chats():
        monitor.undelivered.drop_old(chat, before)
        pruned = monitor.outgoing.prune(chat, before)
        while some := monitor.outbox.prune(chat, before):
            pruned += some
        if pruned:
            log.info("messages forgotten", extra={"chat": chat, "messages": pruned})
        # One that the settings name has no subscription, and keeps what it wished.
        if not is_configured(monitor, chat):
            forget_idle(monitor.connection, chat)
    outlived.renew()
    sweep_plans(monitor)
    monitor.names.trim(now)
    for prefix in erase_forgotten(monitor.connection, now):
        log.info("leftovers erased", extra={"prefix": prefix})


def sweep_plans(monitor: Monitor) -> None:
    """Forget plans of chats that wish for nothing any more, or are not told, and of topics that left."""
    topics = {each.name: each for each in monitor.topics.all()}
    for plan in monitor.wishes.plans():
        topic = topics.get(plan.topic)
        if topic is not None:
            followed_plan(monitor, topic, plan)
            continue
        monitor.wishes.drop_plans([plan])
        monitor.told.forget([plan.name])


def messages_live(monitor: Monitor) -> timedelta:
    """Return how long messages are kept that tell of no post, at most: no longer than any post."""
    topics = [*monitor.topics.all(), *monitor.topics.retired()]
    return min(RETENTION, max((topic.retention for topic in topics), default=RETENTION))


DUTIES: dict[str, Callable[[Monitor, datetime], None]] = {
    "backup": back_up_daily,
    "departed": erase_departed,
    "forget": purge_late,
    "rewrite": rewrite_log,
    "sources": tell_of_sources,
    "tidy": tidy,
}


def silent(what: str, length: int) -> "Silent":
    """Return a progress that nobody sees."""
    del what, length
    return Silent()


class Silent:
    """A progress that nobody sees."""

    def __call__(self, done: int) -> None:
        """Take note of nothing."""


def check_backup(path: Path, step: Step) -> Restored:
    """Restore a backup into a scratch server, check it, and forget it; touches nothing."""
    with scratch_folder(None) as folder, scratch_store(folder) as scratch:
        return restore_into(scratch, path, step)


class Replaced(NamedTuple):
    """What was restored, and where that is what was there before; None when nothing was."""

    restored: Restored
    aside: str | None


def restore(settings: Settings, path: Path, step: Step, now: datetime, *, replace: bool) -> Replaced:
    """Let a backup take the place of the living data; raise StoreError when there is some that may not be replaced."""
    if settings.redis_url is None:
        return _restore_embedded(settings, path, step, now, replace=replace)
    with opened(settings) as monitor:
        held = has_data(monitor.connection)
        _may_replace(held=held, replace=replace)
        _may_rest(monitor)
        with staging(monitor.connection, now) as staged:
            restored = _sound(restore_into(staged, path, step))
            aside = f"{KEYS_ASIDE}{now:{STAMP}}:"
            _may_rest(monitor)  # loading takes a while, and somebody may have started something
            adopt_key(settings.home, restored.header.author_key, now)
            take_place(staged, monitor.connection, aside)
    return Replaced(restored, f"keys {aside}* (for 7 days)" if held else None)


def _restore_embedded(settings: Settings, path: Path, step: Step, now: datetime, *, replace: bool) -> Replaced:
    held = _holds(settings, replace=replace)
    _may_replace(held=held, replace=replace)
    aside = f"{STORE_ASIDE}{now:{STAMP}}"
    with on_disk(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with on_disk(settings.home), scratch_folder(settings.home) as folder:
        with scratch_store(folder) as staged:
            restored = _sound(restore_into(staged, path, step))
        # Last of all: under another key, data that stays would not know its authors, nor who was forgotten.
        adopt = partial(adopt_key, settings.home, restored.header.author_key, now)
        EmbeddedStore(settings.home).exchange(folder / "store", aside, adopt)
    if not held:
        shutil.rmtree(settings.home / aside, ignore_errors=True)
    return Replaced(restored, str(settings.home / aside) if held else None)


def _holds(settings: Settings, *, replace: bool) -> bool:
    """Tell whether the embedded store holds data; one that does not even start holds some, and may be replaced."""
    if not (settings.home / "store").exists():
        return False
    try:
        with opened(settings) as monitor:
            return has_data(monitor.connection)
    except StoreError as e:
        if not replace:
            raise
        log.warning("the store cannot be opened", extra={"reason": str(e)})
        return True


def _may_rest(monitor: Monitor) -> None:
    if is_at_work(monitor.connection):
        raise StoreError("processes are at work on this data; stop them all, and restore a minute later")


def _may_replace(*, held: bool, replace: bool) -> None:
    if held and not replace:
        raise StoreError("there is data already; `monitor restore --replace` moves it aside and then restores")


def _sound(restored: Restored) -> Restored:
    """Refuse what is less sound than what was backed up."""
    if len(restored.findings) > restored.trailer.findings:
        raise StoreError(f"the backup does not hold: {restored.findings[0]}; nothing was replaced, try an older one")
    return restored
