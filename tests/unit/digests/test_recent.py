"""The newest posts of a topic are told one per wording."""

from datetime import UTC, timedelta

import pytest

from monitor.digests.recent import Recent, Rules, choose, with_gains, write
from monitor.models import Engagement, Observation
from monitor.signals.copies import wording_of
from tests.build import NOW, a_mention, a_topic


def test_near_copies_are_told_once() -> None:
    text = "某县成立砸锅卖铁专班,清理欠款17亿元,全县干部没有一个人反对,先砸谁的锅?"
    texts = (text, f"太可怕了 {text}", text.replace("17", "7"), text)
    mentions = [
        a_mention(str(n), post={"text": each}, group=wording_of(each).group, sketch=wording_of(each).sketch)
        for n, each in enumerate(texts)
    ]

    assert [each.mention.post.key.id for each in choose(mentions, Rules(), 5)] == ["0", "2"]
    assert len(choose(mentions, Rules(), 1)) == 1


@pytest.mark.parametrize(
    ("seen", "hearts"),
    [([], "♥310"), ([310], "♥310"), ([20, 310], "♥310 (+290)"), ([320, 310], "♥310 (−10)"), ([310, 310], "♥310")],
)
def test_likes_are_told_with_what_was_gained_since_a_post_was_seen_first(seen: list[int], hearts: str) -> None:
    mention = a_mention(post={"engagement": Engagement(likes=310)})
    history = [
        Observation(at=NOW + timedelta(hours=n), engagement=Engagement(likes=each)) for n, each in enumerate(seen)
    ]

    shown = with_gains(choose([mention], Rules(), 1), [history])
    text = write(Recent(a_topic(), shown, 1, NOW), UTC).text

    assert text.endswith(f" · {hearts}")
    assert ("(+): since" in text) == ("(" in hearts)
