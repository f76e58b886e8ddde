"""The ledger of one jurisdiction: what consolidate remembers. A fold of the journal and its events, and nothing else."""

from dataclasses import dataclass, field

from dedup.kernels import NUMPY, Kernels
from dedup.matcher import Matcher
from dedup.policy import Policy
from schemas.events import PolicyRef
from schemas.journal import ReportReceived


@dataclass(slots=True)
class Standing:
    """A known report: in which case it is, in which revision, and which person's how-manieth it is there."""

    case_id: str
    digest: str
    revision: int | None
    person: int | None
    repeat: int
    withdrawn: bool = False


@dataclass(slots=True)
class People:
    """The people of one case (反映人数), known by their tokens."""

    by_token: dict[str, int] = field(default_factory=dict)
    reports: list[int] = field(default_factory=list)
    """How many reports each person sent, person 1 first."""
    channels: list[set[str]] = field(default_factory=list)

    def find(self, tokens: tuple[str, ...]) -> int | None:
        """The number of the person who owns one of the tokens; the lowest if several do."""
        return min((self.by_token[token] for token in tokens if token in self.by_token), default=None)

    def note(self, number: int, tokens: tuple[str, ...], channel: str, *, reports: int = 1) -> None:
        """More reports of person `number` (the next free number for a new person); 0 for an edit, which may bring new tokens."""
        if number > len(self.reports):
            self.reports.append(0)
            self.channels.append(set())
        self.reports[number - 1] += reports
        self.channels[number - 1].add(channel)
        for token in tokens:
            self.by_token.setdefault(token, number)


@dataclass(slots=True)
class CaseState:
    """A case as far as decisions need it."""

    people: People = field(default_factory=People)
    counting: int = 0
    """Reports that are not withdrawn."""
    secret: bool = False
    """It has a confidential member (要求保密) or an accusation (举报): nobody else's report is put beside it by machine."""


class Ledger:
    """State of one jurisdiction, changed by `apply` alone. `number` is that of the last event; 0 before the first."""

    def __init__(self, jurisdiction: str, policy: Policy, kernels: Kernels = NUMPY) -> None:
        self.jurisdiction = jurisdiction
        self.policy = policy
        self.policy_ref = PolicyRef(name=policy.name, digest=policy.digest)
        self.number = 0
        self.matcher = Matcher(policy, kernels)
        self.reports: dict[str, Standing] = {}
        self.cases: dict[str, CaseState] = {}

    def repeat_of(self, report: ReportReceived, case_id: str) -> tuple[int | None, int, bool]:
        """(person number, how-manieth report of that person, seen on this channel before) if the report were in the case.

        The number is None for an anonymous report, and the next free one for a new person.
        """
        people = self.cases[case_id].people if case_id in self.cases else People()
        if not report.persons:
            return None, 1, False
        number = people.find(report.persons)
        if number is None:
            return len(people.reports) + 1, 1, False
        return number, people.reports[number - 1] + 1, report.channel in people.channels[number - 1]
