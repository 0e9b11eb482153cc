"""Operators with a name and a colon: what each makes of its value, and what is said of those of other places."""

import re
from collections.abc import Callable, Mapping

from monitor.digests.platforms import LABELS
from monitor.text.folding import fold
from monitor.topics.language.query import Domain, Language, Leaf, MinLikes, Origin
from monitor.topics.values import Wrong, did_you_mean, language_of

MOST_LIKES = 1_000_000_000
"""More than anything has."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+{_LABEL}")
_NUMBER = re.compile(r"[0-9]{1,10}")

_PERSON = "follows a person, and topics follow words, never people; write the words that interest you"
_TIME = "is not needed: a topic begins when it is first followed, and each digest tells its window"
_SOURCES = {
    "twitter": "x",
    "hn": "hackernews",
    "news": "rss",
    "feed": "rss",
    "feeds": "rss",
    "推特": "x",
    "微博": "weibo",
    "油管": "youtube",
    "电报": "telegram",
    "新闻": "rss",
}
"""What people write for a source, folded."""

FOREIGN: Mapping[str, str] = {
    **dict.fromkeys(("from", "to", "user", "author", "account", "mention", "mentions", "by", "list", "bio"), _PERSON),
    **dict.fromkeys(("retweets_of", "in_reply_to_user", "retweeted_by", "liked_by", "followers"), _PERSON),
    **dict.fromkeys(("since", "until", "before", "after", "since_time", "until_time", "when", "within_time"), _TIME),
    **dict.fromkeys(("site", "url", "inurl", "link", "host"), "is written domain: here, as in domain:rfi.fr"),
    **dict.fromkeys(("min_faves", "min_fav", "likes", "min_hearts"), "is written min_likes: here, as in min_likes:100"),
    **dict.fromkeys(("min_retweets", "min_reposts", "min_replies"), "cannot be asked for; min_likes:100 can"),
    **dict.fromkeys(("language", "lr"), "is written lang: here, as in lang:zh-Hant"),
    **dict.fromkeys(("platform", "via", "app"), "is written source: here, as in source:bluesky"),
    **dict.fromkeys(("hashtag", "tag"), "is written # here, as in #砸锅卖铁"),
    **dict.fromkeys(("intitle", "intext", "title", "body", "text", "keyword"), "is not needed: write the word alone"),
    **dict.fromkeys(("regex", "re"), "is written between slashes here, as in /砸锅.{0,3}铁/"),
    **dict.fromkeys(("near", "within"), "is written NEAR/5 between two words here, as in pots NEAR/5 iron"),
    **dict.fromkeys(("filter", "has", "is"), "cannot be asked for: photos, links, replies and reposts all count"),
    **dict.fromkeys(("place", "near_place", "geocode", "location", "place_country"), "cannot be asked for"),
}
"""What is said of operators that other places have and this one has not."""


def named_leaf(name: str, value: str) -> Leaf:
    """Return what `name:value` asks for. Raises Wrong with what was expected."""
    operator = OPERATORS.get(name.lower())
    if operator is None:
        raise Wrong(_unknown(name))
    if not value:
        raise Wrong(f"write what you mean directly behind {name}: and without a space, as in {EXAMPLES[name.lower()]}")
    return operator(value)


def is_operator(name: str) -> bool:
    """Tell whether a name before a colon is one of ours."""
    return name.lower() in OPERATORS


def _unknown(name: str) -> str:
    if name.lower() in FOREIGN:
        return f"{name}: {FOREIGN[name.lower()]}"
    known = (
        did_you_mean(f"{name}:", [f"{each}:" for each in OPERATORS])
        or f"; known are {', '.join(f'{each}:' for each in OPERATORS)}"
    )
    return f'there is no operator "{name}:"{known}; to look for the words themselves put them in quotes'


def _domain(value: str) -> Leaf:
    """Return a link to a host; an address is taken by its host, when it names nothing below."""
    given = value.strip().lower()
    _, slashes, rest = given.partition("://")
    bare = (rest if slashes else given).removeprefix("*.").removeprefix("www.").rstrip("/.")
    name, *below = re.split("[/?#]", bare)
    if below:
        raise Wrong(f"domain: takes the name of a site only; write domain:{name}")
    if not name.isascii():
        name = _in_ascii(name)
    if not _HOST.fullmatch(name):
        raise Wrong(f'"{value[:40]}" is not the name of a site; write it as in domain:rfi.fr')
    return Domain(name)


def _in_ascii(name: str) -> str:
    """Return a name as DNS has it (RFC 3490); as it is where it cannot be."""
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _language(value: str) -> Leaf:
    return Language(language_of(value))


def _origin(value: str) -> Leaf:
    asked = fold(value)
    names = {fold(each): name for name, label in LABELS.items() for each in (name, label)} | _SOURCES
    if asked not in names:
        known = did_you_mean(asked, names) or f"; known are {', '.join(sorted(LABELS))}"
        raise Wrong(f'unknown source "{value[:40]}"{known}')
    return Origin(names[asked])


def _min_likes(value: str) -> Leaf:
    digits = value.replace(",", "").replace("_", "")
    count = int(digits) if _NUMBER.fullmatch(digits) else 0
    if not 1 <= count <= MOST_LIKES:
        raise Wrong(f'min_likes: takes a whole number from 1, as in min_likes:100, not "{value[:40]}"')
    return MinLikes(count)


OPERATORS: Mapping[str, Callable[[str], Leaf]] = {
    "lang": _language,
    "source": _origin,
    "domain": _domain,
    "min_likes": _min_likes,
}
EXAMPLES: Mapping[str, str] = {
    "lang": "lang:zh-Hant",
    "source": "source:bluesky",
    "domain": "domain:rfi.fr",
    "min_likes": "min_likes:100",
}
