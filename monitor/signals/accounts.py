"""Who speaks and in what, counted: accounts, platforms and languages of mentions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from monitor.models import Count, Mention, Post
from monitor.text.languages import covers

SCRIPT = 4
"""Letters of a subtag that names a script (BCP 47)."""


class Account(NamedTuple):
    """An account of a platform. The same person on two platforms is two accounts: nothing links them."""

    source: str
    id: str


def account_of(post: Post) -> Account | None:
    """Return the account that wrote a post; None where the platform named nobody."""
    identity = post.author.id or post.author.handle or post.author.name
    return Account(post.key.source, identity) if identity else None


def is_outlet(mention: Mention) -> bool:
    """Tell whether a post is what an outlet published: an article of a feed, no person's post."""
    return mention.post.key.source == "rss"


def count_accounts(mentions: Iterable[Mention]) -> int:
    """Return how many different accounts wrote the mentions; posts of nobody are not counted."""
    return len({account_of(mention.post) for mention in mentions} - {None})


def posts_by_account(mentions: Iterable[Mention]) -> Counter[Account]:
    """Return how many of the mentions each account wrote; posts of nobody are not counted."""
    counted = Counter(map(account_of, (mention.post for mention in mentions)))
    return Counter({account: count for account, count in counted.items() if account is not None})


def count_platforms(mentions: Iterable[Mention]) -> tuple[Count, ...]:
    """Return the posts of each source, most first."""
    return _by_count(Counter(mention.post.key.source for mention in mentions))


def count_languages(mentions: Iterable[Mention]) -> tuple[Count, ...]:
    """Return the posts in each language, as `written_in` names it, most first."""
    tags: Counter[str] = Counter()
    for (language, script), count in Counter((each.language, each.script) for each in mentions).items():
        tags[_tag(language, script)] += count
    return _by_count(tags)


def written_in(mention: Mention) -> str:
    """Return the language without its region, with its script where there is a choice: "zh-Hant", "yue", "hi-Latn".

    "zh" and "und" become zh-Hans or zh-Hant where the script says so.
    """
    return _tag(mention.language, mention.script)


def in_languages(mention: Mention, languages: Sequence[str]) -> bool:
    """Tell whether a mention is in one of the languages, as `covers` tells it; no languages hold everything.

    What nobody could name ("und") is held: a short post must not be lost because its language is in doubt.
    """
    if not languages:
        return True
    tag = written_in(mention)
    return tag == "und" or any(covers(each, tag) for each in languages)


def _tag(language: str, script: str | None) -> str:
    main, _, subtag = language.partition("-")
    if script in ("Hans", "Hant") and main in ("zh", "und"):
        return f"zh-{script}"
    return f"{main}-{subtag}" if subtag.isalpha() and len(subtag) == SCRIPT else main


def _by_count(counted: Mapping[str, int]) -> tuple[Count, ...]:
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Count(label, count) for label, count in ordered)
