"""The folded end of a digest: languages, copies, what is not shown, who was first, and what was read."""

from datetime import tzinfo

from monitor.digests.draft import Draft
from monitor.digests.platforms import is_web, post_label
from monitor.digests.wording import day_and_time, language_tag, left_out, many, mention_tag, plain, span_of
from monitor.models import CopyGroup, Digest, Mention, Trend, Window

SMALLEST_GROUP = 10
"""Posts in a language below which they are "other": nobody shall stand alone."""

LONGEST_LABEL = 40


def write_tail(draft: Draft, digest: Digest, read: str, zone: tzinfo) -> None:
    """Write the tail as an expandable quote; `read` is its last line."""
    lines = (_languages(digest.trend), _copies(digest.largest_group), _hidden(digest.hidden), left_out(digest.others))
    draft.write("\n")
    with draft.marked("expandable_blockquote"):
        draft.write("".join(f"\n{line}" for line in lines if line))
        if digest.earliest is not None:
            _write_earliest(draft, digest.earliest, digest.trend.window, zone)
        draft.write(f"\n{read}" if read else "")


def _languages(trend: Trend) -> str:
    """Word the languages: "简 231 · 繁 94 · EN 71 · other 16"."""
    shown = [each for each in trend.languages if each.count >= SMALLEST_GROUP and language_tag(each.label)]
    other = sum(each.count for each in trend.languages) - sum(each.count for each in shown)
    words = [f"{language_tag(each.label)} {each.count:,}" for each in shown]
    return " · ".join([*words, f"other {other:,}"] if other and words else words)


def _copies(group: CopyGroup | None) -> str:
    if group is None:
        return ""
    accounts = f", {many(group.accounts, 'account')}" if group.accounts else ""
    return f"Same wording: {many(group.count, 'post')}{accounts}, {span_of(group.span)}"


def _hidden(count: int) -> str:
    return f"Counted, not shown: {many(count, 'post')} that could expose somebody" if count else ""


def _write_earliest(draft: Draft, mention: Mention, window: Window, zone: tzinfo) -> None:
    post = mention.post
    draft.write(f"\nEarliest we saw: {day_and_time(post.time, window.end, zone)}, ")
    tag = mention_tag(mention)
    with draft.about(post.key):
        draft.link(plain(post_label(post), LONGEST_LABEL), post.url if is_web(post.url) else None)
        draft.write(f", {tag}" if tag else "")
