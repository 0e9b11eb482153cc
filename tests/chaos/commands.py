"""Runs many commands of the product, each in a fork of one process that knows them: python -m tests.chaos.commands

Standard input holds a list of {"arguments": […], "environment": {…}, "output": file}. A start costs hundredths of a
second that way, and what runs is what a person would start.
"""

import json
import os
import signal
import sys
import threading
import traceback
from typing import Any, NoReturn

from monitor.cli import main as monitor
from workers.worker import main as worker

AT_ONCE = 3
LONGEST = 25
"""Seconds after which a command that does not end is ended by the system."""


def main() -> None:
    """Run all that are asked for, a few at once; print the exit code of each, in the order of their ends."""
    assert threading.active_count() == 1, "a fork keeps the calling thread only"
    running: dict[int, str] = {}
    for wanted in json.load(sys.stdin):
        while len(running) >= AT_ONCE:
            told(running)
        pid = os.fork()
        if pid == 0:
            become(wanted)
        running[pid] = " ".join(wanted["arguments"])
    while running:
        told(running)


def told(running: dict[int, str]) -> None:
    """Wait for the end of a command and tell of it."""
    pid, status = os.wait()
    print(os.waitstatus_to_exitcode(status), running.pop(pid), flush=True)


def become(wanted: dict[str, Any]) -> NoReturn:
    """Be the command, and end as it does."""
    handle = os.open(wanted["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv = ["monitor", *wanted["arguments"]]
    signal.alarm(LONGEST)
    code: object = 0
    try:
        code = worker() if wanted["arguments"] == ["worker"] else monitor()
    except SystemExit as e:
        code = e.code
    except BaseException as e:  # noqa: BLE001 - as Python itself does with what nobody caught
        sys.excepthook(type(e), e, e.__traceback__)
        code = 1
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        traceback.print_exc()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    main()
