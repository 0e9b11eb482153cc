"""The house rules that a reader would otherwise have to remember. The import contracts stand in pyproject.toml."""

import ast
import inspect
import pkgutil
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from monitor import protocols, seams
from monitor.seams.streams import Stream
from monitor.sources import SOURCES, STREAMS
from monitor.sources.http import Client
from monitor.store.keys import KINDS, KeyKind, Keyspace
from tests.data import ROOT

MODULES = sorted([*ROOT.glob("monitor/**/*.py"), *ROOT.glob("workers/**/*.py")])
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
MOST_METHODS = 6

TOP_LEVEL = {
    *("monitor", "workers", "tests", "config"),
    *("docker-compose.yml", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
    *("Makefile", "requirements.lock"),
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> Sequence[ast.AST]:
    return list(ast.walk(tree_of(path)))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in nodes_of(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def test_the_top_level_holds_what_every_project_has_and_no_more() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in listed.splitlines()}

    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


@each_module
def test_a_module_opens_with_one_line_that_says_what_it_is(path: Path) -> None:
    first = (ast.get_docstring(tree_of(path)) or "").split("\n")[0]

    assert first.endswith((".", "?", ":"))
    assert len(first) > 20


@each_module
def test_a_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@each_module
def test_a_function_is_short_enough_to_see_whole(path: Path) -> None:
    long = [f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION]

    assert long == []


def test_tasks_stay_thin() -> None:
    assert len((ROOT / "workers/tasks.py").read_text(encoding="utf-8").splitlines()) < 120


@each_module
def test_no_module_is_a_drawer(path: Path) -> None:
    assert not re.search(r"util|helper|common|misc|manager", name_of(path))


@each_module
def test_only_settings_reads_the_environment(path: Path) -> None:
    reads = [
        node.attr
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb", "putenv"}
    ]

    assert reads == [] or path.name == "settings.py"


@each_module
def test_no_error_is_swallowed(path: Path) -> None:
    """A handler that does nothing must say why in a comment on its line; a broad one must name its error."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in nodes_of(path):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: bare except"
            does_nothing = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            assert not does_nothing or "#" in lines[node.body[0].lineno - 1], f"line {node.lineno}: swallowed"


ACTING = {"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle"}


@each_module
def test_nothing_is_read_that_could_act(path: Path) -> None:
    """No pickle, no YAML, no `eval`: what is stored, sent or configured is data (rule S11)."""
    tree = tree_of(path)
    imported = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert {name.partition(".")[0] for name in imported} & ACTING == set()
    assert called & {"eval", "exec", "compile", "__import__"} == set()


PATTERNS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
OWN_PATTERNS = {
    "keyword.py": "a class of Han characters for each one of a keyword, nothing repeated",
    "logs.py": "of secrets, of which each character is escaped; runs have a limit",
    "reasons.py": "of templates of ours, whose words are escaped; a reason is one short line",
    "sieve.py": "one class of characters, each escaped",
    "ways.py": "of a table of ours, joined once",
}
"""Modules whose patterns are made at run time, and why these can hang nobody."""


@each_module
def test_no_pattern_comes_from_a_person(path: Path) -> None:
    """Every pattern of `re` is a constant of ours: a stranger's could take for ever (S7). Queries have RE2."""
    tree = tree_of(path)
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id.lstrip("_").isupper()
    }
    strange = [
        node.lineno
        for function in functions(path)
        for node in ast.walk(function)
        if is_call_of_re(node) and not is_constant(node.args[0], constants)  # type: ignore[attr-defined]
    ]

    assert strange == [] or path.name in OWN_PATTERNS


def is_call_of_re(node: ast.AST, names: set[str] = PATTERNS) -> bool:
    """Tell whether something calls a function of `re` that takes a pattern."""
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return called.value.id == "re" and called.attr in names


def is_constant(node: ast.AST, constants: set[str]) -> bool:
    """Tell whether a pattern is made of literals, constants of the module, and words that are escaped."""
    if is_call_of_re(node, {"escape"}):
        return True
    if isinstance(node, ast.Name):
        return node.id in constants
    return not isinstance(node, ast.Call) and all(is_constant(each, constants) for each in ast.iter_child_nodes(node))


@each_module
def test_imports_stand_at_the_top(path: Path) -> None:
    inside = [
        node.lineno
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


@each_module
def test_nothing_is_left_for_later_without_a_word(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
    assert "NotImplementedError" not in text


def seams_of_the_package() -> list[str]:
    return [each.name for each in pkgutil.walk_packages(seams.__path__, f"{seams.__name__}.")]


def protocol_classes() -> list[type]:
    return [
        item
        for module in (protocols, *map(import_module, seams_of_the_package()))
        for item in vars(module).values()
        if inspect.isclass(item) and getattr(item, "_is_protocol", False) and item.__module__ == module.__name__
    ]


@pytest.mark.parametrize("protocol", protocol_classes(), ids=lambda each: each.__name__)
def test_a_seam_is_small(protocol: type) -> None:
    methods = [name for name in vars(protocol) if not name.startswith("_") or name == "__call__"]
    attributes = inspect.get_annotations(protocol).keys() - set(methods)

    assert 1 <= len(methods) + len(attributes) <= MOST_METHODS


def test_every_seam_is_looked_at() -> None:
    """A list of modules by hand was short of most of them."""
    looked_at = {each.__module__ for each in protocol_classes()}
    with_protocols = {
        "monitor.seams." + path.stem
        for path in ROOT.glob("monitor/seams/*.py")
        if re.search(r"^class \w+\(.*Protocol\):", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert with_protocols
    assert with_protocols <= looked_at


def test_every_source_has_a_golden_folder_and_a_row_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    for name in SOURCES:
        assert (ROOT / "tests/golden" / name).is_dir(), name
        assert re.search(rf"^\| `{name}`", readme, re.MULTILINE), name


def test_every_stream_keeps_its_name_and_has_a_row_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    client = Client()

    for name, open_stream in STREAMS.items():
        stream = open_stream(client, {})
        assert isinstance(stream, Stream)
        assert stream.name == name
        assert re.search(rf"^\| `{name}`", readme, re.MULTILINE), name
    client.close()


REMOVES = r"HDEL|ZREM|ZPOPMIN|UNLINK|[\"']DEL[\"']"
ENDS = {
    "time to live": r"EXPIRE|[\"']P?X[\"']|[\"']EX[\"']",
    "trimmed": REMOVES,
    "prune|until|swept|erased|while|with the chat|for a month|for an hour": REMOVES,
    "one (?:field|member) per": REMOVES,
}
"""What the end of a key promises, and what must then be done in a module that uses the key, or in a script it runs."""

FIXED = re.compile(r"(?:one|two|five) (?:values?|fields?|counter)$")
OF_SETTINGS = {"breakers": "sources and hosts of the settings", "learned": "paid sources, of which there are few"}
"""Keys of which nothing is removed, and why they cannot grow."""


def users_of(kind: KeyKind) -> str:
    """Return the code that uses a key: the modules of the store that name it, and the scripts that these run."""
    modules = [path.read_text(encoding="utf-8") for path in ROOT.glob("monitor/store/*.py") if path.name != "keys.py"]
    names = {kind.name.replace("-", "_"), {"lookback": "look_back"}.get(kind.name, kind.name)}
    using = [each for each in modules if any(re.search(rf"\.{name}\b", each) for name in names)]
    scripts = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("monitor/store/scripts/*.lua")}
    run = {name for each in using for name in re.findall(r"\"(\w+)\"", each)} & scripts.keys()
    return "\n".join([*using, *(scripts[name] for name in sorted(run))])


@pytest.mark.parametrize("kind", KINDS, ids=lambda each: f"{each.slot} {each.name}")
def test_every_key_has_an_owner_and_an_end_that_the_code_gives_it(kind: KeyKind) -> None:
    code = users_of(kind)
    promised = [does for says, does in ENDS.items() if re.search(says, kind.expiry)]

    assert code, "nobody uses it"
    assert re.search(rf"(?:class|def) {kind.owner.rstrip('s').removesuffix('e')}|the {kind.owner} protocol", code)
    assert promised or FIXED.search(kind.expiry), "it may grow for ever"
    assert kind.name in OF_SETTINGS or all(re.search(does, code) for does in promised)


def test_every_key_is_made_in_one_place() -> None:
    """No other module of the store spells a key or a slot by hand."""
    spelled = [
        name_of(path)
        for path in ROOT.glob("monitor/**/*.py")
        if path.name != "keys.py" and re.search(r"\{\{?(work|t:|c:)", path.read_text(encoding="utf-8"))
    ]

    assert spelled == []


def test_every_key_of_the_keyspace_knows_its_family() -> None:
    keys = Keyspace("x:")

    for key in (*keys.topic("pots"), *keys.chat("42"), *keys.work):
        assert keys.kind_of(key) is not None
    assert keys.kind_of("x:{work}:nobody") is None
    assert keys.kind_of("other:{work}:due") is None


def test_every_script_says_its_keys_and_arguments() -> None:
    for path in (ROOT / "monitor/store/scripts").glob("*.lua"):
        head = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("--"))
        assert "KEYS" in head, path.name
        assert "ARGV" in head, path.name


def test_the_lock_pins_every_package_by_hash_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.findall(
        r"^[a-z0-9.-]+==\S+(?: ; [^\\\n]+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", lock, re.MULTILINE
    )

    assert packages
    assert "".join(packages) == re.sub(r"^#.*\n|^\n", "", lock, flags=re.MULTILINE)
