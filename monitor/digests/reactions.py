"""One post in a digest: its quote, character for character, and where, when and how much."""

from datetime import tzinfo

from monitor.digests.draft import Draft
from monitor.digests.platforms import is_web, platform_label, post_label
from monitor.digests.wording import FSI, PDI, accounts, isolated, mention_tag, plain, posts, time_within
from monitor.models import Reaction, Span, Unquoted, Window
from monitor.saying import phrase, say
from monitor.text.quotes import Excerpt

LONGEST_NAME = 40

WHY_UNQUOTED: dict[Unquoted, str] = {
    "links": phrase("links only, as set"),
    "nameless": phrase("no quote: {platform} requires the author's name"),
    "handle": phrase("no quote: it names another account"),
    "inexact": phrase("no quote: it cannot be shown letter by letter"),
}
"""Why there is no quote, in the line that stands for it."""


def write_reaction(draft: Draft, reaction: Reaction, window: Window, zone: tzinfo) -> None:
    """Write the quote as a block, then a line about it; a post without a quote is that line with a link."""
    post = reaction.mention.post
    draft.write("\n")
    with draft.about(post.key, post.author.id):
        if reaction.quote is not None:
            with draft.marked("blockquote"):
                write_quote(draft, post.text, Excerpt(reaction.quote, _bold(reaction), reaction.cut))
            draft.write("\n")
        _write_origin(draft, reaction, window, zone)


def write_quote(draft: Draft, text: str, excerpt: Excerpt) -> None:
    """Write the slice of the post between isolation marks; an ellipsis stands outside them and is ours."""
    (start, end), (bold_start, bold_end) = excerpt.quote, excerpt.match
    draft.write("…" if excerpt.cut and text[:start].strip() else "")
    draft.write(FSI + text[start:bold_start])
    with draft.marked("bold"):
        draft.write(text[bold_start:bold_end])
    draft.write(text[bold_end:end] + PDI)
    draft.write("…" if excerpt.cut and text[end:].strip() else "")


def _bold(reaction: Reaction) -> Span:
    assert reaction.quote is not None, "only asked with a quote"
    return reaction.match or Span(reaction.quote.end, reaction.quote.end)


def _write_origin(draft: Draft, reaction: Reaction, window: Window, zone: tzinfo) -> None:
    """Write "Bluesky 14:31 · 简 · ♥310 (+290)"; the platform leads to the post."""
    post = reaction.mention.post
    url = post.url if is_web(post.url) else None
    if reaction.name:
        draft.write(f"{isolated(plain(reaction.name, LONGEST_NAME))} · ")
    draft.link(plain(post_label(post), LONGEST_NAME), url)
    draft.write(f" {time_within(post.time, window, zone)}")
    parts = (mention_tag(reaction.mention), _hearts(reaction), _wording(reaction), why_unquoted(reaction))
    draft.write("".join(f" · {part}" for part in parts if part))
    if reaction.quote is None:
        draft.write(" · ")
        draft.link(say("open"), url)


def why_unquoted(reaction: Reaction) -> str:
    """Word why a post is not quoted; "" for one that is."""
    if reaction.unquoted is None:
        return ""
    platform = platform_label(reaction.mention.post.key.source)
    return say(WHY_UNQUOTED[reaction.unquoted], platform=platform)


def _hearts(reaction: Reaction) -> str:
    """Word likes: "♥310 (+290)"; nothing where the platform counts none, no gain where none is known or all is gain."""
    count = reaction.engagement.likes
    if count is None:
        return ""
    if reaction.gained is None or reaction.gained == count:
        return f"♥{count:,}"
    return f"♥{count:,} ({'+' if reaction.gained >= 0 else '−'}{abs(reaction.gained):,})"


def _wording(reaction: Reaction) -> str:
    if reaction.copies < 2:
        return ""
    said = say("same wording: {posts}", posts=posts(reaction.copies))
    if reaction.copy_accounts == reaction.copies or _is_by_nobody(reaction):
        return said
    return say(", ").join((said, accounts(reaction.copy_accounts)))


def _is_by_nobody(reaction: Reaction) -> bool:
    """Tell whether no copy names its author, as in many archives: "1 account" would be invented."""
    return reaction.copy_accounts == 1 and reaction.mention.post.author.id is None
