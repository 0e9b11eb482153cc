"""An alert in words: what is rising, beside what, one quote, and when the next one would come.

#topic rising: 64 posts in 60 min      bold
14:00–15:00 Taipei time, usual then 9 · 51 accounts, 3 platforms
Most shared: its own title             a link
▎quote                                 blockquote
Bluesky 14:31 · 简
Next 6 h: only above 128 an hour.
"""

from datetime import tzinfo

from monitor.digests.draft import Draft
from monitor.digests.gist import hour_told
from monitor.digests.headline import write_title
from monitor.digests.reactions import write_reaction
from monitor.digests.wording import accounts, hashtag, listed, posts
from monitor.models import Digest, Message
from monitor.nouns.burst import Burst
from monitor.nouns.message import part_id
from monitor.saying import say, say_many
from monitor.signals.alerts import Gates


def render_alert(digest: Digest, burst: Burst, again_above: int, chat: str, zone: tzinfo) -> Message:
    """Return the message of an alert, which is loud; times in the reader's zone. `digest` is that of its hour."""
    draft = Draft()
    minutes = round((burst.end - burst.start).total_seconds() / 60)
    with draft.marked("bold"):
        topic = hashtag(digest.title)
        draft.write(say("{topic} rising: {posts} in {count} min", topic=topic, posts=posts(burst.posts), count=minutes))
    who = listed([accounts(burst.accounts), say_many("{count} platform", "{count} platforms", burst.platforms)])
    draft.write(f"\n{hour_told(burst, zone)} · {who}")
    if digest.link is not None:
        draft.write("\n" + say("Most shared: "))
        write_title(draft, digest.link, digest.page)
    for reaction in digest.reactions[:1]:
        write_reaction(draft, reaction, digest.trend.window, zone)
    hours = Gates().cooldown.total_seconds() / 3600
    draft.write(
        "\n" + say("Next {hours} h: only above {count} an hour.", hours=f"{hours:.0f}", count=f"{again_above:,}")
    )
    return Message(
        id=part_id(digest.id, 0),
        chat=chat,
        digest_id=digest.id,
        part=0,
        text=draft.text,
        entities=draft.entities(),
        silent=False,
        quotes=draft.quotes(),
    )
