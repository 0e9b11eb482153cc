"""How a process begins: without looks for garbage while it loads, with them as soon as it works."""

import subprocess
import sys
from pathlib import Path

ASKED = "import gc; LOADED = gc.isenabled()\ndef main(): return LOADED, gc.isenabled(), gc.get_freeze_count() > 1000"


def test_looks_for_garbage_begin_when_everything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "asked.py").write_text(ASKED, encoding="utf-8")
    program = "from monitor.start import start; print(*start('asked'))"

    said = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )

    assert said.stdout.split() == ["False", "True", "True"]
