"""Posts as a file: ids by default, nobody exposed, nothing that a spreadsheet would compute."""

import csv
import io
import json

from monitor.digests.table import IDS, table_of
from monitor.models import Author
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
