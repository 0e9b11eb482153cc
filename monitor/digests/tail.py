"""The folded end of a digest: languages, what stood out, copies, new words, who was first, and what was read."""

from collections.abc import Sequence
from datetime import tzinfo

from monitor.digests.draft import Draft
from monitor.digests.platforms import is_web, platform_label, post_label
from monitor.digests.wording import (
    accounts,
    day_and_time,
    few,
    isolated,
    language_tag,
    left_out,
    mention_tag,
    plain,
    posts,
    span_of,
)
from monitor.models import CopyGroup, Digest, First, Mention, Phrase, Trend, Window
from monitor.saying import phrase, say, say_many

SMALLEST_GROUP = 10
"""Posts in a language below which they are "other": nobody shall stand alone."""

MOST_LANGUAGES = 6
LONGEST_LABEL = 40
LONGEST_PHRASE = 24
MOST_PHRASES = 4
MOST_BEGUN = 2

LOOKED_BACK = phrase("found when looking back")
"""What is older than our first look: earlier posts may well be unknown."""


def write_tail(draft: Draft, digest: Digest, read: str, zone: tzinfo) -> None:
    """Write the tail as an expandable quote; `read` is its last line."""
    trend = digest.trend
    lines = (
        _languages(trend),
        _burst(trend, zone),
        _copies(digest.largest_group),
        _phrases(trend.phrases),
        _hidden(digest.hidden),
        left_out(digest.others),
    )
    draft.write("\n")
    with draft.marked("expandable_blockquote"):
        draft.write("".join(f"\n{line}" for line in lines if line))
        _write_first(draft, digest, zone)
        draft.write(f"\n{read}" if read else "")


def _languages(trend: Trend) -> str:
    """Word the languages: "简 231 · 繁 94 · EN 71 · other 16"."""
    large = [each for each in trend.languages if each.count >= SMALLEST_GROUP and language_tag(each.label)]
    shown = large[:MOST_LANGUAGES]
    other = sum(each.count for each in trend.languages) - sum(each.count for each in shown)
    words = [f"{language_tag(each.label)} {each.count:,}" for each in shown]
    return " · ".join([*words, say("other {count}", count=f"{other:,}")] if other and words else words)


def _copies(group: CopyGroup | None) -> str:
    if group is None:
        return ""
    who = accounts(group.accounts) if group.accounts else ""
    said = (posts(group.count), who, span_of(group.span))
    return say("Same wording: {said}", said=say(", ").join(part for part in said if part))


def _hidden(count: int) -> str:
    if not count:
        return ""
    return say_many(
        "Counted, not shown: {count} post that could expose somebody",
        "Counted, not shown: {count} posts that could expose somebody",
        count,
    )


def _burst(trend: Trend, zone: tzinfo) -> str:
    """Word the hours that stood out: "Stood out: Wed 10:00 to 11:00, 64 posts, usual 9"."""
    burst = trend.burst
    if burst is None:
        return ""
    start, end = (day_and_time(each, trend.window.end, zone) for each in (burst.start, burst.end))
    until = end.rpartition(" ")[2]
    return say(
        "Stood out: {start} to {end}, {posts}, usual {usual}",
        start=start,
        end=until,
        posts=posts(burst.posts),
        usual=few(burst.expected),
    )


def _phrases(phrases: Sequence[Phrase]) -> str:
    """Word what came with it: "New with it: 食堂 57 · 专班 44"."""
    if not phrases:
        return ""
    shown = (f"{isolated(plain(each.text, LONGEST_PHRASE))} {each.voices:,}" for each in phrases[:MOST_PHRASES])
    words = " · ".join(shown)
    if phrases[0].is_sample:
        return say("New with it (of {read} read): {words}", read=f"{phrases[0].read:,}", words=words)
    return say("New with it: {words}", words=words)


def _write_first(draft: Draft, digest: Digest, zone: tzinfo) -> None:
    """Write who was first with what the digest tells about, and then with each script that began in its window."""
    window = digest.trend.window
    if digest.first is not None:
        draft.write("\n" + _earliest(digest, _remembered(digest.first, window, zone)))
    elif digest.earliest is not None:
        draft.write("\n" + _earliest(digest, day_and_time(digest.earliest.post.time, window.end, zone)))
        _write_where(draft, digest.earliest)
    begun = [each for each in begun_in(digest.trend) if _tag(each)]
    if begun:
        words = " · ".join(f"{_tag(each)} {_remembered(each, window, zone)}" for each in begun)
        draft.write("\n" + say("First time here: {words}", words=words))


def _earliest(digest: Digest, time: str) -> str:
    """Word of what it is the first: quotes of something else may be older, and would seem to prove it wrong."""
    if digest.link is not None:
        return say("Earliest we saw the link: {time}", time=time)
    return say("Earliest we saw that wording: {time}", time=time)


def begun_in(trend: Trend) -> list[First]:
    """Return the spellings and scripts that were first seen in a window, by a topic that was read well before it."""
    if trend.sampled_hours < trend.needed_hours:
        return []
    new = [each for each in trend.firsts if each.time >= trend.window.start and not each.backfilled]
    return new[:MOST_BEGUN]


def _tag(first: First) -> str:
    if first.form == "script":
        return language_tag(first.label)
    return isolated(plain(first.label, LONGEST_PHRASE))


def _remembered(first: First, window: Window, zone: tzinfo) -> str:
    """Word when and where a form was first seen; a post that was found by looking back is no proof of the first."""
    tag = language_tag(first.language) if first.form == "link" else ""
    parts = (
        day_and_time(first.time, window.end, zone),
        plain(platform_label(first.source), LONGEST_PHRASE),
        tag,
        say(LOOKED_BACK) if first.backfilled else "",
    )
    return say(", ").join(part for part in parts if part)


def _write_where(draft: Draft, mention: Mention) -> None:
    """Write where a post was, and in what; its platform leads to it where that may be shown."""
    post, tag = mention.post, mention_tag(mention)
    draft.write(say(", "))
    with draft.about(post.key, post.author.id):
        draft.link(plain(post_label(post), LONGEST_LABEL), post.url if is_web(post.url) else None)
        draft.write(say(", ") + tag if tag else "")
    draft.write(say(", ") + say(LOOKED_BACK) if mention.backfilled else "")
