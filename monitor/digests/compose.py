"""A digest from what was seen: which posts, which quote of each, what stays hidden; render.py words it."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import UTC

import msgspec

from monitor.digests.earliest import with_first
from monitor.digests.people import PeopleClass, Policy, Shown, classes_of, classify, has_handle, is_anything_shown, show
from monitor.digests.platforms import content_of, is_web
from monitor.models import (
    Author,
    CopyGroup,
    Digest,
    Mention,
    PostKey,
    QueryStatus,
    Reaction,
    SharedLink,
    Topic,
    Trend,
    Unquoted,
    Window,
)
from monitor.signals.accounts import in_languages
from monitor.signals.copies import group_copies
from monitor.signals.ranking import History, Ranked, about_link, earliest, most_shared_link, page_of, rank
from monitor.text.quotes import Excerpt, excerpt
from monitor.text.urls import canonical

REACTIONS = 3
CANDIDATES = 12
"""Ranked posts looked at for three that can be shown."""

LINK_ONLY_SHOWN = 1
"""Posts without a quote among the reactions, while there are others: a digest of bare links tells nothing."""

QUOTE_LENGTH = 140


Classes = Sequence[PeopleClass]
"""The classes of as many mentions, in their order: what is asked of few posts is worked out again, by `classify`."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest is asked to be: of which topic and window, for whom, showing how much of people.

    `named` lists who may be named (see `people.classify`). `chat` and `thread` are where it goes; with topic, kind and
    window they make its id. `told` holds posts that other digests showed there: they are counted, not shown
    again, unless the digest `is_whole`.
    """

    topic: Topic
    window: Window
    kind: str = "daily"
    chat: str = ""
    thread: str = ""
    people: Policy = "default"
    named: frozenset[str] = frozenset()
    told: frozenset[PostKey] = frozenset()
    is_whole: bool = False


def compose(
    brief: Brief,
    mentions: Sequence[Mention],
    history: History,
    trend: Trend,
    statuses: Sequence[QueryStatus],
    others: int = 0,
) -> Digest:
    """Return the digest of a window's mentions. Pure: the same arguments make the same digest, byte for byte.

    `history` holds how the engagement of each post was observed; `trend` is `bursts.measure` of the same mentions.
    `others` counts posts that were left out, because they mean something else.
    """
    languages = brief.topic.languages
    heard = [each for each in mentions if in_languages(each, languages)] if languages else mentions
    classes = classes_of(heard, brief.named)
    link, page = _link(heard, classes, brief.named)
    groups = group_copies(heard, limit=1)
    made = Digest(
        id=digest_id(brief),
        topic=brief.topic.name,
        title=brief.topic.title,
        kind=brief.kind,
        trend=trend,
        statuses=tuple(statuses),
        reactions=tuple(_reactions(heard, classes, history, brief)),
        link=link,
        page=page,
        largest_group=groups[0] if groups else None,
        earliest=_earliest(_told(heard, link, groups), brief),
        hidden=classes.count("C"),
        others=others,
    )
    return with_first(made)


def for_chat(digest: Digest, brief: Brief) -> Digest:
    """Return a digest as it is for another chat that was told nothing yet: the chat makes the id, and no more."""
    return msgspec.structs.replace(digest, id=digest_id(brief))


def digest_id(brief: Brief) -> str:
    """Return the id that a chat's digest of a topic, kind and window always has: 96 bits of BLAKE2b, in hex."""
    times = (moment.astimezone(UTC).isoformat() for moment in brief.window)
    parts = ("1", brief.chat, brief.thread, brief.topic.name, brief.kind, *times)
    said = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _reactions(mentions: Sequence[Mention], classes: Classes, history: History, brief: Brief) -> list[Reaction]:
    """Return the posts to show, those with a quote first."""
    silent = {each for each in set(classes) if not is_anything_shown(each, brief.people)}
    allowed = [each for each, people_class in zip(mentions, classes, strict=True) if people_class not in silent]
    if brief.told:
        allowed = [each for each in allowed if each.post.key not in brief.told]

    def shown(mention: Mention) -> Shown:
        return show(classify(mention, brief.named), brief.people, mention.post.key.source)

    ranked = rank(allowed, history, brief.window, CANDIDATES, lambda each: _is_showable(each, shown(each)))
    reactions = [reaction_of(each, shown(each.mention)) for each in ranked]
    quoted = [each for each in reactions if each.quote is not None]
    linked = [each for each in reactions if each.quote is None and is_web(each.mention.post.url)]
    room = max(LINK_ONLY_SHOWN, REACTIONS - len(quoted))
    best = _first_of(reactions, quoted, linked[:room])
    return sorted(best, key=lambda each: each.quote is None)


def _is_showable(mention: Mention, shown: Shown) -> bool:
    """Tell whether anything of a post can stand in a digest: a link, or a quote that is allowed and fit."""
    return is_web(mention.post.url) or _unquoted(mention, shown, _name(mention.post.author)) is None


