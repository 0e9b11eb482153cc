"""Items that kill, hang, bloat or raise, in every stage, cost themselves only."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from monitor.errors import SourceUnavailable
from monitor.models import Post, SetAside
from monitor.processes import isolation
from monitor.processes.isolation import ForkIsolation
from monitor.seams.quarantine import Care, Fetch, key_of
from tests.build import a_post, a_topic
from tests.poison import BY_NAME, KINDS, NAME, PoisonSource, plan_of

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def apart() -> Iterator[ForkIsolation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isolation, "MODULE", "tests.poison.child")
        made = ForkIsolation({}, "eldc", children=1)
        yield made
        made.close()


def care(found: list[SetAside], *quarantined: str) -> Care:
    return Care([a_topic()], NOW, frozenset(quarantined), found.append)


def asked(query: str) -> Fetch:
    return Fetch(query, None, NOW)


def test_every_kind_of_broken_item_is_found_and_the_others_are_read(apart: ForkIsolation) -> None:
    query = f"https://poison.example/{len(KINDS)}/40/40/7"
    plan = plan_of(query)
    found: list[SetAside] = []

    result = apart.read(NAME, PoisonSource().ask(asked(query)), asked(query), care(found))

    # What the source itself sets aside comes with the batch's number, all else as a post.
    assert len(found) == len(KINDS)
    assert len({(item.kind, item.id) for item in found}) == len(KINDS)
    assert {mention.post.key.id for mention in result.mentions} == {
        f"7-{n}" for n, kind in enumerate(plan.kinds) if not kind
    }
    # What eats memory may be out of time before it is out of memory.
    assert sum(item.is_deadly for item in found) - sum(kind.is_deadly for kind in KINDS) in (0, 1)
    stages = {item.stage for item in found}
    assert stages == {"parse", "match", "tag", "fingerprint", "codec"}
    for item in found:
        assert item.reason
        assert b"somebody" not in item.raw


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.is_deadly])
def test_what_lies_in_quarantine_is_not_touched_again(apart: ForkIsolation, kind: str) -> None:
    seed = [k.name for k in KINDS].index(kind)
    post = a_post(f"{seed}", text=f"砸锅卖铁 ☠{kind}☠")
    page = PoisonSource().ask(asked("https://poison.example/1/3/3/1")).replace(b'"exit"', f'"{kind}"'.encode())
    found: list[SetAside] = []
    if BY_NAME[kind].stage == "parse":
        apart.read(NAME, page, asked("https://poison.example/1/3/3/1"), care(found))
    else:
        apart.match(NAME, [post], care(found))
    [item] = found
    again: list[SetAside] = []

    careful = care(again, key_of(item.kind, item.id))
    if item.kind == "item":
        result = apart.read(NAME, page, asked("https://poison.example/1/3/3/1"), careful)
    else:
        result = apart.match(NAME, [post, a_post("good")], careful)

    assert again == []
    assert result.skipped == 1
    assert result.mentions


def test_posts_that_have_no_form_in_which_they_could_be_sent_are_found_too(apart: ForkIsolation) -> None:
    odd = Post(key=a_post().key, url=None, text=17, observed_at=NOW)  # type: ignore[arg-type]
    found: list[SetAside] = []

    result = apart.match(NAME, [odd, a_post("half", text="砸锅卖铁 \ud83d"), a_post("good")], care(found))

    assert [item.stage for item in found] == ["codec", "codec"]
    assert [mention.post.key.id for mention in result.mentions] == ["good"]


def test_an_item_out_of_quarantine_is_read_again(apart: ForkIsolation) -> None:
    raw = b'{"id": "1", "kind": "", "text": "\xe7\xa0\xb8\xe9\x94\x85\xe5\x8d\x96\xe9\x93\x81"}'
    found: list[SetAside] = []

    result = apart.reread(NAME, raw, care(found))
    apart.reread(NAME, raw.replace(b'"kind": ""', b'"kind": "exit"'), care(found))

    assert [mention.post.text for mention in result.mentions] == ["砸锅卖铁"]
    assert [item.reason for item in found] == ["it ended the process that worked on it (exit code 0)"]


def test_the_child_dies_and_the_next_page_has_a_new_one(apart: ForkIsolation) -> None:
    posts = [a_post("1")]
    apart.match(NAME, posts, care([]))
    [child] = apart.children.living
    child.process.kill()
    child.process.wait()

    assert apart.match(NAME, posts, care([])).fetched == 1


def test_who_cannot_be_told_what_is_found_ends_the_child(apart: ForkIsolation) -> None:
    """Else its answer would be taken for that to the next page."""

    def refuse(item: SetAside) -> None:
        raise SourceUnavailable(NAME, "the store is away")

    bad = a_post("bad", text="砸锅卖铁 ☠memory☠")
    with pytest.raises(SourceUnavailable, match="the store is away"):
        apart.match(NAME, [bad], Care([a_topic()], NOW, frozenset(), refuse))

    assert apart.match(NAME, [a_post("1"), a_post("2")], care([])).fetched == 2


def test_a_child_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "MODULE", "monitor.nothing_of_that_name")
    made = ForkIsolation({}, "eldc", children=1)

    with pytest.raises(SourceUnavailable, match="could not be worked on one by one"):
        made.match(NAME, [a_post("1")], care([]))
    made.close()
