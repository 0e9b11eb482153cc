"""Lives through simulated days; see the package's docstring."""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.day.judge import judged
from tests.day.run import Plan, lived


def main() -> int:
    """Live through so many days, each of a seed of its own; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31), help="repeat a day")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--every", type=int, default=10, help="minutes between two looks at a query")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    kept = True
    for seed in range(asked.seed, asked.seed + asked.days):
        began = time.monotonic()
        plan = Plan(seed=seed, every=asked.every)
        with tempfile.TemporaryDirectory() as folder, lived(Path(folder), plan) as day:
            came = judged(day)
        kept = kept and not came.broken
        line = {"day": seed, "ok": not came.broken, **came.reached, "broken": came.broken[:20]}
        print(json.dumps(line | {"seconds": round(time.monotonic() - began, 1)}, ensure_ascii=False), flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
