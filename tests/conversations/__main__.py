"""Writes the transcripts anew: python -m tests.conversations [NAME …]. Read what changed before it is committed.

Each is what the product says now; tests/integration/test_transcripts.py fails when it says anything else.
"""

import logging
import sys
import tempfile
from pathlib import Path

from tests.conversations.playing import FOLDER, SCRIPTS, scripts_of, told
from tests.integration.house import a_house


def main(names: list[str]) -> None:
    """Write all transcripts, or those of some names."""
    logging.disable(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, a_house(Path(folder)) as house:
        for kind, casts in SCRIPTS.items():
            (FOLDER / kind).mkdir(exist_ok=True)
            for script in scripts_of(kind):
                if not names or script.name in names:
                    path = FOLDER / kind / f"{script.name}.txt"
                    path.write_text(told(house, script, casts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
