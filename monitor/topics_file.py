"""The topics file of this machine: read, written, and put in force when it changed here.

Machines may have files that differ, by mistake or while a change is rolled out. So a file is imported when it changes,
not because another one is in force: else two of them would undo each other for as long as both run, and reset what is
usual each time.
"""

import logging
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.errors import ConfigError, StoreError
from monitor.home import on_disk
from monitor.sources import SOURCES, STREAMS
from monitor.topics.adopting import Seen, is_news
from monitor.topics.file import TopicsFile, hash_of, parse_topics
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

SETTLED = timedelta(seconds=5)
"""A file that was written to less than so long ago may be half saved: an editor empties it first, and goes on."""

NOTE = "topics.seen"
"""The file of a home in which is noted what the topics file was when a process of that home last looked at it."""


def read_topics_file(path: Path) -> TopicsFile:
    """Read the topics file, or raise ConfigError with every problem at once."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as e:
        raise ConfigError([_missing(path)]) from e
    except UnicodeDecodeError as e:
        raise ConfigError([f"{path}: is not saved as UTF-8; in your editor choose Save as, encoding UTF-8"]) from e
    except OSError as e:
        raise ConfigError([f"{path}: cannot be read ({e.strerror})"]) from e
    return parse_topics(text, NAMEABLE, BY_DEFAULT)


def _missing(path: Path) -> str:
    """Word that there is no topics file; where not even its folder is, most likely this is another folder."""
    if path.parent.is_dir():
        return f"{path}: there is no such file; run `monitor init` to write one"
    said = f"there is no folder {path.parent} here ({path.parent.absolute()})"
    go = "go to the folder of Discussion Monitor, or set MONITOR_CONFIG"
    return f"{said}; {go}; for a new topics file here: monitor init"


def read_topics_text(path: Path) -> str:
    """Return the topics file as it is, byte for byte; "" where there is none yet."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as e:
        raise StoreError(f"{path}: cannot be read ({e.strerror})") from e


def write_topics_text(path: Path, text: str) -> None:
    """Write the topics file, or the note of it, whole or not at all."""
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        with fresh.open("wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())  # or a power cut leaves an empty file under the name of the whole one
        fresh.replace(path)
    except OSError as e:
        raise StoreError(f"{path}: cannot be written ({e.strerror})") from e
    finally:
        fresh.unlink(missing_ok=True)


def put_in_force(monitor: Monitor) -> bool:
    """Import the topics file, whichever is in force, and say whether that changed anything; or raise ConfigError."""
    return _adopt(monitor, read_topics_file(monitor.settings.topics_file))


def _adopt(monitor: Monitor, parsed: TopicsFile) -> bool:
    is_new = monitor.topics.imported() != parsed.hash
    if is_new:
        monitor.topics.replace(parsed.topics, parsed.hash)
    _note(monitor, parsed.hash)
    return is_new


def import_if_changed(monitor: Monitor, now: datetime) -> bool:
    """Import the topics file when it changed on this machine, and say whether it did; or raise ConfigError.

    The first half of a file that is being saved may hold as well: it would end topics, and what is usual in them.
    """
    path = monitor.settings.topics_file
    parsed = read_topics_file(path)
    seen = seen_of(monitor)
    if is_news(parsed.hash, seen, is_only=monitor.embedded is not None):
        is_whole = seen.in_force is None or parsed.hash == monitor.topics_found or _is_settled(path, now)
        monitor.topics_found = parsed.hash
        return is_whole and _adopt(monitor, parsed)
    if parsed.hash not in (seen.in_force, seen.before):
        log.warning("another topics file is in force", extra={"file": path, "remedy": "see monitor doctor"})
    _note(monitor, parsed.hash)
    return False


def _is_settled(path: Path, now: datetime) -> bool:
    """Tell whether nobody wrote to a file lately; by a clock that is wrong it is looked at twice."""
    return now - datetime.fromtimestamp(path.stat().st_mtime, UTC) >= SETTLED


def seen_of(monitor: Monitor) -> Seen:
    """Return what is known of the topics file from earlier looks."""
    try:
        noted = (monitor.settings.home / NOTE).read_text(encoding="ascii")
    except FileNotFoundError:
        noted = None
    return Seen(in_force=monitor.topics.imported(), before=monitor.topics_seen, noted=noted)


def is_in_force(monitor: Monitor, *texts: str) -> bool:
    """Say whether one of some texts of the topics file is in force, or nothing is."""
    in_force = monitor.topics.imported()
    return in_force is None or in_force in map(hash_of, texts)


def _note(monitor: Monitor, found: str) -> None:
    """Remember what the file was, for this process and for the next one of this home."""
    if monitor.topics_seen == found:
        return
    monitor.topics_seen = found
    home = monitor.settings.home
    with on_disk(home):
        home.mkdir(parents=True, exist_ok=True)
    write_topics_text(home / NOTE, found)


POLLED = tuple(name for name in SOURCES if name != "replay")
"""The sources that are asked; beside them a topic may name streams. Nobody follows the reader of archives."""

NAMEABLE = (*POLLED, *STREAMS)
"""The sources that a topic may name."""

BY_DEFAULT = ("hackernews", "rss")
"""Those of a topic that names none: nobody pays, or is told of a missing key, without having asked for it."""
