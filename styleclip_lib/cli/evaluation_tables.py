"""The tables of ``styleclip evaluate``, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence


def style_table(rows: Sequence[dict]) -> str:
    """Lines of text, a style in each."""
    numbers = {"pictures": "d", "success_rate": ".0%", "attributes_kept": ".0%", "probability": ".2f", "distance": ".3f", "seconds": ".1f"}
    lines = ["  ".join([f"{'method':10}", f"{'style':15}", *(f"{name:>{max(8, len(name))}}" for name in numbers)])]
    for row in rows:
        cells = [f"{'-' if row[name] is None else format(row[name], form):>{max(8, len(name))}}" for name, form in numbers.items()]
        lines.append("  ".join([f"{row['method']:10}", f"{row['style']:15}", *cells]))
    return "\n".join(lines)


def table(summaries: Sequence[dict], of: str) -> str:
    """Lines of text; `of` is the column after the method."""
    numbers = {"edits": "d", "success_rate": ".0%", "side_effects": ".2f", "identity": ".2f", "outside": ".3f", "clip_gain": "+.2f",
               "seconds": ".1f", "true_before": "d", "side_effects_if_true": ".2f"}
    widths = {name: max(12, len(name)) for name in numbers}
    width = max(len(str(row[of])) for row in summaries) if summaries else 0
    lines = ["  ".join([f"{'method':18}", f"{of:{width}}", *(f"{name:>{widths[name]}}" for name in numbers)])]
    for row in summaries:
        cells = [_with_interval(row[name], row.get(f"{name}_interval"), form) for name, form in numbers.items()]
        wide = [f"{cell:>{places}}" for cell, places in zip(cells, widths.values())]
        lines.append("  ".join([f"{row['method']:18}", f"{row[of]:{width}}", *wide]))
    return "\n".join(lines)


def _with_interval(value: float | None, half: float | None, form: str) -> str:
    if value is None:
        return "-"
    return f"{value:{form}}" + ("" if half is None else f" ±{half:{form}}")


def region_table(rows: Sequence[dict]) -> str:
    """A region in each line."""
    lines = [f"{'region':12} {'pictures':>8} {'median IoU':>10} {'least':>6} {'largest':>7}"]
    return "\n".join([*lines, *(f"{row['region']:12} {row['pictures']:8} {row['median_iou']:10.2f} {row['least']:6.2f} "
                                f"{row['largest']:7.2f}" for row in rows)])


def ablation_table(results: Sequence[dict]) -> str:
    """A variant in each line: its means, and in brackets how much more the default has, with a star where the interval leaves out 0."""
    names = ("success_rate", "side_effects", "identity")
    width = max((len(row["variant"]) for row in results), default=0)
    lines = ["  ".join([f"{'variant':{width}}", "edits", *(f"{name} (default more)".rjust(28) for name in names), "seconds"])]
    for row in results:
        cells = [_compared(row[name], *row["difference"][name]) for name in names]
        lines.append("  ".join([f"{row['variant']:{width}}", f"{row['edits']:5}", *cells, f"{row['seconds'] or 0:7.1f}"]))
    return "\n".join(lines)


def _compared(mean: float | None, more: float | None, half: float | None) -> str:
    if mean is None:
        return f"{'-':>28}"
    told = "" if more is None or half is None else f" ({more:+.2f} ± {half:.2f}{'*' if abs(more) > half else ' '})"
    return f"{mean:.2f}{told}".rjust(28)
