"""``styleclip evaluate``: how well each method does what the text asks for, and what else it changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .. import __version__
from ..errors import StyleclipError
from ..evaluation.recipes import ORACLE, RECIPES
from ..paths import check_destination, written_whole
from .parsing import Device, DomainName, parse, renamed

Name = Literal[(*RECIPES, ORACLE)]  # type: ignore[valid-type]


@dataclass
class Settings:
    """Make many edits of held-out portraits with every method, and measure them."""

    methods: tuple[Name, ...] = ("optimization", "mapper", "directions", ORACLE)
    """which methods. A mapper that the domain does not ship is trained first, in a minute or two. -w and -w+ optimise in another space,
    -paper uses the authors' settings; oracle: the renderer draws what the text asks for, for comparison"""
    portraits: int = 50
    """number of held-out portraits to render and invert; in a domain trained on pictures, the number of invented faces"""
    each: int = 4
    """number of portraits on which each text is tried, different ones for each text; 0: all"""
    texts: tuple[str, ...] = ()
    """only these texts, each in quotes; by default the fixed set of 28"""
    styles: tuple[str, ...] = ()
    """measure styles instead of edits: restyle --portraits held-out pictures, half of them scenes, in these styles, such as "mosaic", or
    in all of them (all), by optimisation, by the domain's fast networks, and by the renderer itself"""
    regions: bool = False
    """measure regions instead of edits: find hair, hats, clothes, background, sky and sea by name in --portraits pictures each, and
    compare with the true masks"""
    json: Path | None = None
    """where to write the table (.json)"""
    domain: DomainName = "portraits"
    """the name of a domain of portraits, or a folder with one"""
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "evaluate", renamed(arguments, {"redrawn": ORACLE}))
    if settings.portraits < 1 or settings.each < 0:
        raise StyleclipError("--portraits must be 1 or more and --each 0 or more.")
    if settings.json is not None and check_destination(settings.json).suffix != ".json":
        raise StyleclipError(f"Cannot write '{settings.json}': give it the extension .json.")

    if settings.styles:
        return _styles(settings)
    if settings.regions:
        return _regions(settings)

    from ..evaluation.evaluate import QUESTIONS, Question, evaluate, held_out, invented, oracle_edits, totals
    from ..models import load_models
    from ..weights.new_domain import learnt_from_pictures

    models = load_models(settings.domain, device=settings.device)
    fixed = {question.text: question for question in QUESTIONS}
    questions = [fixed.get(text, Question(text, "single")) for text in settings.texts] or QUESTIONS
    models.clip.encode_text([question.text for question in questions])  # reports unknown words at once
    recipes = {name: RECIPES[name] for name in settings.methods if name != ORACLE}
    is_known, each = models.attributes is not None and not learnt_from_pictures(models.folder), settings.each or None
    if not is_known:
        print(_not_measured(models, settings.portraits))
    people = held_out(models, settings.portraits) if is_known else invented(models, settings.portraits)
    rows = evaluate(models, recipes, people, questions, each)
    if ORACLE in settings.methods and is_known:
        rows += oracle_edits(models, people, questions, each)
    summaries = [row.summary() for row in rows]
    print(table(summaries, "text"), "", table(totals(rows), "kind"), sep="\n")
    _keep(settings, {"version": __version__, "portraits": settings.portraits, "each": settings.each, "rows": summaries,
                     "totals": totals(rows)})
    return 0


def _not_measured(models, count: int) -> str:
    """What cannot be measured in a domain whose pictures are not portraits of the known world."""
    read = ("success, side effects and true_before are not measured, because it has no network that reads attributes"
            if models.attributes is None else
            "success and side effects are read by the portraits' network, whose error on such pictures is unknown")
    return (f"The pictures that '{models.domain}' was trained on have no known attributes: {count} faces invented by its generator are "
            f"edited; {read}; 'outside' and the oracle are left out.")


