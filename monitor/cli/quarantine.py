"""`monitor quarantine`: look at the items that broke their readers, try them again, or drop them."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from monitor.digests.wording import many, plain
from monitor.duties.second_try import try_again
from monitor.errors import ConfigError
from monitor.seams.quarantine import Quarantined
from monitor.settings import load
from monitor.wiring import Monitor, opened

LONGEST = 100


@click.group(
    epilog="\b\nExamples:\n  monitor quarantine list\n  monitor quarantine show 3f09a1\n"
    "  monitor quarantine replay --all\n  monitor quarantine drop 3f09a1 77be20"
)
def quarantine() -> None:
    """Items that broke their readers: each was set aside so that the others could go on, and is kept for 30 days."""


@quarantine.command("list", epilog="\b\nExample:\n  monitor quarantine list")
def list_items() -> None:
    """List what was set aside, oldest first: its short name, since when, from where, where it broke and why."""
    with opened(load()) as monitor:
        items, tally = monitor.quarantine.all(), monitor.quarantine.tally()
    for kept in items:
        said = f"{kept.at:%Y-%m-%d %H:%M}  {kept.item.kind:6}  {kept.item.stage:11}"
        click.echo(f"{kept.key}  {said}  {_shown(kept.subject, 40)}: {_shown(kept.item.reason, LONGEST)}")
    crowded = f"; {tally.crowded_out:,} went early because there was no room" if tally.crowded_out else ""
    click.echo(f"{many(tally.items, 'item')}, {tally.bytes:,} bytes{crowded}")


@quarantine.command(epilog="\b\nExample:\n  monitor quarantine show 3f09a1")
@click.argument("name", metavar="ID")
def show(name: str) -> None:
    """Show all that is known of one item. ID is its short name, or the beginning of it."""
    with opened(load()) as monitor:
        [kept] = _chosen(monitor, [name])
    click.echo(f"{kept.key}: {kept.item.kind} {kept.item.id}, from {kept.subject}")
    deadly = "; it ends or stops the process that works on it" if kept.item.is_deadly else ""
    click.echo(f"broke in {kept.item.stage}: {kept.item.reason}{deadly}")
    click.echo(f"set aside {kept.at:%Y-%m-%d %H:%M:%S} UTC by version {kept.version} after {_tries(kept.tries)}")
    cut = f", of which {len(kept.item.raw):,} are kept" if kept.size > len(kept.item.raw) else ""
    click.echo(f"{kept.size:,} bytes{cut}:")
    for line in kept.item.raw.decode("utf-8", "backslashreplace").splitlines():
        click.echo(_shown(line, len(line) + 1))


@quarantine.command(
    epilog="\b\nExamples:\n  monitor quarantine replay 3f09a1 77be20\n  monitor quarantine replay --all"
)
@click.argument("names", metavar="ID…", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Everything that was set aside.")
def replay(names: Sequence[str], *, is_all: bool) -> None:
    """Work on items once more and store them; what is stored leaves the quarantine. Exits with 1 if any stays."""
    left = 0
    with opened(load()) as monitor:
        for kept in _asked(monitor, names, is_all=is_all):
            outcome = try_again(monitor, kept, datetime.now(UTC))
            left += not outcome.is_done
            click.echo(f"{kept.key}  {outcome.said}")
    sys.exit(1 if left else 0)


@quarantine.command(epilog="\b\nExamples:\n  monitor quarantine drop 3f09a1\n  monitor quarantine drop --all")
@click.argument("names", metavar="ID…", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Everything that was set aside.")
def drop(names: Sequence[str], *, is_all: bool) -> None:
    """Forget items for good. What comes again from its source may be set aside again."""
    with opened(load()) as monitor:
        dropped = monitor.quarantine.remove([kept.key for kept in _asked(monitor, names, is_all=is_all)])
    click.echo(f"{many(dropped, 'item')} dropped")


def _asked(monitor: Monitor, names: Sequence[str], *, is_all: bool) -> list[Quarantined]:
    if bool(names) == is_all:
        raise ConfigError(["name the items, or say --all; `monitor quarantine list` shows them"])
    return monitor.quarantine.all() if is_all else _chosen(monitor, names)


def _chosen(monitor: Monitor, names: Sequence[str]) -> list[Quarantined]:
    """Return the items whose short names begin so; raise ConfigError for a name of none or of several."""
    known = monitor.quarantine.all()
    chosen: dict[str, Quarantined] = {}
    problems = []
    for name in names:
        found = [kept for kept in known if name and kept.key.startswith(name)]
        if len(found) == 1:
            chosen[found[0].key] = found[0]
        else:
            what = "several items" if found else "no item"
            problems.append(f'"{name}" is the name of {what}; `monitor quarantine list` shows them')
    if problems:
        raise ConfigError(problems)
    return list(chosen.values())


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _shown(text: str, longest: int) -> str:
    """Return somebody else's words fit for a terminal."""
    return plain(text, longest)
