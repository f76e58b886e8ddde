"""The import rules and the purity rules hold, and each of them fails where it is broken."""

import ast
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
PACKAGES: list[str] = CONFIG["importlinter"]["root_packages"]
CORE = ("dedup", "schemas", "streams/steps")

LAYERS = "imports point one way"
CONNECTORS = "connectors know the schemas only"
CORE_IO = "the core does no I/O"
FAUST = "one module knows Faust"

PLANTS = [  # file, code, contracts that break: connectors know through the schemas whatever those import
    ("schemas/ids.py", "import streams.records", {LAYERS, CONNECTORS}),
    ("dedup/policy.py", "from streams import errors", {LAYERS}),
    ("streams/records.py", "import connectors.base", {LAYERS}),
    ("schemas/ids.py", "import onecase.owners", {LAYERS, CONNECTORS}),
    ("connectors/files.py", "import onecase.owners", {LAYERS, CONNECTORS}),
    ("streams/shell/engine.py", "def late() -> None:\n    import onecase.owners", {LAYERS}),
    ("connectors/hotline/parse.py", "from dedup import policy", {CONNECTORS}),
    ("connectors/runner.py", "from streams.steps import masking", {LAYERS, CONNECTORS}),
    ("dedup/text.py", "import asyncio", {CORE_IO}),
    ("dedup/text.py", "import time", {CORE_IO}),
    ("schemas/codec.py", "from os import environ", {CORE_IO}),
    ("streams/steps/normalise.py", "from streams.shell import settings", {CORE_IO}),
    ("streams/steps/project.py", "import asyncpg", {CORE_IO}),
    ("streams/store/database.py", "import faust", {FAUST}),
    ("onecase/context.py", "from mode import Service", {FAUST}),
]


def lint_imports(where: Path) -> tuple[int, dict[str, bool]]:
    """Exit code, and each contract with whether it is kept."""
    command = [str(BIN / "lint-imports"), "--no-cache", "--config", "pyproject.toml"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    verdicts = {}
    for line in done.stdout.splitlines():
        name, _, verdict = line.rpartition(" ")
        if verdict in {"KEPT", "BROKEN"}:
            verdicts[name] = verdict == "KEPT"
    return done.returncode, verdicts


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources and the configuration, to be spoiled."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.json", "*.jsonl"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(path: Path, code: str) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{code}\n", encoding="utf-8")


def test_imports_point_one_way() -> None:
    assert lint_imports(ROOT) == (0, dict.fromkeys([contract["name"] for contract in CONFIG["importlinter"]["contracts"]], True))


@pytest.mark.parametrize(("module", "code", "broken"), PLANTS, ids=[f"{module}: {code.split()[-1]}" for module, code, _ in PLANTS])
def test_a_forbidden_import_breaks_its_contract(copy: Path, module: str, code: str, broken: set[str]) -> None:
    plant(copy / module, code)
    status, kept = lint_imports(copy)
    assert status == 1
    assert {name for name, ok in kept.items() if not ok} == broken


def test_every_contract_has_a_plant() -> None:
    assert {name for _, _, broken in PLANTS for name in broken} == {contract["name"] for contract in CONFIG["importlinter"]["contracts"]}


def test_every_package_is_under_the_rules() -> None:
    assert set(PACKAGES) == set(CONFIG["hatch"]["build"]["targets"]["wheel"]["packages"])


# Purity: no clock, no chance, no environment, no I/O in the core. ruff sees what is reached through a module;
# the two builtins below have no module, so a check of our own sees them.

IMPURE = [
    ("import time\nNOW = time.time()", "time"),
    ("from time import monotonic\nNOW = monotonic()", "time"),
    ("from datetime import UTC, datetime\nNOW = datetime.now(UTC)", "datetime.datetime.now"),
    ("import datetime as d\nNOW = d.datetime.now(d.UTC)", "datetime.datetime.now"),
    ("from datetime import date\nNOW = date.today()", "datetime.date.today"),
    ("from uuid import uuid4\nNEW = uuid4()", "uuid.uuid4"),
    ("import uuid\nNEW = uuid.uuid1()", "uuid.uuid1"),
    ("import random\nDICE = random.random()", "random"),
    ("from secrets import token_hex\nKEY = token_hex()", "secrets"),
    ("import os\nPLACE = os.environ['PLACE']", "os"),
    ("from os import environ\nPLACE = environ['PLACE']", "os"),
    ("import builtins\nFILE = builtins.open('x')", "builtins.open"),
]


def banned(where: Path) -> set[tuple[str, str]]:
    """(file, banned name) of what ruff reports as TID251 under the configuration that stands there."""
    command = [str(BIN / "ruff"), "check", "--no-cache", "--select", "TID251", "--output-format", "json", *CORE, "streams/shell"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return {(Path(one["filename"]).relative_to(where.resolve()).as_posix(), one["message"].split("`")[1]) for one in found}


def test_the_core_uses_no_clock_chance_or_environment() -> None:
    assert banned(ROOT) == set()


def test_ruff_reports_each_in_the_core_and_none_in_the_shell(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    expected = set()
    for folder in (*CORE, "streams/shell"):
        (tmp_path / folder).mkdir(parents=True)
        for number, (code, name) in enumerate(IMPURE):
            (tmp_path / folder / f"planted_{number}.py").write_text(f"{code}\n", encoding="utf-8")
            if folder != "streams/shell":
                expected.add((f"{folder}/planted_{number}.py", name))
    assert banned(tmp_path) == expected


IMPURE_BUILTINS = {
    "hash": "differs from run to run for text",
    "open": "is I/O",
    "input": "is I/O",
    "print": "is I/O",
    "id": "is an address",
}


def builtins_used(paths: Iterable[Path]) -> list[str]:
    """Where an impure builtin is named. ruff's banned-api sees `builtins.hash`, but not the bare `hash` that everybody writes."""
    return [
        f"{path.name}:{node.lineno}: {node.id}() {IMPURE_BUILTINS[node.id]}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in IMPURE_BUILTINS
    ]


def test_the_core_uses_no_impure_builtin() -> None:
    paths = [path for folder in CORE for path in (ROOT / folder).rglob("*.py")]
    assert len(paths) > 20
    assert builtins_used(paths) == []


@pytest.mark.parametrize("name", IMPURE_BUILTINS)
def test_an_impure_builtin_would_be_seen(name: str, tmp_path: Path) -> None:
    for code in (f"X = {name}('x')", f"X = sorted([], key={name})", f"def f(x: int) -> None:\n    {name}(x)"):
        (tmp_path / "planted.py").write_text(code, encoding="utf-8")
        assert len(builtins_used([tmp_path / "planted.py"])) == 1
    (tmp_path / "planted.py").write_text(f"class A:\n    {name}: int = 1\n\nB = A().{name}", encoding="utf-8")
    assert builtins_used([tmp_path / "planted.py"]) == [], "an attribute of that name is no builtin"
