"""An alert in words: what is rising, beside what, one quote, and when the next one would come.

#topic rising: 64 posts in 60 min      bold
usual 9 · 51 accounts, 3 platforms
Most shared: its own title             a link
▎quote                                 blockquote
Bluesky 14:31 · 简
Next 6 h: only above 128 an hour.
"""

from datetime import tzinfo

from monitor.burst import Burst
from monitor.digests.draft import Draft
from monitor.digests.headline import write_title
from monitor.digests.reactions import write_reaction
from monitor.digests.wording import few, hashtag, many
from monitor.models import Digest, Message
from monitor.signals.alerts import Gates


def render_alert(digest: Digest, burst: Burst, again_above: int, chat: str, zone: tzinfo) -> Message:
    """Return the message of an alert, which is loud; times in the reader's zone. `digest` is that of its hour."""
    draft = Draft()
    minutes = round((burst.end - burst.start).total_seconds() / 60)
    with draft.marked("bold"):
        draft.write(f"{hashtag(digest.title)} rising: {many(burst.posts, 'post')} in {minutes} min")
    platforms = many(burst.platforms, "platform")
    draft.write(f"\nusual {few(burst.expected)} · {many(burst.accounts, 'account')}, {platforms}")
    if digest.link is not None:
        draft.write("\nMost shared: ")
        write_title(draft, digest.link)
    for reaction in digest.reactions[:1]:
        write_reaction(draft, reaction, digest.trend.window, zone)
    hours = Gates().cooldown.total_seconds() / 3600
    draft.write(f"\nNext {hours:.0f} h: only above {again_above:,} an hour.")
    return Message(
        id=f"{digest.id}-0",
        chat=chat,
        digest_id=digest.id,
        part=0,
        text=draft.text,
        entities=draft.entities(),
        silent=False,
        quotes=draft.quotes(),
    )
