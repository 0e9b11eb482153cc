"""Every key: its slot, its owner and the rule by which it ends.

    {t:NAME}   a topic: posts with their copy groups, indexes, engagement, roll-ups
    {c:CHAT}   a chat: subscriptions, messages handed over, outbox, claimed posts, the one sender
    {work}     due list, leases, cursors and coverage, topics, chats, the bot's pace, people

A script touches one slot, so that all of it runs on a cluster. Each slot begins with a prefix, "dm:" for the living
data and another one for each replay, which therefore never meets it.
"""

from typing import Literal, NamedTuple

from monitor.models import Query

LIVE = "dm:"
QUERY_TTL_DAYS = 40
TAKEN_SECONDS = 150
ROLLUP_DAYS = 400
MESSAGES_KEPT = 500
DELIVERIES_DAYS = 60
IDS_KEPT = 1000
TOKENS_KEPT = 200
UPDATES_KEPT = 1000
UPDATES_DAYS = 60
SUBSCRIBERS_DAYS = 1
QUARANTINE_DAYS = 30
SPEND_DAYS = 60
NAMES_DAYS = 30
BILLED_DAYS = 2
ALERTS_DAYS = 2
UPDATES_KNOWN = 50_000
PROPOSALS_KEPT = 50
AUDIT_KEPT = 1000
SESSION_DAYS = 60


class KeyKind(NamedTuple):
    """A family of keys. `expiry` says what ends it: a time to live, a prune, or the size of the configuration."""

    slot: Literal["topic", "chat", "work"]
    name: str
    type: Literal["hash", "zset", "string"]
    owner: str
    expiry: str


