"""What ships: the wheel is built through the sdist, as a release is, and compared with the tree, both ways."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

import pytest

from onecase.owners import OURS

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOT_SHIPPED = {"bench", "deploy", "docs", "tests"}
DATA = (
    "dedup/lexicons/*.json",
    "*.py",
    "py.typed",
    "README.md",
    "dedup/packs/*.json",
    "onecase/demo/month.jsonl",
    "schemas/jsonschema/*/*.json",
    "schemas/examples/*/*/*.json",
)
"""What a package is made of: code, data that code reads, the contract of the wire for whoever installs us, and the guides beside them."""
LEFT_BEHIND = ("__pycache__", "*.egg-info", "dist", "build")  # and what begins with a dot, as in .gitignore


def copy_tree(to: Path) -> Path:
    """The checkout without what git ignores."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        hidden = {name for name in names if name.startswith(".") and name != ".gitignore"}
        return hidden | set(shutil.ignore_patterns(*LEFT_BEHIND)(folder, names))

    shutil.copytree(ROOT, to, ignore=ignored)
    return to


def build_wheel(tree: Path) -> Path:
    """sdist, then the wheel from the sdist; nothing is fetched."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tree.parent / "dist"), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next((tree.parent / "dist").glob("*.whl"))


def to_ship(tree: Path, packages: Iterable[str] | None = None) -> set[str]:
    """The files that belong into the wheel: of the given packages, or of every folder with code that is not among NOT_SHIPPED."""
    found = packages if packages is not None else {path.parent.name for path in tree.glob("*/__init__.py")} - NOT_SHIPPED
    return {path.relative_to(tree).as_posix() for package in found for path in (tree / package).rglob("*") if path.is_file()}


def differences(expected: set[str], shipped: set[str]) -> list[str]:
    """Sentences about what is missing from the wheel, what should not be there, and what nobody said may ship."""
    unknown = {name for name in shipped & expected if not any(PurePosixPath(name).match(pattern) for pattern in DATA)}
    return [
        *(f"{name} is missing from the wheel" for name in sorted(expected - shipped)),
        *(f"{name} is in the wheel and should not be" for name in sorted(shipped - expected)),
        *(f"{name} is of no kind that ships" for name in sorted(unknown)),
    ]


def contents(wheel: Path) -> tuple[set[str], dict[str, str]]:
    """The files of a wheel, and the text of its metadata by name."""
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if not name.endswith("/")}
        meta = {name.partition("/")[2]: file.read(name).decode() for name in names if ".dist-info/" in name}
    return {name for name in names if ".dist-info/" not in name}, meta


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str], dict[str, str]]:
    """A tree with one more package, `console`, that nobody listed; and the wheel built from it."""
    tree = copy_tree(tmp_path_factory.mktemp("packaging") / "tree")
    (tree / "console").mkdir()
    (tree / "console" / "__init__.py").touch()
    (tree / "console" / "pages.py").write_text("TITLE = 'onecase'\n", encoding="utf-8")
    return tree, *contents(build_wheel(tree))


def test_the_wheel_holds_the_five_packages_and_nothing_else(built: tuple[Path, set[str], dict[str, str]]) -> None:
    tree, shipped, _ = built
    assert differences(to_ship(tree, OURS), shipped) == []


def test_what_programs_read_is_there(built: tuple[Path, set[str], dict[str, str]]) -> None:
    _, shipped, _ = built
    assert {f"{package}/py.typed" for package in OURS} <= shipped
    for pattern in DATA:
        assert any(PurePosixPath(name).match(pattern) for name in shipped), pattern


def test_nothing_of_the_workshop_ships(built: tuple[Path, set[str], dict[str, str]]) -> None:
    _, shipped, _ = built
    assert {name.partition("/")[0] for name in shipped} == set(OURS)


def test_a_package_that_the_list_forgets_is_named(built: tuple[Path, set[str], dict[str, str]]) -> None:
    """`packages` in pyproject.toml is written by hand: a new package does not ship by itself, and then this comparison says so."""
    tree, shipped, _ = built
    assert differences(to_ship(tree), shipped) == [
        "console/__init__.py is missing from the wheel",
        "console/pages.py is missing from the wheel",
    ]


def test_the_checkout_has_no_package_that_the_list_forgets() -> None:
    """A new top-level folder with code is either shipped or named as not shipped."""
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_SHIPPED == set(OURS)


@pytest.mark.parametrize(
    ("expected", "shipped", "said"),
    [
        ({"dedup/a.py"}, {"dedup/a.py"}, []),
        ({"dedup/a.py"}, set(), ["dedup/a.py is missing from the wheel"]),
        (set(), {"tests/a.py"}, ["tests/a.py is in the wheel and should not be"]),
        ({"dedup/gold.csv"}, {"dedup/gold.csv"}, ["dedup/gold.csv is of no kind that ships"]),
    ],
)
def test_the_comparison_names_each_difference(expected: set[str], shipped: set[str], said: list[str]) -> None:
    assert differences(expected, shipped) == said


def test_the_command_and_the_connectors_are_registered(built: tuple[Path, set[str], dict[str, str]]) -> None:
    parser = ConfigParser(delimiters=("=",))
    parser.read_string(built[2]["entry_points.txt"])
    assert {section: dict(parser[section]) for section in parser.sections()} == {
        "console_scripts": PROJECT["scripts"],
        "onecase.connectors": PROJECT["entry-points"]["onecase.connectors"],
    }
    assert PROJECT["scripts"] == {"onecase": "onecase.cli:main"}


def test_the_licence_and_the_five_names_are_declared(built: tuple[Path, set[str], dict[str, str]]) -> None:
    meta = built[2]
    assert "License-Expression: Apache-2.0" in meta["METADATA"]
    assert "Apache License" in meta["licenses/LICENSE"]
    assert f"Name: {PROJECT['name']}" in meta["METADATA"]


def test_nobody_else_owns_our_names_here() -> None:
    assert {name: owners for name in OURS if (owners := set(packages_distributions().get(name, [])) - {PROJECT["name"]})} == {}
