"""A digest in words: one message of plain text and entities, at most 1,500 characters.

Could not look: …                      first, when the numbers below mean little
#topic: 412 posts, ×3.1                bold                                            headline.py
24 h to Wed 08:00 Taipei time · usual 133 · …

168 share one link, since Tue 14:05
its own title                          a link

▎quote                                 blockquote, the match in bold                   reactions.py
Bluesky 14:31 · 简 · ♥310 (+290)        the platform leads to the post

▎languages, wording, earliest, read    expandable blockquote                           tail.py
"""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from msgspec.structs import replace

from monitor.digests import coverage
from monitor.digests.draft import LONGEST_TEXT, MOST_ENTITIES, Draft
from monitor.digests.formats import to_html, to_terminal
from monitor.digests.headline import is_quiet, quiet_headline, told_window, write_headline, write_link
from monitor.digests.reactions import write_reaction
from monitor.digests.tail import write_tail
from monitor.digests.wording import hashtag
from monitor.models import Digest, Message, Reaction
from monitor.nouns.message import part_id
from monitor.saying import say

__all__ = ["LONGEST", "is_quiet", "render", "to_html", "to_terminal"]

LONGEST = 1500
"""Length of a digest, in UTF-16 units; a telephone shows it on two screens."""


def render(digest: Digest, chat: str, zone: tzinfo = UTC) -> Message:
    """Return the message of a digest for a chat, times in the reader's zone.

    Quotes are never cut here: when the text is too long, the last posts are left out.
    """
    draft = _draft(digest, zone)
    entities = draft.entities()
    assert draft.length <= LONGEST <= LONGEST_TEXT, "every part of a digest has its own limit"
    assert len(entities) <= MOST_ENTITIES, "three quotes and a tail have some twenty entities"
    return Message(
        id=part_id(digest.id, 0),
        chat=chat,
        digest_id=digest.id,
        part=0,
        text=draft.text,
        entities=entities,
        quotes=draft.quotes(),
    )


def _draft(digest: Digest, zone: tzinfo) -> Draft:
    if is_quiet(digest.trend):
        return _quiet(digest, zone)
    for count in range(len(digest.reactions), 0, -1):
        draft = _full(digest, digest.reactions[:count], zone)
        if draft.length <= LONGEST:
            return draft
    draft = _full(digest, (), zone)
    return draft if draft.length <= LONGEST else _full(_without_extras(digest), (), zone)


def _without_extras(digest: Digest) -> Digest:
    """Return a digest without the lines of its tail that it can do without."""
    return replace(digest, trend=replace(digest.trend, burst=None, phrases=(), firsts=()))


def _quiet(digest: Digest, zone: tzinfo) -> Draft:
    """Write one line, and before it what could not be looked at: few posts found may be few posts read."""
    draft = Draft()
    sources = coverage.readings(digest.statuses, digest.trend.window)
    unread = coverage.unread_line(sources, digest.trend.window, zone)
    blind = coverage.is_blind(sources)
    if unread or blind:
        _warn(draft, unread)
    if blind and digest.trend.count == 0:
        window = told_window(digest, zone)
        draft.write(say("{topic}: unknown for {window}.", topic=hashtag(digest.title), window=window))
        return draft
    with draft.marked("bold"):
        draft.write(quiet_headline(digest, zone))
    read = coverage.read_line(sources, digest.trend.window, zone)
    if read:
        draft.write(
            say(". Read: {sources}.", sources=read) if digest.trend.count else say("; read: {sources}.", sources=read)
        )
    return draft


def _full(digest: Digest, reactions: Sequence[Reaction], zone: tzinfo) -> Draft:
    draft = Draft()
    sources = coverage.readings(digest.statuses, digest.trend.window)
    unread = coverage.unread_line(sources, digest.trend.window, zone)
    blind = coverage.is_blind(sources)
    if blind:
        _warn(draft, unread)
    write_headline(draft, digest, zone)
    if digest.link is not None:
        write_link(draft, digest.link, digest.page, digest.trend.window, zone)
    if reactions:
        draft.write("\n")
    for reaction in reactions:
        write_reaction(draft, reaction, digest.trend.window, zone)
    read = coverage.read_line(sources, digest.trend.window, zone)
    write_tail(draft, digest, coverage.coverage_line(read, "" if blind else unread), zone)
    return draft


def _warn(draft: Draft, unread: str) -> None:
    draft.write(say("Could not look: {sources}.", sources=unread or say("no source was read")) + "\n")