KINDS = (
    KeyKind("topic", "posts", "hash", "Mentions", "prune: the topic's retention"),
    KeyKind("topic", "times", "zset", "Mentions", "prune: with its post"),
    KeyKind("topic", "backfilled", "zset", "Mentions", "prune: with its post"),
    KeyKind("topic", "copies", "zset", "Mentions", "prune: all of it, an index that version 2 had"),
    KeyKind("topic", "terms", "zset", "Mentions", "prune: all of it, an index that version 3 had"),
    KeyKind("topic", "engagement", "hash", "Mentions", "prune: with its post"),
    KeyKind("topic", "rollups", "hash", "Mentions", f"prune: {ROLLUP_DAYS} days"),
    KeyKind("topic", "firsts", "hash", "Remembered", "trimmed: one field per form, the newest ones"),
    KeyKind("topic", "said", "hash", "HourCounts", f"prune: {ROLLUP_DAYS} days"),
    KeyKind("topic", "tallies", "hash", "Tallies", f"prune: {ROLLUP_DAYS} days"),
    KeyKind("topic", "scores", "hash", "Scores", "one field, until the topic's posts are pruned"),
    KeyKind("chat", "messages", "hash", "Outgoing", f"trimmed to the newest {MESSAGES_KEPT}"),
    KeyKind("chat", "order", "zset", "Outgoing", f"trimmed to the newest {MESSAGES_KEPT}"),
    KeyKind("chat", "outbox", "hash", "Outbox", f"prune: {DELIVERIES_DAYS} days after it was handed over"),
    KeyKind("chat", "parcels", "hash", "Outbox", "prune: with its record in the outbox"),
    KeyKind("chat", "queue", "zset", "Outbox", "one member per message that is not over"),
    KeyKind("chat", "handed", "zset", "Outbox", "prune: with its record in the outbox"),
    KeyKind("chat", "claims", "hash", "Outbox", "prune: with the message that shows the post"),
    KeyKind("chat", "ids", "zset", "Outbox", f"trimmed to the newest {IDS_KEPT}; with the chat"),
    KeyKind("chat", "extras", "zset", "Outbox", "one member per copy until it is removed"),
    KeyKind("chat", "late", "zset", "Outbox", "one member per message until its copies were looked for"),
    KeyKind("chat", "undelivered", "zset", "Outbox", "prune: with its record in the outbox"),
    KeyKind("chat", "episode", "string", "Outbox", "one value, until a message arrives again"),
    KeyKind("chat", "address", "string", "Outbox", "one value"),
    KeyKind("chat", "sender", "hash", "SenderLeases", "one field; with the chat"),
    KeyKind("chat", "sender-fence", "string", "SenderLeases", "one value; with the chat"),
    KeyKind("chat", "sends", "zset", "Outbox", "time to live of twice the longest window of the pace"),
    KeyKind("chat", "subscriptions", "hash", "Subscriptions", "one field per topic that the chat is subscribed to"),
    KeyKind("chat", "away", "string", "Subscriptions", "one value, while the bot is out of the chat"),
    KeyKind(
        "chat", "applied", "zset", "Subscriptions", f"trimmed to {UPDATES_KEPT}; time to live of {UPDATES_DAYS} days"
    ),
    KeyKind("chat", "refused", "zset", "Subscriptions", "time to live of an hour after the last refusal"),
    KeyKind("chat", "late-digests", "zset", "Telling", "time to live of twice the window of its pace"),
    KeyKind("chat", "survey", "string", "Repairs", "time to live of as many days as deliveries are kept"),
    KeyKind("chat", "corrections", "zset", "Repairs", "one member per message until it is edited"),
    KeyKind("chat", "alerts", "hash", "Alerts", f"time to live of {ALERTS_DAYS} days after the last alert"),
    KeyKind("chat", "wishes", "hash", "Wishes", "one field per subscription and one for the chat; with the chat"),
    KeyKind("work", "schema", "string", "migrate", "one value"),
    KeyKind("work", "topics", "hash", "Topics", "one field per topic"),
    KeyKind("work", "topics-meta", "hash", "Topics", "two fields"),
    KeyKind("work", "topics-since", "hash", "Topics", "one field per topic"),
    KeyKind("work", "topics-retired", "hash", "Topics", "one field per topic that left, until its posts are pruned"),
    KeyKind("work", "due", "zset", "Schedule", "one member per job of the plan"),
    KeyKind("work", "due-since", "hash", "Schedule", "one field per overdue job"),
    KeyKind("work", "leases", "hash", "Leases", "one field per job at work"),
    KeyKind("work", "fence", "string", "Leases", "one counter"),
    KeyKind("work", "committed", "string", "Progress", "one value"),
    KeyKind("work", "chats", "hash", "Chats", "one field per chat with a message or a subscription"),
    KeyKind("work", "homes", "hash", "Chats", "one field per chat that got another id"),
    KeyKind(
        "work",
        "subscribers",
        "zset",
        "Subscriptions",
        f"one member per subscription, swept {SUBSCRIBERS_DAYS} d after it",
    ),
    KeyKind("work", "run", "string", "Restarts", "one value"),
    KeyKind("work", "floods", "zset", "Floods", "one member per chat, until its wait is over"),
    KeyKind("work", "bot-sends", "zset", "Chats", "time to live of twice the window of the pace"),
    KeyKind("work", "people", "hash", "People", "one field per person with a role"),
    KeyKind("work", "appointed", "zset", "People", f"trimmed to the newest {UPDATES_KEPT}"),
    KeyKind(
        "work", "tokens", "hash", "People", f"one field per token that waits or was used lately, at most {TOKENS_KEPT}"
    ),
    KeyKind(
        "work", "quarantine", "hash", "Quarantine", f"prune: {QUARANTINE_DAYS} days, and trimmed by number and bytes"
    ),
    KeyKind("work", "quarantine-order", "zset", "Quarantine", "prune: with its item"),
    KeyKind("work", "quarantine-sizes", "hash", "Quarantine", "prune: with its item; and two fields"),
    KeyKind("work", "breakers", "hash", "Breakers", "one field per source, or feed's host, that failed last"),
    KeyKind("work", "told", "hash", "Telling", "one field per topic, until its posts are pruned"),
    KeyKind("work", "inbox", "hash", "Inbox", "one field per update until it is answered"),
    KeyKind("work", "inbox-order", "zset", "Inbox", "one member per update until it is answered"),
    KeyKind("work", "inbox-tries", "hash", "Inbox", "one field per update that was begun, until it is answered"),
    KeyKind("work", "inbox-known", "zset", "Inbox", f"trimmed to the newest {UPDATES_KNOWN} of six days"),
    KeyKind("work", "inbox-state", "hash", "Inbox", "five fields"),
    KeyKind("work", "inbox-told", "zset", "Inbox", "one member per person told to wait, for an hour"),
    KeyKind("work", "inbox-pace", "zset", "Inbox", "time to live of twice the window of the pace"),
    KeyKind(
        "work", "taken", "string", "Schedule", f"time to live of {TAKEN_SECONDS} s, one key per sweep that took jobs"
    ),
    KeyKind("work", "forgotten", "hash", "Forgotten", "one field per author who asked for it: a keyed hash"),
    KeyKind("work", "names", "hash", "Names", f"one field per author who was looked up, swept after {NAMES_DAYS} days"),
    KeyKind("work", "departed", "zset", "Departed", "one member per author who is gone, until their posts are erased"),
    KeyKind(
        "work", "packs", "zset", "Packs", f"one member per packed query, until {QUERY_TTL_DAYS} days after it left"
    ),
    KeyKind("work", "learned", "hash", "Packs", "one field per source that taught something"),
    KeyKind("work", "spend", "hash", "Spend", f"one field per paid source and UTC day, swept after {SPEND_DAYS} days"),
    KeyKind("work", "billed", "zset", "Spend", f"time to live of {BILLED_DAYS} days, one key per paid source and day"),
    KeyKind("work", "plans", "hash", "Wishes", "one field per subscription with times of its own; swept daily"),
    KeyKind("work", "proposals", "hash", "Proposals", f"trimmed to the newest {PROPOSALS_KEPT}"),
    KeyKind("work", "edited", "hash", "Proposals", "one field per topic that was edited from the bot"),
    KeyKind("work", "audit", "zset", "Proposals", f"trimmed to the newest {AUDIT_KEPT}"),
    KeyKind("work", "feedback", "hash", "Feedback", "one field per reader, topic and day, for a month"),
    KeyKind(
        "work", "reviews", "hash", "Reviews", f"one field per topic and channel, swept after {DELIVERIES_DAYS} days"
    ),
    KeyKind("work", "shown", "zset", "Messages", "swept daily: one member per post that a message shows"),
    KeyKind("work", "taken-back", "zset", "Messages", "time to live of a quarter of an hour after the last deletion"),
    KeyKind("work", "prefixes", "zset", "noted", "one member per replay or restore, erased after a day at most"),
    KeyKind("work", "leapt", "string", "Setbacks", "time to live of half an hour after the clock leapt"),
    KeyKind("work", "restored", "string", "Repairs", "time to live of as many days as deliveries are kept"),
    KeyKind("work", "looked", "zset", "SecondLooks", "trimmed: a week after a look; one key per source"),
    KeyKind("work", "missing", "zset", "SecondLooks", "trimmed: a week after it was missed; one key per source"),
    KeyKind("work", "lookback", "string", "LookBacks", "time to live of 30 days, renewed by each page"),
    KeyKind("work", "bucket", "hash", "Pace", "time to live of twice its window, one key per bucket of a platform"),
    KeyKind("work", "session", "string", "Sessions", f"time to live of {SESSION_DAYS} days, one key per account"),
    KeyKind("work", "query", "hash", "Progress", f"time to live of {QUERY_TTL_DAYS} days, renewed by each look"),
)


