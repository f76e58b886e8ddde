"""`onecase consolidate`: files in, files out, exit codes."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from onecase.cli import app
from streams.steps.offline import export_line
from tests.streams.build import LAMPS, NOISE, journal_inbound, report

LINE: dict[str, Any] = {"channel": "hotline", "source_id": "1", "reported_at": "2026-03-02T09:00:00+08:00", "body": NOISE}


def line(**fields: Any) -> bytes:
    return json.dumps(LINE | fields, ensure_ascii=False).encode()


def consolidate(
    folder: Path, *lines: bytes, end: bytes = b"\n", options: tuple[str, ...] = ()
) -> tuple[Result, list[dict[str, Any]], list[dict[str, Any]]]:
    """Exit and words, the lines written, the lines rejected."""
    source, output = folder / "in.jsonl", folder / "out.jsonl"
    source.write_bytes(b"".join(one + end for one in lines))
    result = CliRunner().invoke(app, ["consolidate", str(source), "--output", str(output), *options])
    return result, read(output), read(folder / "out.rejected.jsonl")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_all_good(tmp_path: Path) -> None:
    result, rows, rejected = consolidate(tmp_path, line(), line(source_id="2"), line(source_id="3", body=LAMPS), line())
    assert result.exit_code == 0
    assert [(row["source_id"], row["action"]) for row in rows] == [("1", "opened"), ("2", "joined"), ("3", "opened"), ("1", "redelivered")]
    assert rejected == []
    assert not (tmp_path / "out.rejected.jsonl").exists()
    assert "1 joined, 2 opened, 1 redelivered" in result.stderr
    assert result.stdout == ""


def test_bad_lines_are_kept_beside(tmp_path: Path) -> None:
    bad = [b"{", "施工噪音".encode("gb18030"), line(body=7)]
    result, rows, rejected = consolidate(tmp_path, line(), bad[0], b"", line(source_id="2"), bad[1], b"   ", bad[2], line(source_id="3"))
    assert result.exit_code == 1
    assert [row["source_id"] for row in rows] == ["1", "2", "3"]
    assert [(letter["line"], letter["reason"]) for letter in rejected] == [
        (2, "line.not-json"),
        (5, "line.not-utf8"),
        (7, "value.wrong-field"),
    ]
    assert [b64decode(letter["bytes"]) for letter in rejected] == bad
    assert "GB18030" in rejected[1]["sentence"]
    assert "3 lines could not be read" in result.stderr


def test_windows_line_ends_a_bom_and_no_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"\xef\xbb\xbf" + line() + b"\r\n\r\n" + line(source_id="2"))
    result = CliRunner().invoke(app, ["consolidate", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out.jsonl")])
    assert result.exit_code == 0
    assert [row["action"] for row in read(tmp_path / "out.jsonl")] == ["opened", "joined"]


def test_a_huge_line_is_rejected_and_the_rest_goes_on(tmp_path: Path) -> None:
    result, rows, rejected = consolidate(tmp_path, line(body="施" * 1_700_000), line())
    assert (result.exit_code, len(rows)) == (1, 1)
    assert rejected[0]["reason"] == "value.wrong-field"


def test_an_empty_file(tmp_path: Path) -> None:
    result, rows, _ = consolidate(tmp_path)
    assert (result.exit_code, rows) == (0, [])
    assert "no reports" in result.stderr


def test_json_for_scripts(tmp_path: Path) -> None:
    result, _, _ = consolidate(tmp_path, line(), b"{", options=("--json",))
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"opened": 1, "output": str(tmp_path / "out.jsonl"), "rejected": 1}


def test_an_exported_journal_and_plain_lines_in_one_file(tmp_path: Path) -> None:
    exported = json.dumps(export_line(journal_inbound(report("1"))), ensure_ascii=False).encode()
    result, rows, _ = consolidate(tmp_path, exported, line(source_id="2"))
    assert result.exit_code == 0
    assert [row["action"] for row in rows] == ["opened", "joined"]
    assert rows[0]["case_id"] == rows[1]["case_id"]


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    lines = [line(source_id=str(number), body=(NOISE, LAMPS)[number % 2]) for number in range(8)]
    consolidate(tmp_path, *lines)
    first = (tmp_path / "out.jsonl").read_bytes()
    consolidate(tmp_path, *lines)
    assert (tmp_path / "out.jsonl").read_bytes() == first


def test_the_rejected_lines_are_no_output_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mending `x.rejected.jsonl` into `x.jsonl` would have destroyed it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.rejected.jsonl").write_bytes(line())
    result = CliRunner().invoke(app, ["consolidate", "x.rejected.jsonl", "-o", "x.jsonl"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == 2
    assert "overwrite" in result.stderr
    assert (tmp_path / "x.rejected.jsonl").read_bytes() == line()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["missing.jsonl", "-o", "out.jsonl"], "There is no file"),
        (["in.jsonl", "-o", "in.jsonl"], "overwrite"),
        (["in.jsonl", "-o", "absent/out.jsonl"], "no folder absent"),
        (["in.jsonl"], "--output"),
    ],
)
def test_wrong_use(tmp_path: Path, arguments: list[str], word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_bytes(line())
    result = CliRunner().invoke(app, ["consolidate", *arguments], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert result.exit_code == 2
    assert word in result.stderr
    assert (tmp_path / "in.jsonl").read_bytes() == line()
