"""Archives: times in every form, other shapes, broken lines, broken files, and bounded memory."""

import gzip
import json
import resource
import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError, PayloadChanged, SourceRejected
from monitor.models import Author, Cursor, Post
from monitor.sources.archive_line import DEFAULT_MAP, LineReader, UnreadableLine
from monitor.sources.http import Client
from monitor.sources.replay import ReplaySource, open_source, parse_map, read_archive
from tests.data import data_path

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)


def line(**fields: object) -> bytes:
    """Return a line of an archive."""
    return json.dumps({"id": "1", "text": "words"} | fields).encode()


def post(**fields: object) -> Post:
    """Return the post of a line in the documented form."""
    return LineReader(DEFAULT_MAP, "replay").post(line(**fields), NOW)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-05-01T08:00:00Z", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("2024-05-01T08:00:00.250+08:00", datetime(2024, 5, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("2024-05-01T08:00:00", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("2009-02-12 00:00:00 +0000", datetime(2009, 2, 12, tzinfo=UTC)),
        ("2009-02-12 00:00:00 -0530", datetime(2009, 2, 12, 5, 30, tzinfo=UTC)),
        ("2013-05-27 04:49:32", datetime(2013, 5, 27, 4, 49, 32, tzinfo=UTC)),
        ("2013-05-27", datetime(2013, 5, 27, tzinfo=UTC)),
        ("Wed Oct 10 20:19:24 +0000 2018", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("Sat Feb 3 01:02:03 +0900 2018", datetime(2018, 2, 2, 16, 2, 3, tzinfo=UTC)),
        (1_539_202_764, datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        (1_539_202_764_500, datetime(2018, 10, 10, 20, 19, 24, 500_000, tzinfo=UTC)),
        (1_539_202_764.5, datetime(2018, 10, 10, 20, 19, 24, 500_000, tzinfo=UTC)),
        ("1539202764", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("1539202764500", datetime(2018, 10, 10, 20, 19, 24, 500_000, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_times_are_read_in_every_form(written: object, meant: datetime | None) -> None:
    assert post(created_at=written).created_at == meant


@pytest.mark.parametrize(
    "written", ["02月06日 17:45", "yesterday", True, [], {}, "Wed Foo 10 20:19:24 +0000 2018", 1e300, "9" * 30]
)
def test_a_time_that_is_not_understood_makes_the_line_unreadable(written: object) -> None:
    with pytest.raises(UnreadableLine):
        post(created_at=written)


@given(st.integers(150_000_000, 4_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_a_moment_is_the_same_in_every_form(seconds: int, offset: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset)))
    forms: list[object] = [moment.isoformat(), moment.strftime("%Y-%m-%d %H:%M:%S %z"), moment.timestamp()]
    forms += [moment.strftime("%a %b %d %H:%M:%S %z %Y"), str(int(moment.timestamp())), int(moment.timestamp()) * 1000]

    assert {post(created_at=form).created_at for form in forms} == {moment}


@pytest.mark.parametrize(
    ("fields", "observed_at"),
    [
        ({"created_at": "2024-05-01", "observed_at": "2024-05-02"}, datetime(2024, 5, 2, tzinfo=UTC)),
        ({"created_at": "2024-05-01"}, datetime(2024, 5, 1, tzinfo=UTC)),
        ({}, NOW),
    ],
)
def test_a_post_was_observed_when_the_line_says_else_when_written_else_now(
    fields: dict[str, str], observed_at: datetime
) -> None:
    assert post(**fields).observed_at == observed_at


@pytest.mark.parametrize(
    ("author", "meant"),
    [
        ("someone", Author(id="someone", handle="someone")),
        (17, Author(id="17", handle="17")),
        ({"id": 7, "screen_name": "s", "name": "N"}, Author(id="7", handle="s", name="N")),
        ({"handle": "h"}, Author(id="h", handle="h")),
        ({"name": "N"}, Author(name="N")),
        (None, Author()),
        ([], Author()),
    ],
)
def test_authors_are_handles_or_objects(author: object, meant: Author) -> None:
    assert post(author=author).author == meant


@pytest.mark.parametrize(
    "broken", [b"[]", b"17", b"{", b'{"id": "1"}', b'{"text": "t"}', b'{"id": "", "text": "t"}', b"\xff\xfe"]
)
def test_what_is_no_post_is_unreadable(broken: bytes) -> None:
    with pytest.raises(UnreadableLine):
        LineReader(DEFAULT_MAP, "replay").post(broken, NOW)


def test_half_a_character_is_replaced() -> None:
    assert LineReader(DEFAULT_MAP, "replay").post(rb'{"id": 1, "text": "a\ud83db"}', NOW).text == "a\ufffdb"


def test_an_empty_text_is_a_text() -> None:
    assert post(text="").text == ""


@given(
    st.dictionaries(
        st.sampled_from([*DEFAULT_MAP, "engagement"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text()
        | st.lists(st.text())
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_object_is_a_post_or_unreadable(fields: dict[str, object]) -> None:
    try:
        read = post(**fields)
    except UnreadableLine:
        return
    assert read.observed_at.tzinfo is not None


def test_a_map_reads_other_shapes() -> None:
    mapping = parse_map(
        "id=mid, text=content,author=user.screen_name,created_at=date,likes=counts.up,engagement=counts"
    )
    record = {
        "mid": 5,
        "content": "c",
        "user": {"screen_name": "u"},
        "date": "2024-05-01",
        "counts": {"likes": 2, "up": 3},
    }

    read = LineReader(mapping, "replay").post(json.dumps(record).encode(), NOW)

    assert (read.key.id, read.text, read.author.handle) == ("5", "c", "u")
    assert read.engagement.likes == 2


def test_an_empty_map_is_the_documented_form() -> None:
    assert parse_map("") == DEFAULT_MAP


def test_a_wrong_map_reports_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_map("text=content,nonsense,body=x,id=,author=a..b")

    assert len(caught.value.problems) == 4


def archive(folder: Path, count: int, name: str = "a.jsonl.gz") -> Path:
    """Write an archive with a broken line after every ten posts."""
    lines = []
    for number in range(count):
        lines.append(line(id=str(number), created_at=1_700_000_000 + number))
        lines.extend([b"broken"] if number % 10 == 9 else [])
    path = folder / name
    content = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_unreadable_lines_are_counted_and_the_first_are_named(name: str, tmp_path: Path) -> None:
    read = read_archive(archive(tmp_path, 100, name), now=NOW)

    posts = list(read)

    assert [post.key.id for post in posts] == [str(number) for number in range(100)]
    assert (read.line, read.unreadable) == (110, 10)
    assert [problem.split(":")[0] for problem in read.problems] == [
        "line 11",
        "line 22",
        "line 33",
        "line 44",
        "line 55",
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_pages_cover_the_archive_once(name: str, tmp_path: Path, client: Client) -> None:
    path = archive(tmp_path, 1_234, name)
    source = open_source(client, {})
    seen: list[str] = []
    cursor, more, pages, unreadable = None, True, 0, 0

    while more:
        batch = source.fetch(str(path), cursor, NOW)
        seen += [post.key.id for post in batch.posts]
        cursor, more, pages, unreadable = batch.cursor, batch.more, pages + 1, unreadable + batch.unreadable

    assert seen == [str(number) for number in range(1_234)]
    assert (pages, unreadable) == (3, 123)
    assert source.fetch(str(path), cursor, NOW).posts == ()


@given(st.integers(0, 1_300))
def test_any_cursor_resumes_behind_its_line(lines: int) -> None:
    path = Path(__file__).parent / ".." / ".." / "golden" / "replay" / "posts.jsonl"

    batch = ReplaySource(DEFAULT_MAP).fetch(str(path), Cursor(str(lines)), NOW)

    assert len(batch.posts) == len([number for number in (1, 2, 3, 6) if number > lines])


def test_what_is_appended_is_read_later(tmp_path: Path, client: Client) -> None:
    path = archive(tmp_path, 3, "a.jsonl")
    source = open_source(client, {})
    first = source.fetch(str(path), None, NOW)
    with path.open("ab") as file:
        file.write(line(id="new") + b"\n")

    second = source.fetch(str(path), first.cursor, NOW)

    assert [post.key.id for post in second.posts] == ["new"]


def broken_files(folder: Path) -> dict[str, Path]:
    """Return files that are no archives, by what is wrong."""
    whole = archive(folder, 5_000)
    files = {"absent": folder / "absent.jsonl", "a folder": folder}
    contents = {
        "empty": ("empty.jsonl", b""),
        "empty gzip": ("empty.jsonl.gz", gzip.compress(b"")),
        "no bytes": ("none.jsonl.gz", b""),
        "not gzip": ("plain.jsonl.gz", line()),
        "cut": ("cut.jsonl.gz", whole.read_bytes()[:5_000]),
        "damaged": ("damaged.jsonl.gz", whole.read_bytes()[:3_000] + b"\0" * 500 + whole.read_bytes()[3_500:]),
    }
    for kind, (name, content) in contents.items():
        files[kind] = folder / name
        files[kind].write_bytes(content)
    return files


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("absent", SourceRejected, "No such file"),
        ("a folder", SourceRejected, "directory"),
        ("empty", SourceRejected, "is empty"),
        ("empty gzip", SourceRejected, "is empty"),
        ("no bytes", SourceRejected, "is empty"),
        ("not gzip", SourceRejected, "is not gzip"),
        ("cut", PayloadChanged, "breaks off after line"),
        ("damaged", PayloadChanged, "breaks off after line"),
    ],
)
def test_a_broken_file_is_one_sentence(
    kind: str, error: type[Exception], words: str, tmp_path: Path, client: Client
) -> None:
    path = broken_files(tmp_path)[kind]

    with pytest.raises(error, match=words) as caught:
        list(read_archive(path, now=NOW))

    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_line_without_end_is_unreadable_and_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(line(id="before") + b'\n{"id": "long", "text": "')
        for _ in range(100):
            file.write(b"x" * 2**20)
        file.write(b'"}\n' + line(id="after") + b"\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    read = read_archive(path, now=NOW)
    ids = [post.key.id for post in read]

    assert ids == ["before", "after"]
    assert read.unreadable == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_progress_grows_to_the_size_of_the_file(tmp_path: Path) -> None:
    path = archive(tmp_path, 20_000)
    reports: list[tuple[int, int]] = []

    for _ in read_archive(path, now=NOW, progress=lambda done, size: reports.append((done, size))):
        pass

    assert len(reports) > 5
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert reports[-1] == (path.stat().st_size, path.stat().st_size)


def test_real_tweets_are_read_whole() -> None:
    path = data_path("posts/tweets_zh_hant_hk.jsonl.gz")
    with gzip.open(path) as file:
        records = [json.loads(line) for line in file]

    read = read_archive(path, parse_map("author=user.screen_name"), now=NOW)

    for post, record in zip(read, records, strict=True):
        assert (post.key.id, post.text) == (record["id"], record["text"])
        assert post.author.handle == record["user"]["screen_name"]
        assert post.time.strftime("%Y-%m-%d %H:%M:%S +0000") == record["created_at"]
    assert read.unreadable == 0


def test_real_reposts_are_read_fast_in_bounded_memory() -> None:
    path = data_path("posts/weibo_ced_reposts.jsonl.gz")
    mapping = parse_map("id=mid,created_at=date,author=uid")
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()

    read = read_archive(path, mapping, now=NOW)
    years = Counter(post.time.year for post in read)

    # Dates without a year ("02月06日 17:45") say when only to those who know the year.
    assert (years.total(), read.unreadable, read.line) == (636_355, 26, 636_381)
    assert set(years) <= set(range(2009, 2018))
    # 100,000 lines/s is the goal; the bound leaves room for a slow machine.
    assert time.process_time() - began < 25
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_line_nested_too_deep_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"[" * 200_000 + b'\n{"id": "1", "text": "a"}\n')

    archive = read_archive(path, now=NOW)

    assert [post.key.id for post in archive] == ["1"]
    assert archive.unreadable == 1


def test_a_byte_order_mark_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "1", "text": "a"}\n{"id": "2", "text": "b"}\n')

    assert [post.key.id for post in read_archive(path, now=NOW)] == ["1", "2"]
