"""Posts as a file: ids by default, nobody exposed, nothing that a spreadsheet would compute."""

import csv
import io
import json

import pytest

from monitor.digests.people import Policy
from monitor.digests.recent import Rules
from monitor.digests.table import IDS, table_of
from monitor.models import Author, PostKey
from tests.build import a_mention

AUTHOR = Author(id="h1", handle="someone", name="Some One")
MENTIONS = [
    a_mention("1", post={"text": '=HYPERLINK("x") 砸锅卖铁, "quoted"\nline', "author": AUTHOR}),
    a_mention("2", post={"text": "我们单位 砸锅卖铁"}),
    a_mention("3", withdrawn=True),
]


def test_ids_alone_by_default_and_no_author_in_either_form() -> None:
    rows = list(csv.DictReader(io.StringIO(table_of(MENTIONS, "csv", with_text=False).decode("utf-8-sig"))))

    assert [row["id"] for row in rows] == ["1"]
    assert tuple(rows[0]) == IDS
    assert b"omeone" not in table_of(MENTIONS, "jsonl", with_text=True)
    assert b"Some One" not in table_of(MENTIONS, "csv", with_text=True)


def test_texts_come_back_as_they_were_and_no_cell_is_computed() -> None:
    [line] = table_of(MENTIONS, "jsonl", with_text=True).decode().splitlines()
    [row] = csv.DictReader(io.StringIO(table_of(MENTIONS, "csv", with_text=True).decode("utf-8-sig"), newline=""))

    assert json.loads(line)["text"] == MENTIONS[0].post.text
    assert row["text"] == f"'{MENTIONS[0].post.text}"


@pytest.mark.parametrize(
    ("policy", "texts"),
    [
        ("default", {"plain": "砸锅卖铁", "handle": "", "x": "", "named": "砸锅卖铁 @you"}),
        ("links", {"plain": "", "handle": "", "x": "", "named": "砸锅卖铁 @you"}),
        ("counts", {"named": "砸锅卖铁 @you"}),
        ("names", {"plain": "砸锅卖铁", "handle": "砸锅卖铁 @you", "x": "砸锅卖铁", "named": "砸锅卖铁 @you"}),
    ],
)
def test_a_file_tells_no_more_of_people_than_a_digest_may(policy: Policy, texts: dict[str, str]) -> None:
    """It held the whole text of every post, whatever the policy and the platform."""
    mentions = [
        a_mention("plain", post={"text": "砸锅卖铁"}),
        a_mention("handle", post={"text": "砸锅卖铁 @you"}),
        a_mention("x", post={"text": "砸锅卖铁", "key": PostKey("x", "x")}),
        a_mention("named", post={"text": "砸锅卖铁 @you", "author": Author(id="h", handle="desk")}),
    ]

    table = table_of(mentions, "jsonl", Rules(policy, frozenset(["bluesky:desk"])), with_text=True)

    rows = [json.loads(line) for line in table.decode().splitlines()]
    assert {row["id"]: row["text"] for row in rows} == texts
    assert all(row["url"] for row in rows)
