"""A change before it applies: what it would do to the posts of the last days, and buttons to do it or not."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import xxhash

from monitor.bot.asked import Answer, Asked
from monitor.bot.foretaste import write_foretaste
from monitor.bot.menus import button
from monitor.digests.draft import Draft, utf16_length
from monitor.digests.people import is_exposing
from monitor.digests.reasons import told_reason
from monitor.digests.wording import plain, posts, quoted
from monitor.errors import ConfigError, QueryError
from monitor.models import Mention, Quoted, Topic, Window
from monitor.nouns.proposal import Proposal
from monitor.processes.undisturbed import undisturbed
from monitor.saying import phrase, say
from monitor.services.rules import rules_of
from monitor.topics.file import parse_topics
from monitor.topics.reach import notes_of
from monitor.topics_file import BY_DEFAULT, NAMEABLE, is_in_force, read_topics_text

LOOK_BACK = timedelta(days=7)
LONGEST_EXAMPLE = 80
LONGEST_CHANGE = 400

CHANGED_MEANWHILE = phrase("The topics file was changed meanwhile. Nothing was done; send the command again.")
NOT_HERE = phrase(
    "I run on a machine whose topics file is not the one in force, so nothing was changed. "
    "Whoever runs me: see monitor doctor."
)
NOTHING_CHANGES = phrase("That changes nothing.")


class DraftedChange(NamedTuple):
    """A change before it is proposed: the file with it, its topic, and the change in words."""

    after: str
    topic: str
    said: str
    is_new: bool = False


def proposed(asked: Asked, draw: Callable[[str], DraftedChange]) -> Answer:
    """Show what a change would do, or why it does not hold."""
    before = read_topics_text(asked.monitor.settings.topics_file)
    if not is_in_force(asked.monitor, before):
        return Answer(say(NOT_HERE))
    try:
        draft = draw(before)
        parsed = parse_topics(draft.after, NAMEABLE, BY_DEFAULT)
    except KeyError:
        return Answer(say(CHANGED_MEANWHILE))
    except QueryError as e:
        return Answer(
            say("That query does not hold, at column {column}: {reason}", column=e.column, reason=told_reason(e.reason))
        )
    except ConfigError as e:
        return Answer(say("That does not hold: {reason}", reason="\n".join(map(told_reason, e.problems))))
    if draft.after == before:
        return Answer(say(NOTHING_CHANGES))
    return _offered(asked, before, draft, next((each for each in parsed.topics if each.name == draft.topic), None))


def _offered(asked: Asked, before: str, change: DraftedChange, new: Topic | None) -> Answer:
    """Keep a change that holds, and show what it would do, with buttons to apply it or not."""
    old = next((each for each in asked.monitor.topics.all() if each.name == change.topic), None)
    stored, dropped = _dropped(asked, old, new)
    proposal = Proposal(
        id=_id(asked),
        user=asked.user,
        topic=change.topic,
        at=asked.now,
        before=before,
        after=change.after,
        said=change.said,
        drops=len(dropped),
        version=asked.monitor.topics.version(),
        is_new=change.is_new,
    )
    asked.monitor.proposals.keep(proposal)
    label = say("Track") if change.is_new else say("Apply")
    row = (button(asked, label, "e", f"{proposal.id}y"), button(asked, say("Cancel"), "e", f"{proposal.id}n"))
    if old is None and new is not None:
        draft = Draft()
        draft.write("\n".join((_headline(proposal), *_notes(old, new))))
        write_foretaste(draft, asked, new)
        return Answer(draft.text, draft.entities(), (row,), quotes=draft.quotes())
    text = "\n".join((_headline(proposal), *_notes(old, new), *_told_drops(stored, dropped)))
    return Answer(text, buttons=(row,), quotes=_quotes(text, dropped))


def _headline(proposal: Proposal) -> str:
    versions = {"topic": proposal.topic or "feeds", "old": proposal.version, "new": proposal.version + 1}
    return say("{topic} v{old} → v{new}: {change}", change=plain(proposal.said, LONGEST_CHANGE), **versions)


def _notes(old: Topic | None, new: Topic | None) -> list[str]:
    """Word what may be meant otherwise in a changed query, or will disappoint, unless it was so before."""
    known = () if old is None else notes_of(old)
    notes = () if new is None else notes_of(new)
    return [say("Note: {said}.", said=told_reason(each)) for each in notes if each not in known]


@undisturbed
def _dropped(asked: Asked, old: Topic | None, new: Topic | None) -> tuple[int, list[Mention]]:
    """Return how many posts of the last seven days are stored, and those that the new rule has no more."""
    if old is None or new is None:
        return 0, []
    window = Window(asked.now - LOOK_BACK, asked.now)
    stored, edited = asked.monitor.mentions.between(old.name, window), asked.monitor.proposals.edited_at(old.name)
    belongs = rules_of(new) if edited is None else rules_of(new, old)
    judged = [(each, belongs(each)) for each in stored]
    # What was read since the rule is in force was matched by it.
    held = [(each, of) for each, of in judged if edited is None or each.post.observed_at >= edited or of[1]]
    return len(held), [each for each, of in held if not of[0]]


def _told_drops(stored: int, dropped: Sequence[Mention]) -> list[str]:
    if not stored:
        return []
    counts = {"count": f"{len(dropped):,}", "all": posts(stored)}
    lines = [say("Over 7 days: drops {count} of {all}, adds 0 (from what was stored).", **counts)]
    example = _example(dropped)
    if example is not None:
        quote, more = _words(example), len(dropped) - 1
        lines.append(
            say("Dropped: {quote} [+{more}]", quote=quote, more=more) if more else say("Dropped: {quote}", quote=quote)
        )
    return lines


def _example(dropped: Sequence[Mention]) -> Mention | None:
    return next((each for each in dropped if not each.withdrawn and not is_exposing(each.post.text)), None)


def _words(example: Mention) -> str:
    """Return the words of an example in the marks of the language that is spoken."""
    return quoted(plain(example.post.text, LONGEST_EXAMPLE))


def _quotes(text: str, dropped: Sequence[Mention]) -> tuple[Quoted, ...]:
    """Return where the example stands, so that its author can take it back."""
    example = _example(dropped)
    if example is None or _words(example) not in text:
        return ()
    before, words, _ = text.partition(_words(example))
    author = example.post.author.id or ""
    return (Quoted(example.post.key, utf16_length(before), utf16_length(words), author),)


def _id(asked: Asked) -> str:
    """Return an id that is the same when this update comes again."""
    return xxhash.xxh3_64_hexdigest(f"{asked.update.id} {asked.user} {asked.chat}".encode())
