"""``styleclip evaluate``: how well each method does what the text asks for, and what else it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .. import __version__
from ..errors import StyleclipError
from ..evaluation.recipes import ORACLE, RECIPES
from ..paths import check_json, check_results_folder, write_json
from .evaluation_tables import ablation_table, region_table, style_table, table
from .parsing import Device, DomainName, parse, renamed

if TYPE_CHECKING:
    from ..evaluation.questions import Question
    from ..models import Models

Name = Literal[(*RECIPES, ORACLE)]  # type: ignore[valid-type]


@dataclass
class Settings:
    """Make many edits of held-out portraits with every method, and measure them."""

    methods: tuple[Name, ...] = ("optimization", "mapper", "directions", ORACLE)
    """which methods. A mapper that the domain does not ship is trained first, in a minute or two. -w and -w+ optimise in another space,
    -paper uses the authors' settings; oracle: the renderer draws what the text asks for, for comparison"""
    portraits: int = 60
    """number of held-out portraits to render and invert; in a domain trained on pictures, the number of invented faces"""
    each: int = 7
    """number of portraits on which each text is tried, different ones for each text; 0: all"""
    texts: tuple[str, ...] = ()
    """only these texts, each in quotes; by default the fixed set of 64. On half of them nothing may be tuned; they are also summed up
    on their own"""
    sheets: Path | None = None
    """a folder in which to keep a contact sheet of all edits for each method"""
    ablate: Literal["optimization", "mapper", "directions", "alignment"] | None = None
    """measure the settings of this method instead of comparing methods: switch each one off, or set it to the paper's value, one at a
    time, on the texts for tuning. The table goes to ablation.json, or to --json, after each setting"""
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
    check_json(settings.json)
    if settings.sheets is not None:
        check_results_folder(settings.sheets)

    if settings.ablate:
        return _ablate(settings)
    if settings.styles:
        return _styles(settings)
    if settings.regions:
        return _regions(settings)

    from ..evaluation.evaluate import evaluate, held_out, invented
    from ..evaluation.examiner import examiners_of, measured_by
    from ..evaluation.oracle import oracle_edits
    from ..evaluation.questions import questions
    from ..evaluation.sheets import save_sheets
    from ..evaluation.summary import summary, totals
    from ..models import load_models
    from ..weights.new_domain import learnt_from_pictures

    models = load_models(settings.domain, device=settings.device)
    asked = _asked(models, settings.texts, questions())
    recipes = {name: RECIPES[name] for name in settings.methods if name != ORACLE}
    is_known = models.attributes is not None and not learnt_from_pictures(models.folder)
    each = settings.each or None
    if not is_known:
        print(_not_measured(models, settings.portraits))
    people = held_out(models, settings.portraits) if is_known else invented(models, settings.portraits)
    rows = evaluate(models, recipes, people, asked, each)
    if ORACLE in settings.methods and is_known:
        rows += oracle_edits(models, people, asked, each)
    summaries = [summary(row) for row in rows]
    print(table(summaries, "text"), "", table(totals(rows), "kind"), "", measured_by(models), sep="\n")
    _keep(settings, {"version": __version__, "independent": examiners_of(models) is not None, "portraits": settings.portraits,
                     "each": settings.each, "rows": summaries, "totals": totals(rows)})
    if settings.sheets is not None and rows:
        print(f"Saved {', '.join(str(path) for path in save_sheets(rows, settings.sheets))}.")
    return 0


def _asked(models: Models, texts: Sequence[str], fixed: Sequence[Question]) -> list[Question]:
    """The questions of these texts, or all. Raises StyleclipError for a text that the domain's CLIP cannot read."""
    from ..evaluation.questions import Question

    known = {question.text: question for question in fixed}
    asked = [known.get(text, Question(text)) for text in texts] or list(fixed)
    models.clip.encode_text([models.clip.plain(question.text) for question in asked])
    return asked


def _ablate(settings: Settings) -> int:
    """The table that says what each setting of a method brings."""
    from ..evaluation.ablation import ablate, variants
    from ..evaluation.evaluate import held_out
    from ..evaluation.examiner import examiners_of, measured_by
    from ..evaluation.questions import questions_for_tuning
    from ..models import load_models

    path = settings.json or Path("ablation.json")
    check_json(path)
    models = load_models(settings.domain, device=settings.device)
    asked = _asked(models, settings.texts, questions_for_tuning())
    about = {"version": __version__, "independent": examiners_of(models) is not None, "method": settings.ablate,
             "portraits": settings.portraits, "each": settings.each, "texts": len(asked)}
    people = held_out(models, settings.portraits)
    results = ablate(models, people, asked, settings.each or None, variants(settings.ablate),
                     lambda results: write_json(path, {**about, "variants": results}))
    print(ablation_table(results), "", measured_by(models), sep="\n")
    if results:
        print(f"Saved {path}.")
    return 0


def _not_measured(models, count: int) -> str:
    """What cannot be measured in a domain whose pictures are not portraits of the known world."""
    limits = ("success, side effects and true_before are not measured, because it has no network that reads attributes"
              if models.attributes is None else
              "success and side effects are read by the portraits' network, whose error on such pictures is unknown")
    return (f"The pictures that '{models.domain}' was trained on have no known attributes: {count} faces invented by its generator are "
            f"edited; {limits}; 'outside' and the oracle are left out.")


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
    print(region_table(rows))
    _keep(settings, {"version": __version__, "pictures": settings.portraits, "regions": rows})
    return 0


def _keep(settings: Settings, content: dict) -> None:
    """Writes the table if a file was asked for."""
    if settings.json is not None:
        write_json(settings.json, content)
        print(f"Saved {settings.json}.")
