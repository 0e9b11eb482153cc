"""A day of storms, lies, silence and kills: all that could be read is stored once, no page paid twice, every gap named.

The long form: `python -m tests.day --days 5 --every 5`.
"""

from pathlib import Path

import pytest

from monitor.models import PostKey
from tests.day.judge import judged
from tests.day.run import Plan, lived
from tests.day.x_day import XDay


@pytest.mark.timeout(300)  # ten seconds of work; a busy machine may take long over them
def test_a_day_ends_with_every_reachable_post_stored_once_and_every_gap_named(tmp_path: Path) -> None:
    with lived(tmp_path, Plan(seed=7, every=30)) as day:
        came = judged(day)
        pages = [each for each in day.platforms[0].answers() if day.platforms[0].is_page(each)]

        # The judge is judged: a post taken out of the store, a page answered again, a bill unpaid, a gap kept secret.
        day.monitor.mentions.remove("pots", [PostKey("hackernews", "50")])
        day.platforms[0].answers().append(pages[0])  # type: ignore[attr-defined]
        [x] = [each for each in day.platforms if isinstance(each, XDay)]
        x.world.spent[min(x.world.spent)] += 100_000_000
        for each in day.statuses():
            day.connection.execute("HDEL", day.connection.keys.query(each.query), "gaps")
        found = judged(day).broken

    assert came.broken == ()
    assert day.kills > 5
    assert came.reached["missed_and_named"] != 0
    assert came.reached["found_by_looking_back"] != 0
    assert all(faults for faults in came.reached["faults"].values())  # type: ignore[attr-defined]
    assert "hackernews:50 was in a good answer and is not stored" in found
    assert any(each.startswith("hackernews: ") and "was paid" in each for each in found)
    assert any(each.startswith("x: it billed ") and "our meter says" in each for each in found)
    assert any(each.startswith("rss:") and each.endswith("was missed, and nobody says so") for each in found)
