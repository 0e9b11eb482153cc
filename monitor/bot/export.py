"""The posts of a topic as a file: /export."""

from datetime import timedelta

from monitor.bot.asked import Answer, Asked
from monitor.digests.recent import Rules
from monitor.digests.table import Form, may_leave, table_of
from monitor.digests.wording import posts
from monitor.models import Window
from monitor.processes.undisturbed import undisturbed
from monitor.readers.shelves import shelf_of
from monitor.readers.topic_names import find_topics
from monitor.saying import phrase, say
from monitor.topics.senses.sense import by_sense

EXPORTED = timedelta(days=7)
MOST_EXPORTED = 20_000
HOW = phrase("Tell me what to export: /export TOPIC, then csv or jsonl, and text for more than ids.")


@undisturbed
def export(asked: Asked) -> Answer:
    """Send the posts of the last seven days as a file, ids only unless texts are asked for."""
    words = asked.words.split()
    form: Form = "jsonl" if "jsonl" in words else "csv"
    with_text = "text" in words
    name = " ".join(word for word in words if word not in ("csv", "jsonl", "text"))
    found = find_topics(name, asked.monitor.topics.all())
    if len(found) != 1:
        return Answer(say(HOW))
    topic = found[0]
    window = Window(asked.now - EXPORTED, asked.now)
    stored = by_sense(topic, shelf_of(asked.monitor, topic).mentions.between(topic.name, window)).meant
    rules = Rules(asked.policy, frozenset(asked.monitor.settings.people.named))
    mentions = [each for each in stored if may_leave(each, rules)][-MOST_EXPORTED:]
    said = say("{posts} of 7 days; those that could expose somebody are left out.", posts=posts(len(mentions)))
    file_name = f"{topic.name}-{asked.now:%Y-%m-%d}.{form}"
    return Answer(said, document=table_of(mentions, form, rules, with_text=with_text), file_name=file_name)
