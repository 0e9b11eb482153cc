"""Measures the figures of reliability; see the package's docstring."""

import argparse
import contextlib
import os
import pkgutil
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec

import tests.chaos
from tests.chaos import Figure, progress
from tests.chaos.one import line_of
from tests.data import ROOT

AT_ONCE = 2
"""Figures measured side by side; more would measure the machine."""
RUNNING: set[subprocess.Popen[str]] = set()
"""The figures that are being measured, so that Ctrl-C ends them too."""
END_LIMIT = 20.0
LIMITS = {"short": 300.0, "long": 1800.0}
"""Seconds after which a figure is given up: it hangs, which is a finding."""


def names() -> list[str]:
    """Return the modules that measure a figure, in order."""
    return sorted(m.name for m in pkgutil.iter_modules(tests.chaos.__path__) if re.fullmatch(r"f\d\d_\w+", m.name))


def measure(name: str, seed: int, form: str) -> str:
    """Measure one figure in a process of its own, with all that it starts; return its line.

    The folder of a figure that broke a promise stays, for whoever looks into it.
    """
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{name[:3]}-"))
    command = [sys.executable, "-m", "tests.chaos.one", name, str(seed), form, str(folder)]
    progress(name, f"begins, seed {seed}")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    RUNNING.add(process)
    try:
        said, _ = process.communicate(timeout=LIMITS[form])
        broken = f"it ended without a figure, exit code {process.returncode}"
    except subprocess.TimeoutExpired:
        said, broken = "", f"no end within {LIMITS[form]:.0f} s"
    finally:
        end(process)
        RUNNING.discard(process)
    if not said.endswith("}\n"):
        figure = Figure(name=name, wanted="an end", reached={}, broken=(broken,))
        said = line_of(figure, seed, time.monotonic() - began)
    if is_kept(said):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        (folder / "figure.json").write_text(said, encoding="utf-8")
        progress(name, f"broken; its logs and ledgers stay in {folder}")
    return said.strip()


def end(process: subprocess.Popen[str]) -> None:
    """End a figure: by Ctrl-C, at which it stops the servers that it started, and then with all that is left of it."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=END_LIMIT)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def is_kept(line: str) -> bool:
    """Tell whether a line says that all promises were kept."""
    return bool(msgspec.json.decode(line)["ok"])


def total(lines: dict[str, str], seed: int, seconds: float) -> str:
    """Return the last line: how many figures were measured, and which were missed."""
    missed = sorted(name for name, line in lines.items() if not is_kept(line))
    said = {"figure": "all", "ok": bool(lines) and not missed, "measured": len(lines), "missed": missed}
    return msgspec.json.encode(said | {"seed": seed, "seconds": round(seconds, 1)}).decode()


def main() -> int:
    """Measure the figures that were asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("figures", nargs="*", help="f01 f05 …; all when none is named")
    parser.add_argument("--long", action="store_true", help="the full form; the short one takes three minutes")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31), help="repeat a run")
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    form = "long" if asked.long else "short"
    chosen = [n for n in names() if not asked.figures or n.startswith(tuple(asked.figures))]
    if not chosen:
        parser.error(f"no such figure; there are {', '.join(names())}")
    began = time.monotonic()
    lines: dict[str, str] = {}
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        running = {pool.submit(measure, name, asked.seed, form): name for name in chosen}
        for done in as_completed(running):
            lines[running[done]] = done.result()
            print(done.result(), flush=True)
    except KeyboardInterrupt:
        progress("all", "ending the figures under way")
        for process in list(RUNNING):
            process.send_signal(signal.SIGINT)
        return 130
    finally:
        pool.shutdown(cancel_futures=True)
    print(total(lines, asked.seed, time.monotonic() - began), flush=True)
    return 0 if all(is_kept(line) for line in lines.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
