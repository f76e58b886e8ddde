"""How cases and reasons are told to people."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from schemas.events import Evidence
from streams.store.queries import MemberRow

CHANNELS = {"hotline": "12345热线", "mailbox": "市长信箱", "board": "领导留言板", "petition": "信访"}
RELATIONS = {
    "same_person": "same person again (重复诉求)",
    "same_person_other_channel": "same person by another channel (多头反映)",
    "other_person": "another person, same matter (多人同诉)",
}


def channel_name(channel: str) -> str:
    """`hotline (12345热线)`."""
    return f"{channel} ({CHANNELS[channel]})" if channel in CHANNELS else channel


def reason(evidence: Evidence) -> str:
    """One line in Chinese: the measures with their points, the sum and the line."""
    parts = [f"{measure.sentence} {'不得自动并单' if measure.veto else f'{measure.points:+d}'}" for measure in evidence.measures]
    return f"{' · '.join(parts)} · 合计 {evidence.points}（线 {evidence.line}）"


def short_reason(evidence: Evidence) -> str:
    """The three measures that spoke most for it, the sum and the line."""
    telling = sorted((measure for measure in evidence.measures if measure.points > 0), key=lambda measure: -measure.points)[:3]
    return f"{'；'.join(measure.sentence for measure in telling)}；合计 {evidence.points} 分（自动线 {evidence.line} 分）"


def evidence_lines(evidence: Evidence | None) -> list[str]:
    """The reason, and the runner-up if there was one."""
    if evidence is None:
        return ["nothing like it was known"]
    lines = [reason(evidence)]
    if evidence.runner_up_points is not None:
        lines.append(f"runner-up: case {evidence.runner_up_case_id} with {evidence.runner_up_points} points")
    return lines


BAR_WIDTH = 36


def waterfall_steps(evidence: Evidence) -> list[dict[str, Any]]:
    """Each measure with the sum before and after it, the one that moves most first; vetoes last."""
    steps, total = [], 0
    for measure in sorted(evidence.measures, key=lambda measure: (measure.veto, -abs(measure.points))):
        step = {"measure": measure.name, "points": measure.points, "from": total, "to": total + measure.points}
        steps.append(step | {"veto": measure.veto, "sentence": measure.sentence})
        total += measure.points
    return steps


def waterfall(evidence: Evidence, policy: str) -> Table:
    """The sum as it grows, a bar a measure, with the line marked; then the vetoes."""
    steps = waterfall_steps(evidence)
    ends: list[int] = [0, evidence.line, *(step["to"] for step in steps)]
    low, high = min(ends), max(ends)

    def place(points: int) -> int:
        return (points - low) * (BAR_WIDTH - 1) // max(high - low, 1)

    table = Table("points", f"0 … line {evidence.line}", "measure", "in words (判重依据)", title=f"{policy}: {evidence.points} points")
    for step in steps:
        start, end = sorted((place(step["from"]), place(step["to"])))
        bar = [" "] * BAR_WIDTH
        bar[place(evidence.line)] = "¦"
        bar[start : end + 1] = ("█" if step["points"] >= 0 else "░") * (end + 1 - start)
        told = ("veto", "否决") if step["veto"] else (f"{step['points']:+d}", "".join(bar))
        table.add_row(*told, step["measure"], Text(step["sentence"]))
    verdict = "at or over the line" if evidence.points >= evidence.line else f"{evidence.line - evidence.points} short of the line"
    table.add_row(str(evidence.points), "", "total (合计)", Text(verdict), style="bold")
    return table


def member_table(rows: Sequence[MemberRow]) -> Table:
    """The members of a case with their reasons."""
    table = Table("channel", "number", "reported", "relation", "reason (判重依据)")
    for row in rows:
        member = row.member
        relation = RELATIONS[member.relation] if member.relation else "founding (主件)"
        why = reason(member.evidence) if member.evidence and member.relation else ""
        table.add_row(
            channel_name(member.channel),
            member.source_id,
            f"{member.reported_at:%Y-%m-%d %H:%M}",
            relation + (", withdrawn" if member.withdrawn else ""),
            why,
        )
    return table
