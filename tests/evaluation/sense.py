"""How well words around a keyword tell in which sense it is meant.

    python -m tests.evaluation.sense [--show] [FILE]

FILE holds JSON lines with `query` (a keyword), `label` (true: the sense that the topic wants), and `text`, or `file`
and `id` of a text of the test data. Default: sense.jsonl beside this module, which holds no text. `--show` prints the
posts of the test half that written words judged otherwise, and the clues that were learned, to the terminal only.

Protocol. Posts were drawn at random among those with the keyword outside links and accounts' names; of posts that share
twelve characters in a row, one. One reader decided in which sense the keyword stands there: 苹果 the company (not the
fruit, nor the newspaper of Hong Kong); 小米 the company (not millet, nor a name); 山寨 a copy (not a village); 和谐 to
censor or remove (not harmony, meant or mocked); 老虎 the animal, also as a toy or a figure (not officials, monopolies,
heat, a song); 火星 the planet (not fans, jokes, sparks). Posts that the reader could not decide are left out (57 of
1,649). An even id is for training, an odd one for the test: so it was before anything was tried.

(a) `written`: words in sense.toml, by a person. They come from the training half, and from the compounds of the keyword
in a public dictionary; whatever else stands in the test half only was struck out. (b) `learned`: what
topics/senses/sense_learning.py makes of the training half; its constants were chosen by cross-validation on those.
(c) `both`: learned, on top of what was written. Baselines: `always` says yes; `any_word` says yes where one of the
written words for the sense stands.

For each: F1 of what is meant; F1 of the others; balanced accuracy, the mean of the recalls that there are. Where nearly
every post means the topic (小米, 山寨) the first says little: compare `always`. No post of another sense is in the test
half of 山寨.

Limits. One reader, who wrote the words after having read all posts: hence the strict rule about words. 老虎 has fewer
than 200 distinct posts in the data. Halves are small: one post is about a point of F1, and with the halves exchanged
`learned` has 0.87, 0.83, 0.80, 0.87 for 苹果, 和谐, 老虎, 火星.

The last line is one JSON object with the figures.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from monitor.models import Topic
from monitor.nouns.clues import Sense
from monitor.topics.file import parse_topics
from monitor.topics.matcher.matching import Matcher
from monitor.topics.senses.sense import context_of, score, worded
from monitor.topics.senses.sense_learning import Accuracy, Example, accuracy, judged, learn
from monitor.topics.senses.sense_table import written
from tests.evaluation.posts import id_of, read_records, text_of

LABELS = Path(__file__).with_suffix(".jsonl")
WORDS = Path(__file__).with_suffix(".toml")

Judge = Callable[[Example], bool]


class Labelled(NamedTuple):
    """A labelled post: its id says in which half it is."""

    keyword: str
    text: str
    example: Example

    @property
    def is_for_test(self) -> bool:
        """Tell whether nothing may be learned from it."""
        return int(id_of(self.text), 16) % 2 == 1


def main(arguments: Sequence[str]) -> int:
    """Print the figures by keyword; the last line is JSON."""
    path = next((Path(each) for each in arguments if not each.startswith("-")), LABELS)
    posts = list(read_posts(path))
    senses = written_senses()
    figures: dict[str, float] = {"posts": len(posts)}
    print(f"{len(posts)} labelled posts from {path.name}; F1, F1 of other senses, balanced accuracy on the test half")
    for keyword in dict.fromkeys(post.keyword for post in posts):
        mine = [post for post in posts if post.keyword == keyword]
        figures |= report(keyword, mine, senses.get(keyword, Sense()), is_shown="--show" in arguments)
    print(json.dumps(figures, ensure_ascii=False))
    return 0


def read_posts(path: Path) -> Iterator[Labelled]:
    """Yield labelled posts in which the matcher finds the keyword, in the order of the file."""
    matchers: dict[str, Matcher] = {}
    for row in read_records(path):
        keyword, text = row["query"], text_of(row)
        topic = Topic(name="asked", title=keyword, any=(keyword,))
        found = matchers.setdefault(keyword, Matcher([topic])).match(text)
        spans = [span for match in found for hit in match.terms for span in hit.spans]
        if spans:
            yield Labelled(keyword, text, Example(context_of(text, spans), bool(row["label"])))
        else:
            print(f"not found by the matcher, left out: {keyword} {id_of(text)}")


def written_senses() -> dict[str, Sense]:
    """Return what a person wrote, by keyword, read as the topics file is."""
    topics = parse_topics(WORDS.read_text("utf-8"), ("hackernews",)).topics
    return {topic.any[0]: topic.sense for topic in topics if topic.sense is not None}


def report(keyword: str, posts: Sequence[Labelled], words: Sense, *, is_shown: bool) -> dict[str, float]:
    """Print a line for each way to judge the test half, and return the figures."""
    training = [post.example for post in posts if not post.is_for_test]
    test = [post for post in posts if post.is_for_test]
    meant = sum(post.example.is_meant for post in test)
    print(f"\n{keyword}: {len(training)} to learn from; {len(test)} to test, {meant} of them meant")
    figures: dict[str, float] = {}
    for name, judge in judges(training, words).items():
        result = accuracy((judge(post.example), post.example.is_meant) for post in test)
        print(f"  {name:9}  {result.f1:.3f}  {result.f1_others:.3f}  {result.balanced:.3f}")
        figures |= named(f"{keyword}_{name}", result)
    if is_shown:
        show(training, test, words)
    return figures


def judges(training: Sequence[Example], words: Sense) -> dict[str, Judge]:
    """Return every way to judge that is measured."""
    learned, both = learn(training), learn(training, words)
    speaking = Sense(clues=tuple(clue for clue in words.clues if clue.weight > 0), lean=-1e-9)
    return {
        "written": lambda example: judged(words, example),
        "learned": lambda example: judged(learned, example),
        "both": lambda example: judged(both, example),
        "always": lambda _: True,
        "any_word": lambda example: judged(speaking, example),
    }


def named(name: str, result: Accuracy) -> dict[str, float]:
    """Return figures under their names in the last line."""
    return {
        f"{name}_f1": round(result.f1, 3),
        f"{name}_f1_others": round(result.f1_others, 3),
        f"{name}_balanced": round(result.balanced, 3),
    }


def show(training: Sequence[Example], test: Sequence[Labelled], words: Sense) -> None:
    """Print what was learned, and the posts that written words judged otherwise than the reader."""
    print(written("learned", learn(training)))
    for post in test:
        if judged(words, post.example) != post.example.is_meant:
            print(f"{post.example.is_meant}: {worded(score(words, post.example.context))}: {post.text!r}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