class TopicKeys(NamedTuple):
    """The keys of one topic, all in its slot."""

    posts: str
    times: str
    backfilled: str
    copies: str
    terms: str
    engagement: str
    rollups: str
    firsts: str
    said: str
    tallies: str
    scores: str


class ChatKeys(NamedTuple):
    """The keys of one chat, all in its slot."""

    messages: str
    order: str
    outbox: str
    parcels: str
    queue: str
    handed: str
    claims: str
    ids: str
    extras: str
    late: str
    undelivered: str
    episode: str
    address: str
    sender: str
    sender_fence: str
    sends: str
    subscriptions: str
    away: str
    applied: str
    refused: str
    late_digests: str
    survey: str
    corrections: str
    alerts: str
    wishes: str


class WorkKeys(NamedTuple):
    """The keys of the work slot that are there once."""

    schema: str
    topics: str
    topics_meta: str
    topics_since: str
    topics_retired: str
    due: str
    due_since: str
    leases: str
    fence: str
    committed: str
    chats: str
    homes: str
    subscribers: str
    run: str
    floods: str
    bot_sends: str
    people: str
    appointed: str
    tokens: str
    quarantine: str
    quarantine_order: str
    quarantine_sizes: str
    breakers: str
    told: str
    inbox: str
    inbox_order: str
    inbox_tries: str
    inbox_known: str
    inbox_state: str
    inbox_told: str
    forgotten: str
    names: str
    departed: str
    packs: str
    learned: str
    spend: str
    plans: str
    proposals: str
    edited: str
    audit: str
    feedback: str
    reviews: str
    shown: str
    taken_back: str
    prefixes: str
    leapt: str
    restored: str


