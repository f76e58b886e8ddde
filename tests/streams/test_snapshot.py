"""The ledgers as bytes: resumed ones decide the same, and what is damaged or older is refused."""

import pytest

from dedup.kernels import NUMPY
from schemas.events import CaseEvent
from streams.steps import snapshot
from streams.steps.consolidate import ENGINE, JournalRecord, Ledgers
from streams.steps.snapshot import SnapshotRefused
from tests.dedup.build import POLICY
from tests.dedup.test_invariants import generated

REPORTS = generated(60)


def decide(ledgers: Ledgers, start: int, stop: int) -> list[CaseEvent]:
    found: list[CaseEvent] = []
    for offset, report in enumerate(REPORTS[start:stop], start):
        found += ledgers.decide(JournalRecord("local", 0, offset, report.effective_at, report))
    return found


@pytest.mark.parametrize("stop", [0, 1, 17, 59])
def test_resumed_ledgers_decide_the_same_bytes(stop: int) -> None:
    straight, first = Ledgers(POLICY), Ledgers(POLICY)
    expected = [event.to_json() for event in decide(straight, 0, 60)]
    before = [event.to_json() for event in decide(first, 0, stop)]
    resumed = snapshot.read(b"".join(snapshot.write(first, stop)), {POLICY.digest: POLICY}, POLICY, NUMPY)
    assert resumed.resume_at == stop
    assert before + [event.to_json() for event in decide(resumed.ledgers, stop, 60)] == expected
    assert b"".join(snapshot.write(resumed.ledgers, 60)) == b"".join(snapshot.write(straight, 60))


def whole() -> bytes:
    ledgers = Ledgers(POLICY)
    decide(ledgers, 0, 20)
    return b"".join(snapshot.write(ledgers, 20))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda _: b"", "another format"),
        (lambda data: data.replace(b"ledgers 1", b"ledgers 0", 1), "another format"),
        (lambda data: data[:-1], "damaged"),
        (lambda data: data[: len(data) // 2], "damaged"),
        (lambda data: data[:5000] + bytes((data[5000] ^ 1,)) + data[5001:], "damaged"),
    ],
)
def test_a_spoilt_snapshot_is_refused(spoil: object, why: str) -> None:
    with pytest.raises(SnapshotRefused, match=why):
        snapshot.read(spoil(whole()), {POLICY.digest: POLICY}, POLICY, NUMPY)  # type: ignore[operator]


def test_a_snapshot_of_an_older_engine_or_of_a_missing_pack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SnapshotRefused, match="needs policy"):
        snapshot.read(whole(), {}, POLICY, NUMPY)
    monkeypatch.setattr(snapshot, "ENGINE", ENGINE - 1)
    older = whole()
    monkeypatch.undo()
    with pytest.raises(SnapshotRefused, match="of engine"):
        snapshot.read(older, {POLICY.digest: POLICY}, POLICY, NUMPY)