def _styles(settings: Settings) -> int:
    """The table of styles: how often the style is recognised and what is preserved, beside the same pictures drawn by the renderer."""
    from ..evaluation.styles import DRAWN, drawn, evaluate_styles, held_out, text_of
    from ..models import load_models
    from ..portraits.styles.styles import STYLES
    from ..stylization.fast import fast_of
    from ..stylization.fast_file import style_for
    from ..stylization.recipe import StyleRecipe

    styles = tuple(STYLES) if settings.styles == ("all",) else settings.styles
    for style in styles:
        if style not in STYLES:
            raise StyleclipError(f"There is no style '{style}': choose from {', '.join(STYLES)}, or all.")
    models = load_models(settings.domain, device=settings.device)
    pictures = held_out(settings.portraits)

    def optimized(image, style):
        return StyleRecipe.DEFAULT.apply(models, image, text_of(style), progress=False).image

    def fast(image, style):
        return fast_of(models, "", text_of(style)).apply(image)

    shipped = tuple(style for style in styles if style_for(models, text_of(style)))
    methods = (("optimized", optimized, styles), ("fast", fast, shipped), (DRAWN, drawn, styles))
    rows = [row.summary() for name, method, some in methods for row in evaluate_styles(models, some, method, pictures, name)]
    print(style_table(rows))
    _keep(settings, {"version": __version__, "pictures": settings.portraits, "styles": rows})
    return 0


def _regions(settings: Settings) -> int:
    """The table of regions: the overlap (IoU) of the masks that CLIP finds with the true ones."""
    from ..evaluation.regions import clip_finds, evaluate_regions
    from ..models import load_models

    rows = evaluate_regions(clip_finds(load_models(settings.domain, device=settings.device)), settings.portraits)
    print(f"{'region':12} {'pictures':>8} {'median IoU':>10} {'least':>6} {'largest':>7}")
    for row in rows:
        print(f"{row['region']:12} {row['pictures']:8} {row['median_iou']:10.2f} {row['least']:6.2f} {row['largest']:7.2f}")
    _keep(settings, {"version": __version__, "pictures": settings.portraits, "regions": rows})
    return 0


def style_table(rows: Sequence[dict]) -> str:
    """Lines of text, a style in each."""
    numbers = {"pictures": "d", "success_rate": ".0%", "attributes_kept": ".0%", "probability": ".2f", "distance": ".3f", "seconds": ".1f"}
    lines = ["  ".join([f"{'method':10}", f"{'style':15}", *(f"{name:>{max(8, len(name))}}" for name in numbers)])]
    for row in rows:
        cells = [f"{'-' if row[name] is None else format(row[name], form):>{max(8, len(name))}}" for name, form in numbers.items()]
        lines.append("  ".join([f"{row['method']:10}", f"{row['style']:15}", *cells]))
    return "\n".join(lines)


def _keep(settings: Settings, content: dict) -> None:
    """Writes the table, if a file was asked for."""
    if settings.json is not None:
        with written_whole(settings.json) as partial:
            partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(f"Saved {settings.json}.")


def table(summaries: Sequence[dict], of: str) -> str:
    """Lines of text; `of` is the column after the method."""
    numbers = {"edits": "d", "success_rate": ".0%", "side_effects": ".2f", "identity": ".2f", "outside": ".3f", "clip_gain": "+.2f",
               "seconds": ".1f", "true_before": "d", "side_effects_if_true": ".2f"}
    widths = {name: max(9, len(name)) for name in numbers}
    width = max(len(str(row[of])) for row in summaries) if summaries else 0
    lines = ["  ".join([f"{'method':18}", f"{of:{width}}", *(f"{name:>{widths[name]}}" for name in numbers)])]
    for row in summaries:
        cells = [f"{row[name]:{form}}" if row[name] is not None else "-" for name, form in numbers.items()]
        wide = [f"{cell:>{places}}" for cell, places in zip(cells, widths.values())]
        lines.append("  ".join([f"{row['method']:18}", f"{row[of]:{width}}", *wide]))
    return "\n".join(lines)
