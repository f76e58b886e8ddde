import asyncio
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.base import BadConfig
from connectors.registry import find, known
from connectors.runner import run
from connectors.settings import KafkaSettings, read_settings
from schemas.contact import CHANNELS
from schemas.topics import CURSORS, raw_topic
from tests.connectors.memory import MemoryCursors, MemoryPublisher


def test_the_four_connectors_are_installed() -> None:
    assert set(CHANNELS) <= set(known())


@pytest.mark.parametrize("name", CHANNELS)
def test_a_spec_says_what_it_is(name: str) -> None:
    spec = find(name)
    assert (spec.name, spec.channel) == (name, name)
    assert spec.summary
    assert (Path(registry.__file__).parent / name / "README.md").read_text(encoding="utf-8").startswith(f"# {name} (")


def test_an_unknown_name_is_answered_with_the_known() -> None:
    with pytest.raises(BadConfig, match=r"There is no connector 'wechat'; installed are: board, hotline, mailbox, petition\."):
        find("wechat")


def test_an_entry_point_must_name_a_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("fax", "connectors.base:Batch", registry.GROUP)
    monkeypatch.setattr(registry, "known", lambda: {"fax": point})
    with pytest.raises(BadConfig, match=r"'connectors.base:Batch' of connector 'fax' is not a connectors.registry.Spec"):
        find("fax")


@pytest.mark.parametrize("name", CHANNELS)
async def test_a_connector_reads_what_its_settings_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "feed.jsonl" if name in {"hotline", "board"} else tmp_path
    (tmp_path / "feed.jsonl").write_bytes(b"neither an order nor a letter\n")
    for variable, value in {"PATH": str(source), "JURISDICTION": "changsha", "INSTANCE": f"{name}-2", "ZONE": "Asia/Urumqi"}.items():
        monkeypatch.setenv(f"ONECASE_{name.upper()}_{variable}", value)
    spec = find(name)
    connector = spec.build(read_settings(spec.settings))
    assert (connector.name, connector.channel, connector.jurisdiction, connector.zone) == (f"{name}-2", name, "changsha", "Asia/Urumqi")
    publisher, cursors = MemoryPublisher(), MemoryCursors()
    await run(connector, publisher, cursors, topic="raw", once=True, poll_s=0, stop=asyncio.Event())
    assert len(publisher.topics["raw"]) == 1
    assert b"unreadable" in publisher.topics["raw"][0].value
    assert list(cursors.saved) == [f"{name}-2"]


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "Set ONECASE_HOTLINE_PATH: the file or folder that is followed."),
        ({"PATH": ""}, "Set ONECASE_HOTLINE_PATH: the file or folder that is followed."),
        ({"PATH": "/x", "ZONE": "Peking"}, "ONECASE_HOTLINE_ZONE: is not an IANA time zone such as Asia/Shanghai."),
        ({"PATH": "/x", "ZONE": "../etc"}, "ONECASE_HOTLINE_ZONE: is not an IANA time zone such as Asia/Shanghai."),
        ({"PATH": "/x", "ZONE": "Asia"}, "ONECASE_HOTLINE_ZONE: is not an IANA time zone such as Asia/Shanghai."),
        ({"PATH": "/x", "INSTANCE": "热线"}, "ONECASE_HOTLINE_INSTANCE: String should match pattern"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(f"ONECASE_HOTLINE_{variable}", value)
    with pytest.raises(BadConfig) as refused:
        read_settings(find("hotline").settings)
    assert str(refused.value).startswith(sentence)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Any = read_settings(find("petition").settings, path=Path("/x"))
    assert (settings.instance, settings.source_system) == ("petition", "petition")
    assert (settings.jurisdiction, settings.zone) == ("local", "Asia/Shanghai")


def test_topics_are_named_by_the_suffixes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONECASE_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    monkeypatch.setenv("ONECASE_SUFFIX", "rehearsal")
    assert read_settings(KafkaSettings).naming.of(CURSORS) == "intake.cursors.rehearsal"
    monkeypatch.setenv("ONECASE_JOURNAL_SUFFIX", "live")
    assert read_settings(KafkaSettings).naming.of(raw_topic("board")) == "intake.raw.board.live"
