"""What happened in the demo, in plain words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.panel import Panel

from onecase.telling import RELATIONS, channel_name, short_reason
from schemas.views import CaseView
from streams.records import Inbound
from streams.steps.audit import Audit
from streams.store.queries import MemberRow

MEMBERS_TOLD = 4


@dataclass(slots=True)
class Story:
    """Everything that the summary tells."""

    published: dict[str, int]
    counts: dict[str, Any]
    examples: list[tuple[CaseView, list[MemberRow]]]
    rejected: list[Inbound]
    audit: Audit
    kafka_bootstrap: str
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def events(self) -> Counter[str]:
        """Case events by type."""
        return Counter(self.counts["events"])

    def as_json(self) -> dict[str, Any]:
        """The same for a script."""
        return {
            "published": self.published,
            "cases": self.counts["cases"],
            "reports": self.counts["reports"],
            "events": self.counts["events"],
            "rejected": [letter_place(letter) for letter in self.rejected],
            "examples": [view.case_id for view, _ in self.examples],
            "audit_holds": self.audit.holds,
            "audit": dict(self.audit.counts),
        }


def letter_place(letter: Inbound) -> dict[str, Any]:
    """Where a dead letter lies, where it came from, and why."""
    ours = {name: (value or b"").decode("utf-8", "replace") for name, value in letter.headers if name.startswith("onecase-")}
    return {
        "topic": letter.place.topic,
        "partition": letter.place.partition,
        "offset": letter.offset,
        "from": f"{ours['onecase-topic']}/{ours['onecase-partition']} offset {ours['onecase-offset']}",
        "reason": ours["onecase-reason"],
        "sentence": ours["onecase-sentence"],
    }


def tell(story: Story, out: Console) -> None:
    """Prints the story."""
    total = sum(story.published.values())
    channels = ", ".join(f"{number} by {channel_name(channel)}" for channel, number in story.published.items())
    reports = sum(story.counts["reports"].values())
    out.print(Panel.fit("What happened in 云溪市 in March 2026", style="bold"))
    out.print(f"[bold]{total}[/] records came in: {channels}.", highlight=False)
    out.print(f"They are [bold]{reports}[/] reports and became [bold]{story.counts['cases']}[/] cases (并单).", highlight=False)
    events = story.events
    out.print(
        f"{events['report.joined']} reports were joined to a case that was open; {story.counts['suggested']} more carry a suggestion "
        f"(疑似重复) for a person to look at. {events['report.revised']} were edited, {events['report.superseded']} older edit came late, "
        f"{events['report.withdrawn']} were withdrawn (撤回).",
        highlight=False,
    )
    out.print()
    for number, (view, members) in enumerate(story.examples, 1):
        _tell_case(number, view, members, out)
    out.print(f"[bold]Redelivery (重复推送):[/] {events['report.redelivered']} records were the same once more: dropped and counted.")
    for place in map(letter_place, story.rejected):
        out.print(
            f"[bold]Broken record:[/] {place['from']} lies with its bytes in {place['topic']}/{place['partition']} "
            f"offset {place['offset']}: {place['reason']}. {place['sentence']}",
            highlight=False,
        )
    _tell_audit(story.audit, out)


def _tell_case(number: int, view: CaseView, members: Sequence[MemberRow], out: Console) -> None:
    channels = ", ".join(f"{channel_name(channel)} {count}" for channel, count in view.by_channel.items())
    out.print(f"[bold]Case {number}[/] {view.case_id}: {view.reports} reports of {view.people} people; {channels}", highlight=False)
    out.print(f"  “{(view.excerpt or '')[:70]}…”", style="italic", markup=False, highlight=False)
    for row in members[1:MEMBERS_TOLD]:
        member = row.member
        if member.relation and member.evidence:
            out.print(f"  + {channel_name(member.channel)} {member.source_id}: {RELATIONS[member.relation]}", highlight=False)
            out.print(f"      {short_reason(member.evidence)}", style="dim", highlight=False)
    if len(members) > MEMBERS_TOLD:
        out.print(
            f"  … and {len(members) - MEMBERS_TOLD} more; `onecase case {view.case_id[:8]} --demo` shows all with every reason", style="dim"
        )
    out.print()


def _tell_audit(audit: Audit, out: Console) -> None:
    counts = audit.counts
    out.print(
        f"[bold]Audit:[/] {counts['raw']} raw records = {counts['journal']} journal records + {counts['rejected']} dead letters; "
        f"{counts['journal']} journal records led to {counts['events']} numbered events; {counts['cases']} cases and {counts['members']} "
        f"reports stand in Postgres and in the compacted topics alike. "
        + ("[green]The sums hold.[/]" if audit.holds else f"[red]{audit.problem_count} problems, such as: {audit.problems[0]}[/]"),
        highlight=False,
    )


def go_on(story: Story, out: Console) -> None:
    """What to try next."""
    case_id = story.examples[0][0].case_id if story.examples else "CASE"
    out.print("\n[bold]Go on:[/]")
    for command, what in (
        ("onecase up --demo", "start the demo's servers again"),
        (f"onecase case {case_id[:8]} --demo", "a case with its reasons"),
        ("onecase audit --demo", "count again"),
        ("onecase down --demo", "stop them"),
    ):
        out.print(f"  [cyan]{command}[/]  {what}", highlight=False)
    out.print(
        f"  [cyan]kafka-console-consumer.sh --bootstrap-server {story.kafka_bootstrap} --topic intake.cases --from-beginning "
        "--isolation-level read_committed[/]  what a downstream system reads (any Kafka client will do)",
        highlight=False,
        soft_wrap=True,
    )