def _first_of(reactions: Sequence[Reaction], *kept: Sequence[Reaction]) -> list[Reaction]:
    keys = {each.mention.post.key for some in kept for each in some}
    return [each for each in reactions if each.mention.post.key in keys][:REACTIONS]


def reaction_of(ranked: Ranked, shown: Shown) -> Reaction:
    """Return what may be shown of a post: its name, a quote of it, or neither.

    Where a quote must stand with its author's name, there is none without it.
    """
    post = ranked.mention.post
    name = _name(post.author) if shown.name else None
    unquoted = _unquoted(ranked.mention, shown, name)
    cut = _excerpt(ranked.mention) if unquoted is None else None
    return Reaction(
        mention=ranked.mention if shown.name else without_names(ranked.mention),
        engagement=ranked.engagement,
        gained=ranked.gained,
        quote=cut.quote if cut else None,
        match=cut.match if cut else None,
        unquoted=unquoted,
        cut=cut.cut if cut else False,
        name=name,
        copies=ranked.copies,
        copy_accounts=ranked.copy_accounts,
    )


def _unquoted(mention: Mention, shown: Shown, name: str | None) -> Unquoted | None:
    """Return why a post is not quoted; None for one that is."""
    if content_of(mention.post.key.source) == "link_only" and not (shown.quote and name):
        return "nameless"
    if not shown.quote:
        return "links"
    cut = _excerpt(mention)
    if cut is None:
        return "inexact"
    return "handle" if _names_somebody(mention, cut) else None


def _names_somebody(mention: Mention, cut: Excerpt) -> bool:
    return has_handle(mention.post.text[slice(*cut.quote)])


def _excerpt(mention: Mention) -> Excerpt | None:
    """Return the slice of a post's text around its match; None where no slice is shown as it is."""
    text = mention.post.text
    spans = [span for hit in mention.terms for span in hit.spans]
    cut = excerpt(text, spans, QUOTE_LENGTH)
    if cut is None:
        return None
    assert 0 <= cut.quote.start <= cut.match.start < cut.match.end <= cut.quote.end <= len(text), "a quote is a slice"
    return cut


def _link(
    mentions: Sequence[Mention], classes: Classes, named: Collection[str]
) -> tuple[SharedLink | None, Mention | None]:
    """Return the most shared link, its title unless that exposes somebody, and the post whose first line that is."""
    if not any(each.post.links for each in mentions):
        return None, None
    link = most_shared_link(mentions, hidden=_hidden_urls(mentions, classes))
    if link is None or not is_web(link.url):
        return None, None
    page = page_of(mentions, link.url)
    people_class = None if page is None else classify(page, named)
    is_named = people_class == "B" and has_handle(link.title or "")
    if page is None or is_named or people_class == "C":
        return msgspec.structs.replace(link, title=None), None
    if page.post.key.source != "rss" or people_class != "A":
        return link, page
    return msgspec.structs.replace(link, outlet=page.post.author.name), page


def _hidden_urls(mentions: Sequence[Mention], classes: Classes) -> frozenset[str]:
    """Return the addresses of posts that must not be shown, however many share them: class C, and withdrawn ones.

    An outlet's article is no person's post: it loses its title, not its link.
    """
    judged = zip(mentions, classes, strict=True)
    hidden = (each.post for each, people_class in judged if people_class == "C" or each.withdrawn)
    urls = (canonical(post.url) for post in hidden if post.url and post.key.source != "rss")
    return frozenset(url for url in urls if url is not None)


def _told(mentions: Sequence[Mention], link: SharedLink | None, groups: Sequence[CopyGroup]) -> list[Mention]:
    """Return the mentions of what the digest tells about: the shared link, else the most copied wording."""
    if link is not None:
        return about_link(mentions, link.url)
    return [each for each in mentions if each.group == groups[0].group] if groups else []


def _earliest(mentions: Sequence[Mention], brief: Brief) -> Mention | None:
    """Return the first of the mentions; class B without its address, class C not at all: the second was not the first.

    It is asked for what the digest tells about: the first post of a window says when the window began, no more.
    """
    first = earliest(mentions)
    if first is None:
        return None
    people_class = classify(first, brief.named)
    if people_class == "A" and not first.withdrawn:
        return first
    if not show(people_class, brief.people).link:
        return None
    bare = without_names(first)
    return msgspec.structs.replace(bare, post=msgspec.structs.replace(bare.post, url=None))


def without_names(mention: Mention) -> Mention:
    """Return the mention with nothing of its author but the id, which in the store is a keyed hash."""
    author = Author(id=mention.post.author.id)
    return msgspec.structs.replace(mention, post=msgspec.structs.replace(mention.post, author=author))


def _name(author: Author) -> str | None:
    if author.name and author.handle:
        return f"{author.name} (@{author.handle.lstrip('@')})"
    return author.name or author.handle
