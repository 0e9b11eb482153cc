"""A post as it is cited elsewhere: quote, place, when it was written and when we saw it, and its address."""

from datetime import datetime, tzinfo

from monitor.digests.platforms import is_web, post_label
from monitor.digests.reactions import why_unquoted
from monitor.digests.wording import plain, quoted
from monitor.digests.zones import cited_time
from monitor.models import Reaction
from monitor.saying import say

LONGEST_NAME = 300


def citation_of(reaction: Reaction, zone: tzinfo) -> str:
    """Word a post for whoever copies it; times in the reader's zone, which is named with its distance from UTC."""
    post = reaction.mention.post
    times = (post.time, post.observed_at)
    at, seen = (_stamp(each, zone) for each in times)
    said = say("{at}, seen {seen} ({zone})", at=at, seen=seen, zone=cited_time(times, zone))
    address = post.url if post.url is not None and is_web(post.url) else ""
    who = plain(reaction.name, LONGEST_NAME) + say(", ") if reaction.name else ""
    return f"{_words_of(reaction)}\n{who}{post_label(post)}{say(', ')}{said}\n{address}".rstrip()


def _words_of(reaction: Reaction) -> str:
    """Return the quote of a post, or why there is none."""
    if reaction.quote is not None:
        return quoted(reaction.mention.post.text[slice(*reaction.quote)])
    return say("({why})", why=why_unquoted(reaction))


def _stamp(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
