"""`monitor backup` and `monitor restore`: one file that holds everything, and the way back."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.digests.wording import many
from monitor.duties import upkeep
from monitor.settings import load
from monitor.store.codec import from_ms
from monitor.store.restore import Restored
from monitor.wiring import opened

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog="\b\nExamples:\n  monitor backup\n  monitor backup /mnt/disk/monday.backup")
@click.argument("file", type=FILE, required=False)
def backup(file: Path | None) -> None:
    """Write everything that is stored into FILE, while the product runs; without FILE into the folder of backups.

    The file holds posts, and the key under which authors are hashed: without it they would not be recognised. It is
    for your eyes only. It holds no token and no settings. Exits with 1 when what is stored is not sound.
    """
    with opened(load()) as monitor, bars() as step:
        made = upkeep.make_backup(monitor, file, step, datetime.now(UTC))
    for finding in made.findings:
        click.secho(finding, fg="red", err=True)
    held = f"{many(made.trailer.posts, 'post')}, {many(made.trailer.messages, 'message')}"
    click.echo(f"{made.path}: {held}, {made.size:,} bytes, {many(len(made.findings), 'finding')}")
    sys.exit(1 if made.findings else 0)


@click.command(
    epilog="\b\nExamples:\n  monitor restore monday.backup --check\n  monitor restore monday.backup\n"
    "  monitor restore monday.backup --replace"
)
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Only try it in a scratch store and say whether it is sound.")
@click.option("--replace", is_flag=True, help="Move the data that is there aside, instead of refusing.")
def restore(file: Path, *, check: bool, replace: bool) -> None:
    """Go on from a backup. Everything must be stopped.

    Nothing is sent twice: what may have been sent since the backup is looked for in each chat first, and held where
    that tells nothing (`monitor outbox list`).
    """
    now = datetime.now(UTC)
    if check:
        with bars() as step:
            restored = upkeep.check_backup(file, step)
        click.echo(said(restored))
        for finding in restored.findings:
            click.secho(finding, fg="red")
        click.echo("clean" if not restored.findings else many(len(restored.findings), "finding"))
        sys.exit(1 if restored.findings else 0)
    with bars() as step:
        replaced = upkeep.restore(load(), file, step, now, replace=replace)
    click.echo(said(replaced.restored))
    if replaced.aside is not None:
        click.echo(f"What was there before: {replaced.aside}")
    click.echo("Who may use the bot is as it was then: look at /people, and /revoke who lost access since.")
    click.echo("Next: monitor up")


def said(restored: Restored) -> str:
    """Word what a backup held."""
    header, trailer = restored.header, restored.trailer
    held = f"{many(trailer.posts, 'post')}, {many(trailer.messages, 'message')}, {restored.in_doubt} of them in doubt"
    made = f"made {from_ms(header.made_at):%Y-%m-%d %H:%M:%S} UTC from {header.server}, schema {header.schema}"
    return f"{held}; {made}"


@contextmanager
def bars() -> Iterator[Callable[[str, int], Callable[[int], None]]]:
    """Yield what shows a bar for each step, one after the other."""
    with ExitStack() as shown:

        def step(what: str, length: int) -> Callable[[int], None]:
            shown.close()
            return shown.enter_context(click.progressbar(length=length, label=what, file=sys.stderr)).update

        yield step
