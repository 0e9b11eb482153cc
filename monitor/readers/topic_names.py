"""Which topic somebody means: by name, title or keyword, however it is written."""

import base64
import difflib
from collections.abc import Sequence

import xxhash

from monitor.digests.wording import plain
from monitor.models import Topic
from monitor.saying import say
from monitor.text.folding import fold
from monitor.topics.rule import spoken_names

CLOSE = 0.7
"""How alike two words must be to be taken for the same (difflib's ratio): one slip in four characters."""

LONGEST_TITLE = 60
MOST_NAMED = 10


def title_of(topic: Topic) -> str:
    """Return what people call a topic."""
    return plain(topic.title, LONGEST_TITLE) or topic.name


def some_titles(topics: Sequence[Topic]) -> list[str]:
    """Return what people call topics, so many of them as fit into a sentence."""
    more = [say("{count} more", count=len(topics) - MOST_NAMED)] if len(topics) > MOST_NAMED else []
    return [*map(title_of, topics[:MOST_NAMED]), *more]


def find_topics(words: str, topics: Sequence[Topic]) -> list[Topic]:
    """Return the topics that may be meant, best first: one is certain, none is known.

    Case, width, 简 or 繁, "#" and "_" make no difference; then beginnings count, then parts, then what is almost right.
    """
    asked = _key(words)
    if not asked:
        return []
    named = called(words, topics)
    if named:
        return named
    names = [(topic, [_key(name) for name in (topic.name, topic.title)]) for topic in topics]
    begun = [topic for topic, known in names if any(name.startswith(asked) for name in known)]
    within = [topic for topic, known in names if any(asked in name for name in known)]
    close = [topic for topic, known in names if difflib.get_close_matches(asked, known, 1, CLOSE)]
    return begun or within or close


def called(words: str, topics: Sequence[Topic]) -> list[Topic]:
    """Return the topics that are called exactly so: the one of that name or title, else those with such a keyword."""
    asked = _key(words)
    by_name = [topic for topic in topics if asked == _key(topic.name)]
    by_title = [topic for topic in topics if asked == _key(topic.title)]
    spoken = [topic for topic in topics if asked in set(map(_key, spoken_names(topic)))]
    return (by_name or by_title)[:1] or (spoken if asked else [])


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word that is most like one that is not known."""
    close = difflib.get_close_matches(word, known, 1, 0.5)
    return close[0] if close else None


def _key(words: str) -> str:
    return " ".join(fold(words).strip("#\"'“”‘’「」《》").replace("_", " ").replace("-", " ").split())


def mark_of(topic: Topic) -> str:
    """Return a short name of a topic for buttons: 40 bits of its hash, in 8 letters."""
    return base64.b32encode(xxhash.xxh3_64_digest(topic.name.encode())[:5]).decode().lower()
