"""What somebody hears who gives a file that is no archive."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli.archive import AN_ARCHIVE, replay
from monitor.errors import ConfigError

NO_ARCHIVES = {
    "table.csv": "id,text\n1,砸锅卖铁\n2,pots\n3,iron\n4,pans\n5,铁\n6,锅\n",
    "page.html": "<html><body>砸锅卖铁</body></html>",
    "whole.json": '[{"id": "1", "text": "砸锅卖铁"}]',
    "other.jsonl": '{"id": "1", "content": "砸锅卖铁"}\n{"id": "2", "content": "砸锅卖铁"}\n',
}


@pytest.mark.parametrize("name", NO_ARCHIVES)
def test_a_file_that_is_no_archive_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    """Five errors of a parser said nothing of what an archive is."""
    path = tmp_path / name
    path.write_text(NO_ARCHIVES[name], encoding="utf-8")

    refused = CliRunner().invoke(replay, [str(path), "--any", "砸锅卖铁"]).exception

    assert isinstance(refused, ConfigError)
    [said] = refused.problems
    assert said.startswith(f"{path}: holds no post that can be read (line 1: ")
    assert said.endswith(f"; {AN_ARCHIVE}")
    assert "byte" not in said
    assert "line 2" not in said
