"""Edits of the topics file: the text with one thing changed, and every other byte as somebody wrote it. Pure.

What comes out is read again by file.py before anybody uses it, so that a wrong query is refused with its place.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import tomlkit
import xxhash
from tomlkit.items import Table

from monitor.models import Topic
from monitor.text.folding import fold
from monitor.text.pinyin import spelled
from monitor.topics.language.parse import parse, read
from monitor.topics.language.printer import printed
from monitor.topics.language.query import And, Node, Not, Or
from monitor.topics.rule import node_of

_LISTS = ("any", "all", "none")
LONGEST_NAME = 40
_KANA = re.compile("[\u3041-\u30ff\uff66-\uff9d]")


def with_query(text: str, name: str, query: str) -> str:
    """Return the file with another query of a topic, instead of its query or lists."""
    document = tomlkit.parse(text)
    table = _table(document, name)
    for key in _LISTS:
        table.pop(key, None)
    table["query"] = tomlkit.string(query, literal="'" not in query and "\n" not in query)
    return tomlkit.dumps(document)


def with_topic(text: str, name: str, title: str, query: str) -> str:
    """Return the file with one more topic at its end, with the schedule that topics have by default."""
    table = tomlkit.table()
    table["title"] = title
    table["query"] = tomlkit.string(query, literal="'" not in query and "\n" not in query)
    lines = tomlkit.dumps({"topics": {name: table}}).replace("[topics]\n", "", 1).lstrip("\n")
    return f"{text.rstrip()}\n\n{lines}" if text.strip() else lines


def with_feeds(text: str, feeds: Sequence[str]) -> str:
    """Return the file with this list of feeds at its top."""
    document = tomlkit.parse(text)
    known: Any = document.get("feeds")
    if known is None:
        line = tomlkit.dumps({"feeds": list(feeds)})
        return f"{line}\n{text}"
    for place in reversed(range(len(known))):
        if str(known[place]) not in feeds:
            del known[place]
    for each in feeds:
        if each not in [str(one) for one in known]:
            known.append(each)
    return tomlkit.dumps(document)


def changed_query(topic: Topic, words: Sequence[str]) -> str:
    """Return the query of a topic with words added ("+word") or excluded ("-word"). Raises QueryError."""
    node = node_of(topic)
    for each in words:
        part = parse(_quoted(each[1:]))
        node = _either(node, part) if each.startswith("+") else And((node, Not(part)))
    return printed(read(printed(node)).node)


def without_keyword(topic: Topic, word: str) -> str | None:
    """Return the query of a topic without a keyword that is one of several; None where it is not, or the only one."""
    sought = parse(_quoted(word))
    node = _without(node_of(topic), sought)
    return None if node is None or node == node_of(topic) else printed(parse(printed(node)))


def is_change(words: str) -> bool:
    """Tell whether words add ("+word") and exclude ("-word"), instead of saying a whole query.

    A query may exclude, too, but it begins with what it looks for.
    """
    return len(words) > 1 and words[0] in "+-"


def name_for(title: str, taken: Sequence[str]) -> str:
    """Return a name for a topic that is not taken: its title in letters a-z, 躺平 as "tang-ping", else a hash of it.

    Kana say that the characters beside them are read in Japanese, which no table here knows.
    """
    read = title if _KANA.search(title) else spelled(fold(title))
    plain = unicodedata.normalize("NFKD", read).encode("ascii", "ignore").decode().lower()
    slug = _shortened(re.sub(r"[^a-z0-9]+", "-", plain).strip("-"))
    name = slug or f"topic-{xxhash.xxh3_64_hexdigest(title.encode())[:6]}"
    names = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return next(each for each in names if each not in taken)


def _shortened(slug: str) -> str:
    """Return a name with room for a number behind it, cut where a word ends."""
    if len(slug) <= LONGEST_NAME - 4:
        return slug
    cut = slug[: LONGEST_NAME - 3]
    return cut.rpartition("-")[0] or cut[:-1]


def _table(document: tomlkit.TOMLDocument, name: str) -> Table:
    topics: Any = document["topics"]
    table = topics[name]
    assert isinstance(table, Table), "the file was read before"
    return table


def _either(node: Node, part: Node) -> Node:
    """Return what wants one of both; exclusions of the first hold for both."""
    if isinstance(node, And) and any(isinstance(each, Not) for each in node.parts):
        kept = tuple(each for each in node.parts if isinstance(each, Not))
        wanted = tuple(each for each in node.parts if not isinstance(each, Not))
        inner = wanted[0] if len(wanted) == 1 else And(wanted)
        return And((_either(inner, part), *kept))
    return Or((*node.parts, part)) if isinstance(node, Or) else Or((node, part))


def _without(node: Node, sought: Node) -> Node | None:
    """Return a query without one of its parts; None where nothing is left."""
    if node == sought:
        return None
    if isinstance(node, Or | And):
        left = tuple(each for each in (_without(part, sought) for part in node.parts) if each is not None)
        if not left or (isinstance(node, And) and all(isinstance(each, Not) for each in left)):
            return None
        return left[0] if len(left) == 1 else type(node)(left)
    if isinstance(node, Not):
        return None if node.part == sought else node
    return node


def _quoted(word: str) -> str:
    """Return a word as the keyword language has it: one with a space is a phrase."""
    return f'"{word}"' if " " in word and '"' not in word else word
