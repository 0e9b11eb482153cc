"""How fast a stream is looked through of which one post in a hundred belongs to a topic of a thousand keywords.

    python -m tests.benchmarks.firehose [POSTS]

Protocol. Real posts in 简, 繁 and English, distinct by text, one in a hundred with one of a hundred keywords beyond
doubt and the others with none (see `ingest`); and nine hundred more keywords, words of the same archives that stand in
none of these posts in any form, so that both pipelines must store the same ids. The whole path: decode, match,
language, copies, store, with `appendfsync always`, nothing remembered from post to post, each process with a
connection of its own. Each round gives new posts first to the naive pipeline (fewer, at its speed), then to ours, at
one process and at two; rates are medians of the rounds, by wall clock and by processor time, the server's included.
What else the machine does shows in the first and hardly in the second: `per_s_on_two_free_cores` is twice the posts
per second of processor.

Checked, else the exit code is 1: both stored exactly the posts with a keyword, fsck finds nothing, the server is
durable. REACH is what we want on two free cores; missing it is told, and is no failure. The last line is one JSON
object.
"""

import json
import sys
from collections.abc import Sequence

import pytest

from monitor.store.connection import Server
from tests.benchmarks.corpus import firehose
from tests.benchmarks.hundred import KEYWORDS
from tests.benchmarks.ingest import durable_store, server_of
from tests.benchmarks.race import Race, figures_of, race, told, wrong_with
from tests.benchmarks.thousand import absent_words

REACH = 150_000
POSTS = 48_000
ROUNDS = 3
NAIVE_POSTS = 800
KEYWORDS_WANTED = 1_000
PROCESSES = (1, 2)


def main(args: Sequence[str] = ()) -> int:
    """Print the rates and, as the last line, the figures as JSON; 1 when a check failed, 2 without data."""
    try:
        corpus = firehose(int(args[0]) if args else POSTS)
        keywords = [*KEYWORDS, *absent_words(corpus, KEYWORDS_WANTED - len(KEYWORDS))]
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    with durable_store() as url:
        server = server_of(url)
        races = [race(url, corpus, keywords, processes, NAIVE_POSTS, ROUNDS) for processes in PROCESSES]
    for each in races:
        print(told(each))
    failures = failures_of(races, server)
    for failure in failures:
        print(f"FAILED: {failure}")
    print(json.dumps(figures(races, server) | {"keywords": len(keywords), "posts": len(corpus.lines), "reach": REACH}))
    return 1 if failures else 0


def failures_of(races: Sequence[Race], server: Server) -> list[str]:
    """Return a sentence for each check that did not pass."""
    found = [] if server.is_durable else [f"the server is not durable: {server}"]
    for each in races:
        found += wrong_with(each)
    return found


def figures(races: Sequence[Race], server: Server) -> dict[str, object]:
    """Return the figures as they go into the line of JSON."""
    return {
        "aof": {"appendonly": server.appendonly, "appendfsync": server.appendfsync},
        "per_s_on_two_free_cores": round(2 * races[-1].cpu_rate("ours")),
        "by_processes": {str(each.processes): figures_of(each) for each in races},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
