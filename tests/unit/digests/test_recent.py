"""The newest posts of a topic are told one per wording."""

from monitor.digests.recent import Rules, choose
from monitor.signals.copies import wording_of
from tests.build import a_mention


def test_near_copies_are_told_once() -> None:
    text = "某县成立砸锅卖铁专班,清理欠款17亿元,全县干部没有一个人反对,先砸谁的锅?"
    texts = (text, f"太可怕了 {text}", text.replace("17", "7"), text)
    mentions = [
        a_mention(str(n), post={"text": each}, group=wording_of(each).group, sketch=wording_of(each).sketch)
        for n, each in enumerate(texts)
    ]

    assert [each.mention.post.key.id for each in choose(mentions, Rules(), 5)] == ["0", "2"]
    assert len(choose(mentions, Rules(), 1)) == 1
