"""What happened to known posts since they were stored: deleted, edited, counted anew, their authors gone.

deletions     ─► text and author leave the store ─► messages say "No longer available"
edits         ─► new text replaces old           ─► messages quote the new one, or nothing
authors gone  ─► noted by keyed hash             ─► one duty (duties/forget.py) erases all their posts

A no-op when it is done again: a kill between two steps repeats them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from monitor.digests.requoting import Quote, Quotes, quote_of
from monitor.errors import MonitorError
from monitor.models import Author, Batch, Engagement, Mention, Post, PostKey, SetAside, TermHit
from monitor.pipeline import Stages, mentions_of, oldest_kept, store_mentions
from monitor.protocols import Mentions
from monitor.seams.quarantine import post_aside, worded
from monitor.seams.repairs import Words
from monitor.signals.copies import wording_of


class Known(Protocol):
    """The posts of a topic that are stored, by their keys."""

    def find(self, topic: str, keys: Sequence[PostKey]) -> list[Mention]:
        """Return the mentions of a topic among some posts, with the newest engagement."""
        ...

    def edit(self, topic: str, mention: Mention) -> bool:
        """Give a known post another text; its place in the counts stays. False when it is unknown or withdrawn."""
        ...


class Quoting(Words, Protocol):
    """The words of messages, which can be exchanged, too."""

    def shown(self, posts: Iterable[PostKey]) -> frozenset[PostKey]:
        """Return the posts that a message may show."""
        ...

    def requote(self, quotes: Quotes) -> object:
        """Quote posts as they are now, None: no more, and have sent messages edited. Again, it does nothing."""
        ...


class Departed(Protocol):
    """Authors whose accounts are gone, as keyed hashes, until all that they wrote is erased."""

    def add(self, authors: Collection[str], at: datetime) -> None: ...


class Aside(Protocol):
    """What was set aside because it broke its reader."""

    def put(self, items: Sequence[SetAside], subject: str, tries: int) -> int:
        """Keep items that were tried so often, and return how many are new; one that lies there stays as it is."""
        ...

    def withdraw(self, posts: Collection[PostKey]) -> int:
        """Forget items that are of posts which their authors deleted; return how many there were."""
        ...


class Followed(NamedTuple):
    """How many posts were withdrawn, given another text, and counted anew; for logs only."""

    withdrawn: int = 0
    edited: int = 0
    observed: int = 0


class Changes(NamedTuple):
    """With what changes are followed: by looks, streams and second looks alike."""

    mentions: Mentions
    known: Known
    words: Quoting
    departed: Departed
    quarantine: Aside

    def follow(self, source: str, batch: Batch, stages: Stages, now: datetime) -> Followed:
        """Do what a batch says of known posts."""
        self.departed.add([_hidden(source, each, stages) for each in batch.authors_gone], now)
        return Followed(self.withdraw(batch.deletions, stages), self.revise(batch.edits, stages, now))

    def withdraw(self, gone: Sequence[PostKey], stages: Stages) -> int:
        """Erase posts that their authors deleted, and what messages quote of them; return how many were there, ever."""
        if not gone:
            return 0
        held = sum(self.mentions.withdraw(topic, gone) for topic in (*stages.topics, *stages.retired))
        # A message may outlive its post here; one of a post that is here may be composed at this moment.
        told = gone if held else self.words.shown(gone)
        if told:
            self.words.erase(told)
        self.quarantine.withdraw(gone)
        return held

    def revise(self, posts: Sequence[Post], stages: Stages, now: datetime) -> int:
        """Let posts say what they say now; one that breaks its reader is set aside. Return how many changed."""
        changed = 0
        for post in posts:
            try:
                changed += self._revise(post, stages, now)
            except MonitorError:
                raise
            except Exception as e:  # noqa: BLE001 - an edit may break in any way, and costs itself only
                hidden = replace(post, author=stages.disguise(post.key, post.author))
                self.quarantine.put([post_aside(hidden, "edit", worded(e))], post.key.source, 1)
        return changed

    def observe(self, posts: Sequence[Post], stages: Stages, now: datetime) -> Followed:
        """Take over what posts that were looked at again have gained, and what they say now."""
        observed = edited = 0
        by_key = {post.key: post for post in posts}
        for name, topic in stages.topics.items():
            known = [each for each in self.known.find(name, list(by_key)) if not each.withdrawn]
            seen = [each for each in known if by_key[each.post.key].engagement != Engagement()]
            self.mentions.add(name, [_as_of(by_key, each) for each in seen], oldest=oldest_kept(topic, now))
            observed += len(seen)
            # A text that is missing is no edit: some platforms answer with counts alone.
            edits = [by_key[each.post.key] for each in known if by_key[each.post.key].text not in ("", each.post.text)]
            edited += self.revise(edits, stages, now)
        return Followed(edited=edited, observed=observed)

    def _revise(self, post: Post, stages: Stages, now: datetime) -> bool:
        if stages.is_forgotten(post.key, post.author):
            return False
        fresh = {name: found[0] for name, found in mentions_of([post], stages, None).items()}
        known = {name: each for name in stages.topics for each in self.known.find(name, [post.key])}
        # One that is about a topic only since its edit is new to it.
        store_mentions({n: [each] for n, each in fresh.items() if n not in known}, stages, self.mentions, now)
        changed = {n: _revised(each, post, fresh.get(n)) for n, each in known.items() if each.post.text != post.text}
        if not changed:
            return False
        # Messages first: a kill after this finds the edit again. And last: one may have been composed meanwhile.
        self.words.requote({post.key: _quote(fresh)})
        done = [name for name, each in changed.items() if self.known.edit(name, each)]
        self.words.requote({post.key: _quote(fresh)})
        return bool(done)


def _revised(before: Mention, post: Post, fresh: Mention | None) -> Mention:
    """Return a mention as it is after an edit; one that has lost its keywords stays counted, and is not quoted."""
    if fresh is not None:
        return fresh
    wording = wording_of(post.text)
    bare = replace(post, author=before.post.author)
    terms = tuple(TermHit(term=hit.term, spans=()) for hit in before.terms)
    return replace(before, post=bare, terms=terms, group=wording.group, sketch=wording.sketch)


def _quote(fresh: Mapping[str, Mention]) -> Quote | None:
    return next((quote for each in fresh.values() if (quote := quote_of(each)) is not None), None)


def _as_of(by_key: Mapping[PostKey, Post], known: Mention) -> Mention:
    """Return a known mention with what its post has gained."""
    seen = by_key[known.post.key]
    return replace(known, post=replace(known.post, engagement=seen.engagement, observed_at=seen.observed_at))


def _hidden(source: str, author: str, stages: Stages) -> str:
    """Return an author's id as the store has it."""
    hidden = stages.disguise(PostKey(source, ""), Author(id=author)).id
    assert hidden is not None, "who has an id keeps one"
    return hidden
