"""F18: secrets of every kind are planted and everything is let go wrong at DEBUG: they are found nowhere.

life      the product starts, reads, sends, answers, is killed, while libraries fail in words that hold secrets
commands  every command, with secrets right, refused and unreadable
suite     in the long form all tests, with secrets planted in what they set up (see planting.py)

Searched are all that was said, the store's keys, values, files and every command it was sent, the page, the command
lines and the backups. These alone may hold a secret: the key of author hashes (CONTRIBUTING, Decisions).
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.chaos import Figure, Plan, progress
from tests.chaos.canaries import Canary, Hit, control, files_of, hits_in
from tests.chaos.secret_life import Life, Planted, platforms
from tests.data import ROOT

NAME = "F18 secrets"
MOST_TOLD = 20
LONGEST = 60.0
LEAST_HIDDEN = 6
CONTROL_TRIES = 6
CONTROLS = (
    ("1 0 0", ("poll", "hackernews", "--force"), "key of a source"),
    ("0 0 1", ("doctor",), "password of the store"),
)
"""Chances of failures, a command, and the secret that it must say where nothing is hidden."""
SUITE: tuple[str, ...] = ()
"""Tests to run; none: all."""
LEAST_TESTS = 3_000


def measure(plan: Plan) -> Figure:
    """Live, fail, and search."""
    life = Life(plan.folder, plan.seed, is_long=plan.is_long)
    missed = control(life.secrets)
    with platforms(life) as telegram:
        commands = life.commanded(("token", "unreachable", "unreadable", "password"))
        life.live(telegram)
        progress(NAME, "the product has lived")
        ended(commands)
        progress(NAME, "commands that fail have ended")
        others = life.commanded(("right",))
        life.be_pushed(telegram)
        ended(others)
        kept = dict(life.store.kept())
        found = [*searched(life, kept)]
        hidden = sum(data.count(b"<hidden>") + data.count(b"<token>") for _, data in files_of([life.said]))
        # Last: what is not hidden is stored.
        unhidden = leaks_unhidden(life)
    broken = [f"{hit.canary} {hit.form} in {hit.place}" for hit in found]
    broken += [f"the search does not find {form}" for form in missed]
    broken += [] if unhidden == 2 else [f"{unhidden} of 2 were found where nothing was hidden: the test sees nothing"]
    broken += [] if hidden >= LEAST_HIDDEN else [f"only {hidden} secrets were said: the test sees nothing"]
    reached: dict[str, float | int | str] = {"canaries": len(life.secrets) + len(life.learned), "hits": len(found)}
    reached |= {
        **life.counts,
        "keys": len(kept),
        "command_lines": len(life.lines),
        "control_hits": unhidden,
        "hidden": hidden,
    }
    if plan.is_long:
        broken += tests_searched(plan, life.secrets, reached)
    reached["megabytes"] = round(sum(len(data) for _, data in files_of(places(life))) / 1e6, 1)
    wanted = f"{reached['canaries']} planted secrets: 0 hits"
    return Figure(name=NAME, wanted=wanted, reached=reached, broken=tuple(broken[:MOST_TOLD]))


def tests_searched(plan: Plan, secrets: Planted, reached: dict[str, float | int | str]) -> list[str]:
    """Run the ordinary tests with planted secrets and return what was found of them in what was said and kept."""
    said, kept = plan.folder / "suite", plan.folder / "tests"
    environment = os.environ | {"F18_SEED": str(plan.seed), "F18_SAID": str(said)}
    command = [sys.executable, "-m", "pytest", "-p", "tests.chaos.planting", "-n", "2", f"--basetemp={kept}", *SUITE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    progress(NAME, done.stdout.splitlines()[-1] if done.stdout else done.stderr[-200:])
    found = []
    places = [*files_of([said]), *((place, data) for place, data in files_of([kept]) if is_written_by_product(place))]
    for place, data in places:
        found += [f"suite: {hit.canary} {hit.form} in {place}" for hit in hits_in(place, data, secrets)]
    reached |= {"suite": done.stdout.splitlines()[-1] if done.stdout else "", "suite_files": len(places)}
    passed = re.search(r"(\d+) passed", done.stdout)
    return [*found, *([] if passed and int(passed[1]) > LEAST_TESTS else ["the suite did not run"])]


def is_written_by_product(place: str) -> bool:
    """Tell whether a test left a file to the product: configurations and mounted secrets are the tests' own."""
    name = place.rpartition("/")[2]
    return name not in {"monitor.toml", "token"} and not name.endswith((".key", ".acl"))


def ended(commands: "subprocess.Popen[str]") -> None:
    """Wait for the end of all commands."""
    commands.wait(LONGEST)
    assert commands.returncode == 0, "the runner of commands failed"
    assert commands.stdout is not None, "it was asked for"
    commands.stdout.close()


def places(life: Life) -> list[Path]:
    """Return the folders in which nothing may be found."""
    return [life.said, life.pages, *life.product.home.parent.glob("var*"), life.store.folder]


def searched(life: Life, kept: dict[str, bytes]) -> Iterator[Hit]:
    """Yield each secret that is where it must not be."""
    texts = [*files_of(places(life)), *kept.items()]
    for place, data in (*texts, *life.lines.items()):
        yield from (hit for hit in hits_in(place, data, allowed_out(life, place)))


def allowed_out(life: Life, place: str) -> Iterator[Canary]:
    """Yield the secrets that must not be in a place."""
    name = place.rpartition("/")[2]
    for canary in (*life.secrets, *life.learned):
        is_its_file = name in {"author.key", "button.key", "webhook.key"}
        is_backup = ".backup" in name and canary == life.secrets.author_key
        if not is_its_file and not is_backup and not is_passing_by(life, place, canary):
            yield canary


def is_passing_by(life: Life, place: str, canary: Canary) -> bool:
    """Tell whether a token is on its way through the store: in what somebody wrote, or in the answer to it."""
    return canary in life.learned and place.startswith("store/")


def leaks_unhidden(life: Life) -> int:
    """Run commands that hide nothing, and count what is found in their words: all else could be an empty search.

    A look may be refused as long as the lease of a killed worker lasts, so it is tried again.
    """
    life.product.variables |= {"LEAKS_UNHIDDEN": "1"}
    found: set[str] = set()
    for chances, command, name in CONTROLS * CONTROL_TRIES:
        if name not in found:
            life.chances("life", chances)
            said = life.product.run(*command)
            found |= {hit.canary for hit in hits_in("unhidden", (said.stdout + said.stderr).encode(), life.secrets)}
    return len(found)
