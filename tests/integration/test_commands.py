"""The short commands, as a person types them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import commands, sample
from monitor.models import Topic
from monitor.settings import child_environment
from monitor.sources import STREAMS
from monitor.topics.file import parse_topics
from monitor.topics_file import POLLED
from tests.data import ROOT
from tests.integration.product import PATIENCE, Product

SAMPLE = str(ROOT / "monitor/samples/demo.jsonl")
COMMANDS = ("up", "init", "demo", "replay", "digest", "topics", "poll", "doctor", "fsck")


@pytest.fixture
def product(tmp_path: Path) -> Product:
    return Product(tmp_path)


def answer(product: Product, *lines: str) -> subprocess.CompletedProcess[str]:
    """Run `monitor init` and type the lines."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", "init"],
        cwd=ROOT,
        env=product.environment,
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_each_command_has_help_with_an_example(product: Product) -> None:
    """The list is asked of a process, the pages behind it of the same commands within this one."""
    listed = product.run("--help").stdout

    for command in COMMANDS:
        said = CliRunner().invoke(commands, [command, "--help"], prog_name="monitor").stdout
        assert re.search(rf"^  {command} ", listed, re.MULTILINE)
        assert re.search(rf"Examples?:\n+  \S*\s*monitor {command}|monitor {command}", said), said


def test_init_asks_again_until_the_answers_hold(product: Product) -> None:
    done = answer(
        product,
        *("食品安全，food safety", "food", "news.example/feed.xml", "", "", "25:00", "London"),
        *("", "", "https://news.example/feed.xml", "", "", "07:30", "Europe/London"),
    )

    assert done.returncode == 0, done.stderr
    assert "Europe/London" in done.stderr
    [topic] = parse_topics((product.config / "topics.toml").read_text(encoding="utf-8"), ("hackernews", "rss")).topics
    assert (topic.name, topic.title, topic.any) == ("food", "食品安全", ("食品安全", "food safety"))
    assert (topic.digest_at, topic.timezone) == ("07:30", "Europe/London")
    assert topic.sources == ("hackernews", "rss:https://news.example/feed.xml")


def topic_of(product: Product) -> Topic:
    text = (product.config / "topics.toml").read_text(encoding="utf-8")
    [topic] = parse_topics(text, (*POLLED, *STREAMS)).topics
    return topic


def test_the_name_is_proposed_from_the_keywords_that_were_typed(product: Product) -> None:
    """Was: [topics.smash-pots] with the title 食品安全."""
    done = answer(product, "食品安全, food safety", *[""] * 10)

    assert done.returncode == 0, done.stderr
    assert (topic_of(product).name, topic_of(product).title) == ("food-safety", "食品安全")


def test_a_chinese_topic_does_not_look_at_hacker_news_alone(product: Product) -> None:
    done = answer(product, "食品安全", "food", "", "", "y", "", "")

    assert f"Take the {len(sample.FEEDS)} Chinese and Hong Kong feeds of the sample? [Y/n]" in done.stdout
    assert "Follow Bluesky (about 2 GB a day)? [y/N]" in done.stdout
    assert topic_of(product).sources == ("hackernews", *(f"rss:{feed}" for feed in sample.FEEDS), "bluesky")


def test_the_feeds_of_the_sample_can_be_declined(product: Product) -> None:
    answer(product, "食品安全", "food", "", "n", "", "", "")
    declined = topic_of(product)
    product.run("init", "--yes", "--force", "--keywords", "trains")

    assert declined.sources == topic_of(product).sources == ("hackernews",)


def test_the_feeds_of_the_sample_are_those_of_the_file_that_ships() -> None:
    shipped = parse_topics((ROOT / "config/topics.toml").read_text(encoding="utf-8"), (*POLLED, *STREAMS))

    assert shipped.feeds == sample.FEEDS


def test_init_tells_what_may_be_meant_otherwise(product: Product) -> None:
    done = product.run("init", "--yes", "--keywords", "砸锅卖铁？, pots")

    assert 'Note: the sign ？ at the end of "砸锅卖铁？" must be there too' in done.stdout


