"""`monitor forget`: erase everything of an author who asked for it."""

from datetime import UTC, datetime

import click

from monitor.digests.wording import many
from monitor.duties import upkeep
from monitor.duties.forget import Forgotten, parse_author
from monitor.errors import ConfigError
from monitor.settings import load
from monitor.wiring import opened


@click.command(epilog="\b\nExamples:\n  monitor forget bluesky:someone.example\n  monitor forget --list")
@click.argument("author", required=False, metavar="SOURCE:HANDLE-OR-ID")
@click.option("--list", "is_list", is_flag=True, help="Show who was forgotten: hashes only, nothing else is known.")
def forget(author: str | None, *, is_list: bool) -> None:
    """Erase the posts of an author, and what digests quote of them, and let nothing of them in again.

    Messages that were sent are edited, as far as their place is known. Counts stay. Backups of every day are replaced
    by one made now; copies of yours elsewhere are yours to erase. What others wrote about the author stays.

    Bluesky, X and YouTube name authors by an id: the id of a handle is asked for there (X takes it out of its budget).
    """
    if is_list:
        _list()
        return
    if author is None:
        raise ConfigError(["whom? Write SOURCE:HANDLE or SOURCE:ID, or --list"])
    with opened(load()) as monitor:
        asked = parse_author(author)
        found, replaced = upkeep.forget_author(monitor, asked, datetime.now(UTC))
        asides = upkeep.set_aside_by_restores(monitor)
    if not (found.posts or found.messages or found.set_aside):
        click.echo(
            "Nothing of theirs was found, so nothing was erased. If you know of a post, compare the spelling with that "
            "on its page. What comes under this name from now on is refused, and "
            f"{many(replaced, 'backup')} replaced in case"
        )
    else:
        _tell(found, replaced)
    click.echo(f"What is left: {found.hash}")
    for each in asides:
        click.secho(
            f"A restore moved older data aside, and what they wrote stays in it: delete {each}", fg="red", err=True
        )


def _tell(found: Forgotten, replaced: int) -> None:
    click.echo(
        f"{many(found.posts, 'post')} erased, {many(found.messages, 'message')} changed, {found.to_edit} of them to be "
        f"edited where they were sent, {many(found.set_aside, 'item')} removed from quarantine, "
        f"{many(replaced, 'backup')} replaced"
    )


def _list() -> None:
    with opened(load()) as monitor:
        tombs = monitor.forgotten.all().values()
    for each in sorted(tombs, key=lambda tomb: tomb.since):
        click.echo(f"{each.hash}  since {each.since:%Y-%m-%d}")
    click.echo(f"{many(len(tombs), 'author')} forgotten")
