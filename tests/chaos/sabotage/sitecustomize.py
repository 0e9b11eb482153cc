"""Faults that no signal from outside can make, made inside a process of the product when it is told to.

Python imports this by itself where its folder is in PYTHONPATH. Nothing of the product is replaced: the faults are a
lock that somebody holds for ever, and a thread that dies.
"""

import ctypes
import logging
import signal
import threading

HANG = signal.SIGRTMIN + 1
END_SWEEPER = signal.SIGRTMIN + 2


def hold_the_log(*_: object) -> None:
    """Hold the lock of the log for ever, from a thread of its own: whoever says something hangs."""

    def hold() -> None:
        for handler in logging.getLogger().handlers:
            handler.acquire()
        threading.Event().wait()

    threading.Thread(target=hold, daemon=True).start()


def end_the_sweeper(*_: object) -> None:
    """Let the sweeper's thread die, as by an error that nobody foresaw."""
    for thread in threading.enumerate():
        if thread.name == "sweeper" and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))


signal.signal(HANG, hold_the_log)
signal.signal(END_SWEEPER, end_the_sweeper)
