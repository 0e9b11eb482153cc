"""Which topic somebody means: by name, title or keyword, however it is written."""

import difflib
from collections.abc import Sequence

from monitor.digests.wording import plain
from monitor.models import Topic
from monitor.text.folding import fold

CLOSE = 0.7
"""How alike two words must be to be taken for the same (difflib's ratio): one slip in four characters."""


LONGEST_TITLE = 60
MOST_NAMED = 10


def title_of(topic: Topic) -> str:
    """Return what people call a topic."""
    return plain(topic.title, LONGEST_TITLE) or topic.name


def some_titles(topics: Sequence[Topic]) -> list[str]:
    """Return what people call topics, so many of them as fit into a sentence."""
    more = [f"{len(topics) - MOST_NAMED} more"] if len(topics) > MOST_NAMED else []
    return [*map(title_of, topics[:MOST_NAMED]), *more]


def find_topics(words: str, topics: Sequence[Topic]) -> list[Topic]:
    """Return the topics that may be meant, best first: one is certain, none is known.

    Case, width, 简 or 繁, "#" and "_" make no difference; then beginnings count, then parts, then what is almost right.
    """
    asked = _key(words)
    if not asked:
        return []
    names = [(topic, [_key(name) for name in (topic.name, topic.title)]) for topic in topics]
    exact = [topic for topic, known in names if asked in known]
    if exact:
        return exact[:1]
    spoken = [topic for topic in topics if asked in {_key(term) for term in topic.any}]
    begun = [topic for topic, known in names if any(name.startswith(asked) for name in known)]
    within = [topic for topic, known in names if any(asked in name for name in known)]
    close = [topic for topic, known in names if difflib.get_close_matches(asked, known, 1, CLOSE)]
    return spoken or begun or within or close


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word that is most like one that is not known."""
    close = difflib.get_close_matches(word, known, 1, 0.5)
    return close[0] if close else None


def _key(words: str) -> str:
    return " ".join(fold(words).strip("#\"'“”‘’「」《》").replace("_", " ").replace("-", " ").split())
