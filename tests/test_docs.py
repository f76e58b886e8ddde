"""What the README says is run, and is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def commands(block: str) -> list[str]:
    """The commands of a block, comments and line continuations taken away."""
    joined = re.sub(r"\\\n\s*", " ", block)
    return [re.sub(r"\s+# .*$", "", line) for line in joined.splitlines() if line.strip()]


def shell(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONECASE_") or name == "ONECASE_CACHE"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
    return subprocess.run(
        ["bash", "-ec", command], cwd=cwd, env=clean | {"PATH": path}, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_consolidate_example_joins_the_two_reports(tmp_path: Path) -> None:
    """The README's own lines, decided by the README's own command, are one case."""
    block = next(block for block in BLOCKS if "contacts.jsonl" in block)
    found = shell(block, tmp_path)
    assert found.returncode == 0, found.stderr
    lines = (tmp_path / "decided.jsonl").read_text(encoding="utf-8").splitlines()
    cases = {re.search(r'"case_id": "([^"]+)"', line)[1] for line in lines}  # type: ignore[index]
    assert len(lines) == 2
    assert len(cases) == 1


def test_every_command_in_the_readme_exists() -> None:
    """Each `onecase …` and `make …` of the README is one that there is, with the options it names."""
    said = [line for block in BLOCKS for line in commands(block)]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in said:
        if line.startswith("make "):
            assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE), line
        elif found := re.search(r"onecase ([a-z]+)(?: ([a-z]+))?", line):
            help_ = shell(f"onecase {found[1]} --help", ROOT)
            assert help_.returncode == 0, line
            if found[1] in ("topics", "journal", "policy", "bench"):
                help_ = shell(f"onecase {found[1]} {found[2]} --help", ROOT)
                assert help_.returncode == 0, line
            for option in re.findall(r" (--[a-z-]+)", line):
                assert option in help_.stdout, line


@pytest.mark.parametrize("path", [*sorted(path.relative_to(ROOT) for path in ROOT.glob("*.md")), Path("connectors/README.md")], ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link points to a file that is there."""
    text = (ROOT / path).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (ROOT / path.parent / target).exists(), target


@pytest.mark.servers
@pytest.mark.slow
def test_the_demo_of_the_readme_runs_and_its_numbers_add_up(tmp_path: Path) -> None:
    """`onecase demo`: exit 0, four channels, three examples, the redeliveries dropped, the broken records' places, the sums; then go on."""
    found = shell("onecase demo --keep", tmp_path)
    try:
        assert found.returncode == 0, found.stdout + found.stderr
        text = " ".join(found.stdout.split())
        for words in (
            "12345热线",
            "市长信箱",
            "领导留言板",
            "信访",
            "Case 3",
            "Redelivery (重复推送): 2 records",
            "intake.rejected/",
            "The sums hold",
            "Go on:",
        ):
            assert words in text, found.stdout
        case = re.search(r"onecase case ([0-9a-f]{8})", text)
        assert case
        shown = shell(f"onecase case {case[1]} --demo", tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert "合计" in shown.stdout
        for command in (
            "onecase audit --demo",
            "onecase status --demo",
            "onecase topics check --demo",
            "onecase journal export --demo --output j.jsonl",
        ):
            assert shell(command, tmp_path).returncode == 0, command
        numbers = re.findall(r"(?:RX\d+|26\d{8})", found.stdout)
        why = shell(f"onecase why {numbers[0]} {numbers[-1]} --demo --json", tmp_path)
        assert why.returncode == 0, why.stderr
        again = shell("onecase consolidate j.jsonl --output again.jsonl", tmp_path)
        assert again.returncode == 0, again.stderr
    finally:
        shell("onecase down --demo", tmp_path)
