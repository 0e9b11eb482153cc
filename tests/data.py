"""Where the real data for tests lies: $MONITOR_DATA, or ../shared/data beside the checkout."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def data_path(name: str) -> Path:
    """Return the path of a data file, or skip the test, saying so, where the data is absent."""
    home = Path(os.environ.get("MONITOR_DATA", ROOT.parent / "shared" / "data"))
    path = home / name
    if not path.exists():
        pytest.skip(f"real data absent: {name} (set MONITOR_DATA to the folder that holds it)")
    return path
