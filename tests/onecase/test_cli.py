"""The command line without servers: help, listings, errors that say what to do, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONECASE_")}
    command = [sys.executable, "-P", "-m", "onecase", *arguments]
    return subprocess.run(
        command,
        cwd=cwd,
        env=clean | {"NO_COLOR": "1", "COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


COMMANDS = (
    "demo",
    "consolidate",
    "up",
    "down",
    "status",
    "topics",
    "worker",
    "connect",
    "journal",
    "case",
    "report",
    "why",
    "audit",
    "bench",
)


def test_help_names_every_command(tmp_path: Path) -> None:
    """`onecase --help` is the table of contents."""
    found = run("--help", cwd=tmp_path)
    assert found.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in found.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    found = run(command, "--help", cwd=tmp_path)
    assert found.returncode == 0
    assert "Usage: " in found.stdout
    assert len(found.stdout) > 200


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "words"),
    [
        (("worker",), {}, 3, "onecase up"),
        (("audit",), {}, 3, "onecase up"),
        (("case", "12345678"), {}, 3, "ONECASE_KAFKA_BOOTSTRAP"),
        (("worker", "--demo"), {}, 3, "onecase up --demo"),
        (("connect", "telex"), {}, 2, "hotline"),
        (("worker", "--only", "nothing"), {}, 2, "normalise"),
        (("consolidate", "absent.jsonl", "--output", "out.jsonl"), {}, 2, "absent.jsonl"),
        (("nonsense",), {}, 2, "No such command"),
        (
            ("worker", "--only", "normalise"),
            {"ONECASE_KAFKA_BOOTSTRAP": "127.0.0.1:1", "ONECASE_POSTGRES_DSN": "postgresql://127.0.0.1:1/x", "ONECASE_TOKEN_KEY": "short"},
            2,
            "openssl rand",
        ),
        (
            ("worker", "--only", "normalise"),
            {"ONECASE_KAFKA_BOOTSTRAP": "127.0.0.1:1", "ONECASE_POSTGRES_DSN": "postgresql://127.0.0.1:1/x"},
            2,
            "ONECASE_TOKEN_KEY",
        ),
        (
            ("worker", "--only", "consolidate"),
            {
                "ONECASE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
                "ONECASE_POSTGRES_DSN": "postgresql://127.0.0.1:1/x",
                "ONECASE_POLICY_PACK": "absent.json",
            },
            2,
            "absent.json",
        ),
        (
            ("worker", "--only", "normalise"),
            {
                "ONECASE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
                "ONECASE_POSTGRES_DSN": "postgresql://127.0.0.1:1/x",
                "ONECASE_TOKEN_KEY": "0" * 64,
                "ONECASE_SUFFIX": "b",
                "ONECASE_JOURNAL_SUFFIX": "a",
            },
            2,
            "another run's journal",
        ),
    ],
)
def test_errors_say_what_to_do(arguments: tuple[str, ...], environment: dict[str, str], code: int, words: str, tmp_path: Path) -> None:
    """One sentence, no traceback, and the exit code of its kind."""
    found = run(*arguments, cwd=tmp_path, **environment)
    assert found.returncode == code, found.stderr
    assert words in found.stdout + found.stderr
    assert "Traceback" not in found.stderr


def test_status_without_servers_is_no(tmp_path: Path) -> None:
    """Exit code 1: the answer is no."""
    found = run("status", "--json", cwd=tmp_path)
    assert found.returncode == 1
    assert json.loads(found.stdout)["kafka"] == "stopped"


def test_connect_lists_the_installed_connectors(tmp_path: Path) -> None:
    found = run("connect", cwd=tmp_path)
    assert found.returncode == 0
    assert [line.split()[0] for line in found.stdout.splitlines() if line[:1].isalpha()] == ["board", "hotline", "mailbox", "petition"]


def test_version(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout.startswith("onecase 0.")