class Keyspace(NamedTuple):
    """All keys under one prefix."""

    prefix: str = LIVE

    def topic(self, name: str) -> TopicKeys:
        """Return the keys of a topic."""
        return TopicKeys(*(f"{self.prefix}{{t:{name}}}:{kind.name}" for kind in KINDS if kind.slot == "topic"))

    def chat(self, chat: str) -> ChatKeys:
        """Return the keys of a chat."""
        return ChatKeys(*(f"{self.prefix}{{c:{chat}}}:{kind.name}" for kind in KINDS if kind.slot == "chat"))

    @property
    def work(self) -> WorkKeys:
        """Return the keys of the work slot, but for those of which there is one per query, sender, source or day."""
        single = ("query", "inbox-pace", "taken", "bucket", "looked", "missing", "billed", "lookback", "session")
        names = [kind.name for kind in KINDS if kind.slot == "work" and kind.name not in single]
        return WorkKeys(*(f"{self.prefix}{{work}}:{name}" for name in names))

    def query(self, query: Query) -> str:
        """Return the key that holds cursor, coverage and failures of a query."""
        return f"{self.prefix}{{work}}:query:{query}"

    def inbox_pace(self, sender: str) -> str:
        """Return the key that holds when somebody's updates were admitted: a person's, a chat's, or all strangers'."""
        return f"{self.prefix}{{work}}:inbox-pace:{sender}"

    def bucket(self, name: str) -> str:
        """Return the key that holds what was taken out of a bucket of a platform."""
        return f"{self.prefix}{{work}}:bucket:{name}"

    def session(self, account: str) -> str:
        """Return the key that holds the session of an account at a platform."""
        return f"{self.prefix}{{work}}:session:{account}"

    def billed(self, source: str, day: str) -> str:
        """Return the key that holds what was paid for on a UTC day."""
        return f"{self.prefix}{{work}}:billed:{source}:{day}"

    def look_back(self, topic: str, query: Query) -> str:
        """Return the key that holds how far a topic's look-back at a query came."""
        return f"{self.prefix}{{work}}:lookback:{topic} {query}"

    def looked(self, source: str) -> str:
        """Return the key that holds when posts of a source were looked at again."""
        return f"{self.prefix}{{work}}:looked:{source}"

    def missing(self, source: str) -> str:
        """Return the key that holds since when a source shows posts no more, until that is believed."""
        return f"{self.prefix}{{work}}:missing:{source}"

    def taken(self, sweep: str) -> str:
        """Return the key that holds what one sweep took."""
        return f"{self.prefix}{{work}}:taken:{sweep}"

    def kind_of(self, key: str) -> KeyKind | None:
        """Return the family of a key, None when it is nobody's."""
        slot, _, name = key.removeprefix(self.prefix).partition("}:")
        if not key.startswith(self.prefix) or not slot.startswith("{"):
            return None
        slots = {"{t": "topic", "{c": "chat", "{w": "work"}
        family = name.split(":", 1)[0]
        return next((k for k in KINDS if k.slot == slots.get(slot[:2]) and k.name == family), None)


LIVE_KEYS = Keyspace()
