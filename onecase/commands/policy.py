"""`onecase policy fit | evaluate | show`: make a policy pack from labelled reports, say how good it is, and what is in it."""

import importlib.util
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from onecase.commands.servers import Json
from onecase.context import Exit, err, fail, out, print_json
from streams.shell.kernels import fastest
from streams.shell.policies import load_pack

if TYPE_CHECKING:
    from dedup.fitting.making import Gold

app = typer.Typer(no_args_is_help=True, help="Policy packs (判重策略): fit one on labelled reports, evaluate it, look inside.")

GoldFolder = Annotated[
    Path,
    typer.Argument(metavar="GOLD", help="Folder with input.jsonl, cases.jsonl and, if there is one, torn_pairs.json.", file_okay=False),
]
Texts = Annotated[
    list[Path] | None,
    typer.Option("--texts", help="Further texts without labels, JSON lines with title or subject, and body.", dir_okay=False),
]
SHOWN = ("ordinary_precision", "ordinary_recall", "ordinary_f1", "lookalikes_joined", "cross_recall", "found_top3", "review_share")


def _gold(folder: Path, texts: list[Path] | None) -> "Gold":
    missing = [name for name in ("lightgbm", "scipy", "rjieba", "pypinyin") if importlib.util.find_spec(name) is None]
    if missing:
        fail(Exit.USAGE, f"Fitting and evaluating need the extra `fit` ({', '.join(missing)} missing): pip install 'onecase[fit]'.")
    from onecase.gold import load_gold

    return load_gold(folder, texts or [])


def _steps(progress: Progress) -> Callable[[str, int], Callable[[int], None]]:
    def step(name: str, total: int) -> Callable[[int], None]:
        task = progress.add_task(name, total=total)
        return lambda done: progress.update(task, completed=done)

    return step


@app.command()
def fit(
    gold: GoldFolder,
    output: Annotated[Path, typer.Option("--output", "-o", help="The pack to write.", dir_okay=False)],
    name: Annotated[str, typer.Option(help="Its name; a new pack needs a new one.")] = "local-1",
    lexicon: Annotated[Path | None, typer.Option(help="Lexicon; default: the built-in Chinese one.", dir_okay=False)] = None,
    texts: Texts = None,
    json_: Json = False,
) -> None:
    """Fit a pack on labelled reports: minutes. The same input gives the same digest.

    The automatic line (自动线) and the review line (人工线) are set on decisions out of fold, with a margin.
    """
    labelled = _gold(gold, texts)
    from dedup.fitting.making import make

    words = json.loads(lexicon.read_bytes() if lexicon else (files("dedup") / "lexicons" / "chinese.json").read_bytes())
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        parts, figures = make(labelled, words, name, fastest(), _steps(progress))
    output.write_text(json.dumps(parts, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    policy = load_pack(output)
    if json_:
        print_json({"name": policy.name, "digest": policy.digest, "output": str(output), "lines": parts["lines"], "out_of_fold": figures})
        return
    out.print(f"{policy.name} ({policy.digest[:12]}) written to {output}.", highlight=False)
    out.print(f"Lines: {parts['lines']}", highlight=False)
    _figures(figures)


@app.command()
def evaluate(
    gold: GoldFolder,
    policy: Annotated[Path | None, typer.Option(help="Policy pack; default: the built-in one.", dir_okay=False)] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the frontier as a picture (PNG).", dir_okay=False)] = None,
    errors: Annotated[
        Path | None, typer.Option(help="Write every wrong join and every miss, JSON lines, without texts.", dir_okay=False)
    ] = None,
    in_sample: Annotated[bool, typer.Option("--in-sample", help="Use the pack's own model: only honest on reports it never saw.")] = False,
    json_: Json = False,
) -> None:
    """Say how good a pack is on labelled reports, out of fold by case: its model is fitted anew for each fifth of the cases.

    Precision, recall and F1 with 95 % intervals, by stratum, the whole frontier, and how many reports carry a suggestion.
    """
    labelled = _gold(gold, None)
    from onecase.evaluating import Evaluation, error_lines, plot_frontier

    chosen = load_pack(policy)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        found = Evaluation.run(labelled, chosen, fastest(), _steps(progress), in_sample=in_sample)
    if plot:
        plot_frontier(found, plot)
    if errors:
        errors.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in error_lines(found)), encoding="utf-8")
    if json_:
        print_json(found.as_json())
        return
    out.print(
        f"{chosen.name} ({chosen.digest[:12]}), {'its own model' if in_sample else 'out of fold'}; lines {chosen.lines.model_dump()}",
        highlight=False,
    )
    _figures(found.figures)
    out.print(f"Board messages alone: {_short(found.board)}", highlight=False)
    table = Table("stratum", "reports", "joined rightly", "joined or suggested rightly", "joined wrongly")
    for row in found.strata:
        table.add_row(row.name, str(row.reports), f"{row.joined:.3f}", f"{row.found:.3f}", f"{row.wrong:.3f}")
    out.print(table)


def _short(figures: dict[str, Any]) -> str:
    return ", ".join(f"{key.removeprefix('ordinary_')} {figures[key]}" for key in SHOWN[:3])


def _figures(figures: dict[str, Any]) -> None:
    for key in SHOWN:
        span = figures.get(f"{key}_95")
        out.print(f"  {key:20} {figures[key]}" + (f"  (95 %: {span[0]} to {span[1]})" if span else ""), highlight=False)


@app.command()
def show(
    policy: Annotated[Path | None, typer.Argument(help="Policy pack; default: the built-in one.", dir_okay=False)] = None,
    json_: Json = False,
) -> None:
    """Show a pack: name, digest, what it was fitted on, lines, limits, vetoes, and what its model looks at most."""
    from dedup.measures import MEASURES

    chosen = load_pack(policy)
    model = chosen.model
    moved: dict[str, int] = dict.fromkeys((measure.name for measure in MEASURES), 0)
    for feature, left, right in zip(model.feature.tolist(), model.left.tolist(), model.right.tolist(), strict=True):
        if feature >= 0:
            moved[model.features[feature].partition(".")[0]] += abs(int(model.value[left]) - int(model.value[right]))
    whole = sum(moved.values()) or 1
    told = {
        "name": chosen.name,
        "digest": chosen.digest,
        "fitted_on": chosen.fitted_on,
        "window_days": chosen.window // 86_400,
        "lines": chosen.lines.model_dump(),
        "limits": chosen.limits.model_dump(),
        "vetoes": list(chosen.vetoes),
        "lexicon_version": chosen.lexicon_version,
        "words": len(chosen.words.rarity),
        "bigrams": len(chosen.rarity),
        "trees": len(model.roots),
        "measures": {name: round(value / whole, 3) for name, value in sorted(moved.items(), key=lambda item: -item[1])},
    }
    if json_:
        print_json(told)
        return
    for name, value in told.items():
        out.print(f"{name:16} {value}", highlight=False, markup=False)