def test_init_replaces_nothing_unasked_and_keeps_the_old_file(product: Product) -> None:
    product.write_topics("# mine\n")

    refused = product.run("init", "--yes")
    forced = product.run("init", "--yes", "--force", "--keywords", '"quoted" \\ word, 砸锅卖铁')

    assert refused.returncode == 2
    assert forced.returncode == 0, forced.stderr
    [old] = [path for path in product.config.iterdir() if path.name != "topics.toml"]
    assert f"Wrote {product.config / 'topics.toml'}; the old one is {old}." in forced.stdout
    assert sorted(path.read_text(encoding="utf-8") == "# mine\n" for path in product.config.iterdir()) == [False, True]
    assert product.run("topics").returncode == 0


def test_topics_says_in_plain_words_what_is_followed(product: Product) -> None:
    product.run("init", "--yes", "--keywords", "砸锅卖铁", "--name", "pots", "--feed", "https://news.example/f")

    said = product.run("topics").stdout

    assert "pots  砸锅卖铁" in said
    assert "looks at Hacker News and 1 feed every 10 min" in said


def explain(product: Product, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run `monitor topics explain` with something on its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", "topics", "explain", *arguments],
        cwd=ROOT,
        env=product.environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_query_is_explained_without_a_topics_file(product: Product) -> None:
    said = explain(product, "-手游 砸锅卖铁 or")

    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("砸锅卖铁 or -手游\n  A post belongs when all of these are true:\n")
    assert '    - it does not say "手游"\n' in said.stdout
    assert 'Note: "or" is taken as a word; if you mean the operator, write OR.' in said.stdout


def test_a_mistake_in_a_query_is_pointed_at(product: Product) -> None:
    """Below the very character, also where characters take two columns."""
    said = explain(product, "砸锅卖铁 OR (手游")

    assert said.returncode == 2
    assert said.stderr.splitlines() == [
        "column 9: this parenthesis is not closed; write ) where it ends",
        "  砸锅卖铁 OR (手游",
        "              ^",
    ]


def test_a_text_is_tried(product: Product) -> None:
    product.run("init", "--yes", "--query", '砸锅卖铁 OR "smash pots" -手游', "--name", "pots")

    belongs = explain(product, "pots", "--test", "-", text="今天又要砸鍋賣鐵")
    not_so = explain(product, "pots", "--test", "手游让人砸锅卖铁")

    assert "The text belongs:" in belongs.stdout, belongs.stderr
    assert "The text does not belong:" in not_so.stdout
    assert 'no   it does not say "手游"' in not_so.stdout


def test_more_than_one_argument_is_no_query(product: Product) -> None:
    said = explain(product, "pots", "OR", "pans")

    assert said.returncode == 2
    assert "single quotes" in said.stderr


def test_init_takes_a_query(product: Product) -> None:
    done = product.run("init", "--yes", "--query", '砸锅卖铁 OR "smash pots" -手游', "--name", "pots")
    said = product.run("topics")
    explained = explain(product)
    refused = product.run("init", "--yes", "--force", "--query", "-手游")

    assert done.returncode == 0, done.stderr
    assert 'finds: ("砸锅卖铁" or "smash pots") and not "手游"' in said.stdout
    assert explained.stdout.startswith("pots  砸锅卖铁\n")
    assert refused.returncode == 2
    assert "column 1" in refused.stderr


def test_an_archive_is_searched_by_a_query(product: Product) -> None:
    all_of = product.run("replay", SAMPLE, "--query", "砸锅卖铁", "--json")
    some = product.run("replay", SAMPLE, "--query", "砸锅卖铁 -债", "--json")
    wrong = product.run("replay", SAMPLE, "--query", "砸锅卖铁 OR")

    assert 0 < matched(some.stderr) < matched(all_of.stderr)
    assert wrong.returncode == 2
    assert "column 6" in wrong.stderr


def test_a_wrong_window_is_told_before_an_archive_is_read(product: Product) -> None:
    wrong = product.run("replay", SAMPLE, "--query", "砸锅卖铁", "--window", "yesterday")

    assert wrong.returncode == 2
    assert 'must be "all", "busiest" or a day such as 2024-10-12' in wrong.stderr
    assert "matched" not in wrong.stderr


def matched(said: str) -> int:
    found = re.search(r"([0-9,]+) matched", said)
    assert found, said
    return int(found[1].replace(",", ""))


def test_a_topic_is_known_by_its_title_and_an_unknown_one_is_named(product: Product) -> None:
    product.run("init", "--yes", "--keywords", "砸锅卖铁", "--name", "pots")

    known, unknown = product.run("digest", "砸锅卖铁"), product.run("digest", "pans")

    assert known.returncode == 0, known.stderr
    assert unknown.returncode == 2
    assert "pots (砸锅卖铁)" in unknown.stderr


def test_doctor_says_when_nothing_runs(product: Product) -> None:
    product.run("init", "--yes")
    product.run("topics")

    said = product.run("doctor")

    assert said.returncode == 1
    assert "✗ nothing is running on this data" in said.stdout
    # Which job waits longest means nothing to who has started none.
    assert "poll:" not in said.stdout
    assert said.stdout.index("nothing is running") < said.stdout.index(" topics: ")
    assert "work is done as it comes due" not in said.stdout
    assert "✓ disk: " in said.stdout
    assert "not read yet" in said.stdout


@pytest.mark.parametrize(
    ("bad", "words"), [("［topics.a］", "TOML"), ("title = “x”", 'wants "'), ('any = ["a"，"b"]', "wants ,")]
)
def test_slips_of_a_keyboard_are_named(product: Product, bad: str, words: str) -> None:
    product.write_topics(f"[topics.pots]\n{bad}\n")

    done = product.run("topics")

    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert words in done.stderr


def test_a_file_in_another_encoding_or_with_a_mark_in_front(product: Product) -> None:
    text = '[topics.pots]\ntitle = "砸锅卖铁"\nany = ["砸锅卖铁"]\nsources = ["hackernews"]\n'
    path = product.config / "topics.toml"

    path.write_text(text, encoding="gb18030")
    refused = product.run("topics")
    path.write_text(text.replace("\n", "\r\n"), encoding="utf-8-sig")
    taken = product.run("topics")

    assert refused.returncode == 2
    assert "UTF-8" in refused.stderr
    assert taken.returncode == 0, taken.stderr


@pytest.mark.parametrize(
    "arguments", [("poll", "nosuch"), ("replay", "nosuch.jsonl"), ("digest",), ("nosuch",), ("up", "x")]
)
def test_a_wrong_argument_is_a_sentence_and_no_traceback(product: Product, arguments: tuple[str, ...]) -> None:
    product.write_topics((ROOT / "config/topics.toml").read_text(encoding="utf-8"))

    done = product.run(*arguments)

    assert done.returncode in (2, 4)
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def elsewhere(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder that holds nothing, as somebody who has just installed the package."""
    own = {name: value for name, value in child_environment().items() if not name.startswith("MONITOR_")}
    command = [sys.executable, "-m", "monitor", *arguments]
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_demo_needs_no_checkout(tmp_path: Path) -> None:
    """Was: config/demo.jsonl cannot be read."""
    done = elsewhere(tmp_path, "demo")

    assert done.returncode == 0, done.stderr
    assert "砸锅卖铁" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_up_in_another_folder_says_so_and_leaves_nothing_there(tmp_path: Path) -> None:
    done = elsewhere(tmp_path, "up")

    assert done.returncode == 2
    assert f"there is no folder config here ({tmp_path / 'config'}); go to the folder of" in done.stderr
    assert "monitor init" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_sample_comes_with_the_package() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        shipped = tomllib.load(file)["tool"]["setuptools"]["package-data"]["monitor"]

    assert any((ROOT / "monitor" / pattern).parent.joinpath("demo.jsonl").exists() for pattern in shipped)
