"""Stops a worker that rejects nearly everything: then the fault is a bad deployment, not the records."""

from collections import deque

WINDOW = 1000
LEAST = 100


class TooManyRejects(RuntimeError):
    """Too large a share of the last records was rejected."""


class RejectShare:
    """Share of dead letters among the last records (in steps of batches)."""

    def __init__(self, share_max: float) -> None:
        self._share_max = share_max
        self._batches: deque[tuple[int, int]] = deque()
        self._seen = self._rejected = 0

    def note(self, seen: int, rejected: int) -> None:
        """Counts a batch; raises TooManyRejects, so that the batch is not committed and waits for a person."""
        self._batches.append((seen, rejected))
        self._seen += seen
        self._rejected += rejected
        while self._seen - self._batches[0][0] >= WINDOW:
            old_seen, old_rejected = self._batches.popleft()
            self._seen -= old_seen
            self._rejected -= old_rejected
        if self._seen >= LEAST and self._rejected > self._share_max * self._seen:
            raise TooManyRejects(
                f"{self._rejected} of the last {self._seen} records were rejected; nothing more is read. Look at intake.rejected, mend the "
                "cause, or raise ONECASE_REJECT_SHARE_MAX (1 = never stop)."
            )
