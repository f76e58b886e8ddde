"""`onecase case | report | why | audit`: look at what was decided, and check the sums."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer

from dedup.matcher import compare
from onecase.commands.servers import Demo, Json
from onecase.context import Exit, fail, out, print_json, settings
from onecase.telling import RELATIONS, evidence_lines, member_table, waterfall, waterfall_steps
from schemas.journal import ReportReceived
from schemas.topics import JOURNAL
from streams.kafka import fetch_one
from streams.records import Place
from streams.shell.audit import audit as run_audit
from streams.shell.policies import load_packs
from streams.shell.settings import Settings
from streams.steps.wire import read_journal
from streams.store.database import PROJECT_ROLE, connect
from streams.store.queries import MemberRow, Queries

T = TypeVar("T")


def ask(s: Settings, question: Callable[[Queries], Awaitable[T]]) -> T:
    """Runs a question on a connection of its own."""

    async def work() -> T:
        connection = await connect(s.postgres_dsn.get_secret_value(), role=PROJECT_ROLE)
        try:
            return await question(Queries(connection, s.projection_schema))
        finally:
            await connection.close()

    return asyncio.run(work())


def case(
    case_id: Annotated[str, typer.Argument(help="Case id, or its first 8 characters or more.")], demo: Demo = False, json: Json = False
) -> None:
    """Show a case (并单): its reports, why each was joined, and what happened."""

    async def question(queries: Queries) -> Any:
        view = await queries.case(case_id)
        return view and (view, await queries.members(view.case_id), await queries.history(case_id=view.case_id))

    found = ask(settings(demo=demo), question)
    if found is None:
        fail(Exit.NO, f"There is no single case {case_id}; give more of the id, or look a report up with `onecase report`.")
    view, members, history = found
    if json:
        print_json(
            {"case": view.model_dump(mode="json"), "members": [m.member.model_dump(mode="json") for m in members], "events": history}
        )
        return
    out.print(f"[bold]Case {view.case_id}[/]  {view.state}, {view.jurisdiction}, policy {view.policy.name}", highlight=False)
    out.print(f"{view.excerpt}", style="italic", markup=False)
    out.print(
        f"{view.reports} reports (件数) of {view.people} known people (反映人数), {view.anonymous} anonymous; {view.withdrawn} withdrawn."
    )
    out.print(member_table(members))
    for line in view.suggestions:
        out.print(
            f"Suggested (疑似重复): report {line.report_id} may belong to case {line.case_id} ({line.points} points).", highlight=False
        )
    out.print(f"{len(history)} events; --json shows them all.", style="dim")


def _one(rows: list[MemberRow], reference: str) -> MemberRow:
    if len(rows) == 1:
        return rows[0]
    if not rows:
        fail(Exit.NO, f"No report {reference} is known; give its report id or its number at the source (流水号).")
    listed = ", ".join(f"{row.member.channel} {row.member.report_id}" for row in rows)
    fail(Exit.USAGE, f"Several sources use the number {reference}; give the report id: {listed}.")


def report(
    reference: Annotated[str, typer.Argument(help="Report id, or the number at the source (流水号).")],
    demo: Demo = False,
    json: Json = False,
) -> None:
    """Show a report: in which case it is and why."""
    s = settings(demo=demo)
    row = _one(ask(s, lambda queries: queries.report(reference)), reference)
    history = ask(s, lambda queries: queries.history(report_id=row.member.report_id))
    if json:
        print_json({"member": row.member.model_dump(mode="json"), "events": history})
        return
    member = row.member
    relation = RELATIONS[member.relation] if member.relation else "founded it (主件)"
    out.print(f"[bold]{member.channel} {member.source_id}[/] is report {member.report_id}", highlight=False)
    out.print(f"in case {member.case_id}: {relation}{', withdrawn (已撤回)' if member.withdrawn else ''}", highlight=False)
    for text in evidence_lines(member.evidence):
        out.print(f"  {text}", highlight=False, markup=False)
    for event in history:
        out.print(f"  {event['number']:>6}  {event['type']}", style="dim", highlight=False)


def why(
    first: Annotated[str, typer.Argument(metavar="A", help="A report: its id or its number at the source.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    demo: Demo = False,
    json: Json = False,
) -> None:
    """Say why two reports are, or are not, one case: every measure with both values, its points, and the line.

    A waterfall (瀑布图): from an average pair, which has no points, each measure moves the sum up or down until the total stands beside
    the automatic line (自动线). 10 points double the odds. A veto (否决) keeps from joining, whatever the sum.
    """
    s = settings(demo=demo)
    rows = [_one(ask(s, lambda queries, wanted=wanted: queries.report(wanted)), wanted) for wanted in (first, second)]  # type: ignore[misc]
    old, new = sorted(rows, key=lambda row: (row.journal_partition, row.journal_offset))
    policy, _ = load_packs(s.policy_pack, s.policy_packs)
    evidence = compare(asyncio.run(_text(s, new)), asyncio.run(_text(s, old)), policy)
    together = old.member.case_id == new.member.case_id
    decided = new.member.evidence
    joined_on_it = decided is not None and decided.report_id == old.member.report_id and together
    if json:
        print_json(
            {
                "same_case": together,
                "joined_on_it": joined_on_it,
                "policy": policy.name,
                "evidence": evidence.model_dump(mode="json"),
                "waterfall": waterfall_steps(evidence),
            }
        )
        return
    out.print("They are in one case." if together else "They are in different cases.")
    if joined_on_it:
        out.print("The later one was joined because of the earlier one.")
    out.print(waterfall(evidence, policy.name))


async def _text(s: Settings, row: MemberRow) -> ReportReceived:
    record = await fetch_one(s.kafka_bootstrap, Place(s.naming.of(JOURNAL), row.journal_partition), row.journal_offset)
    fact = read_journal(record).fact
    if not isinstance(fact, ReportReceived):
        raise TypeError(f"The journal has no report at {row.journal_partition}/{row.journal_offset}; run `onecase audit`.")
    return fact


def audit(demo: Demo = False, json: Json = False) -> None:
    """Prove by counting that nothing is lost and nothing was decided twice (exit code 1 if the sums do not hold)."""
    result = asyncio.run(run_audit(settings(demo=demo)))
    if json:
        print_json(
            {"holds": result.holds, "counts": dict(result.counts), "problem_count": result.problem_count, "problems": result.problems}
        )
    else:
        counts = result.counts
        out.print(
            f"raw {counts['raw']} = journal {counts['journal']} + rejected {counts['rejected']} + waiting {counts['raw_waiting']}; "
            f"journal {counts['journal']} (waiting {counts['journal_waiting']}) led to {counts['events']} events (waiting "
            f"{counts['events_waiting']}); {counts['cases']} cases, {counts['members']} reports.",
            highlight=False,
        )
        for sentence in result.problems:
            out.print(f"- {sentence}", highlight=False, markup=False)
        if result.problem_count > len(result.problems):
            out.print(f"… and {result.problem_count - len(result.problems)} more.")
        out.print("[green]The audit holds.[/]" if result.holds else f"[red]The audit does not hold: {result.problem_count} problems.[/]")
    if not result.holds:
        raise typer.Exit(Exit.NO)
