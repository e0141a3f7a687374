"""``styleclip edit``: edits a face with a sentence."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import Field, dataclass, field, fields, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import tyro

from ..editing.recipe import NEUTRAL
from ..editing.recipes import Optimization, Recipe
from ..editing.saved_edit import LARGEST, SavedEdit
from ..editing.sources import File
from ..errors import StyleclipError
from ..paths import check_destination, check_json, open_regular
from .parsing import Align, Device, Domain, Face, parse, renamed

RENAMED = {"--lambda-side": "--lambda-off-direction"}
"""Options of the previous version, and their new names."""


@dataclass
class Settings:
    """Edit a face with a sentence: find the face, invert it, edit it. Ctrl-C during the edit keeps the best so far; before the edit
    nothing is written."""

    input: tyro.conf.Positional[Path]
    """a picture with one face"""
    output: tyro.conf.Positional[Path]
    """where to write the edited face (.png, .jpg, ...)"""
    text: str | None = None
    """what the face should become, such as "a smiling face with glasses" """
    neutral: str | None = None
    """the neutral text: what the face is before the edit, by default "a face". Global directions lead from it to the text; with --strength
    auto they may choose it themselves, such as "a face with blue hair" where the text asks for blond hair"""
    method: Literal[tuple(Recipe.family())] | None = None  # type: ignore[valid-type]
    """optimization (the default): follow CLIP's gradient for this face (Patashnik et al. 2021, section 4); mapper: a network trained for
    this text (section 5), in a minute or two unless the domain ships one; directions: one step in StyleSpace for every face (section 6),
    in milliseconds; alignment: one step by a map from CLIP's space (Zheng et al. 2022); channel: one style channel, moved by hand"""
    preset: str | None = None
    """a named set of settings of the method: default, or paper for the authors' settings"""
    recipe: Path | None = None
    """a .json file with text, method and settings, as written by the studio and by --report; other options override it"""
    inversion_steps: int = 100
    """number of inversion steps before the edit"""
    tune: bool = False
    """after the inversion, fine-tune a copy of the generator to draw exactly this face (pivotal tuning, Roich et al. 2021): for faces
    that come out as somebody else"""
    tune_steps: int = 150
    """number of steps of pivotal tuning"""
    paste_back: bool = False
    """paste the edited face back into the photograph, and save the whole photograph"""
    seed: int | None = None
    """the same seed gives the same result; by default 0, or the recipe's"""
    align: Align = "auto"
    face: Face = None
    domain: Domain = "portraits"
    device: Device = "auto"
    fast: bool = False
    """compute in bfloat16 if the device is faster at it: half the time for a large generator, at a difference of about one percent"""
    report: Path | None = None
    """where to write the face, the text, the recipe and the measured changes (.json)"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(_with_recipe_options(Settings), "edit", renamed(arguments, RENAMED))
    _check(settings)
    saved = _saved_edit(settings)

    from ..images import check_picture_path, open_upright, save_image

    check_picture_path(settings.output)
    picture = open_upright(settings.input)

    from ..descent import parts_of_a_whole
    from ..editing.face import Face
    from ..editing.prompt import Prompt
    from ..evaluation.report import measure_edit
    from ..models import load_models
    from ..photos.loading import load_face
    from ..speed import fast

    models = load_models(settings.domain, device=settings.device)
    photo = load_face(models, picture, align=settings.align, face=settings.face)
    if settings.paste_back and photo.quad is None:
        raise StyleclipError("--paste-back needs a face that was cropped out, but this picture was taken whole: "
                             "leave the option out, or crop the face with --align always.")
    for note in photo.notes:
        print(note)
    prompt = Prompt.of(models, saved.text, saved.neutral) if saved.text else None
    source = saved.face
    with parts_of_a_whole():
        recipe = saved.recipe.prepare(models, prompt)  # reports what cannot be done before the inversion
        face = Face.of_photo(models, photo, steps=source.steps, tune_steps=source.tune_steps, seed=source.seed, source=source)
    before = face.image
    with fast(models.device) if settings.fast else nullcontext():
        edit = recipe.apply(models, face, prompt)
        edited = edit.image
    measured = measure_edit(models, before, edited, prompt or NEUTRAL, photo=photo)
    save_image(photo.paste_back(edited) if settings.paste_back else edited, settings.output)
    print(measured)
    print(f"Saved {settings.output}.")
    if settings.report is not None:
        done = replace(saved, domain=settings.domain, recipe=edit.recipe)
        done.save(settings.report, **({"fast": True} if settings.fast else {}), measured=json.loads(json.dumps(vars(measured))))
        print(f"Saved {settings.report}.")
    return 0


# --- options of the recipes ----------------------------------------------------------------------------------------------


def _with_recipe_options(settings: type[Settings]) -> type[Settings]:
    """The settings with an option for each field of each recipe; its default is None."""
    own = {one.name for one in fields(settings)}
    users_of: dict[str, list[tuple[type[Recipe], Field]]] = {}
    for kind in Recipe.family().values():
        for one in fields(kind):
            if one.name not in own and one.name != "changes":
                users_of.setdefault(one.name, []).append((kind, one))
    options = []
    for name, users in users_of.items():
        shown = tyro.conf.arg(help=_help(users), help_behavior_hint=_default(users))
        options.append((name, Annotated[_option_type(*users[0]), shown], field(default=None)))
    made = make_dataclass(settings.__name__, options, bases=(settings,))
    made.__doc__ = settings.__doc__
    return made


def _option_type(kind: type[Recipe], one: Field) -> Any:
    """The type of a field as an option: None is written as auto, true and false as yes and no."""
    options = [get_type_hints(kind)[one.name]]
    if get_origin(options[0]) in (Union, types.UnionType):
        options = list(get_args(options[0]))
    words = {bool: Literal["yes", "no"], type(None): Literal["auto"]}
    return Union[(*(words.get(option, option) for option in options), None)]


def _help(users: list[tuple[type[Recipe], Field]]) -> str:
    """What a field is for, and which methods have it."""
    methods = "all methods" if len(users) == len(Recipe.family()) else ", ".join(kind.KIND for kind, _ in users)
    return f"{methods}: {users[0][1].metadata['help']}"


def _default(users: list[tuple[type[Recipe], Field]]) -> str:
    default = users[0][1].default
    return "" if default in (None, "") else f"(default: {default})"


def _saved_edit(settings: Settings) -> SavedEdit:
    """Face, text and recipe, from --recipe and the options. Raises StyleclipError for an option that the method does not have."""
    saved = _read(settings.recipe) if settings.recipe is not None else SavedEdit()
    recipe = _recipe(settings, saved.recipe)
    given = {}
    for name in {one.name for kind in Recipe.family().values() for one in fields(kind)} - {"seed", "changes"}:
        value = getattr(settings, name)
        if value is not None:
            given[name] = {"auto": "auto" if name == "strength" else None, "yes": True, "no": False}.get(value, value) \
                if isinstance(value, str) else value
    own = {one.name for one in fields(recipe)}
    for name in given:
        if name not in own:
            users = [kind.KIND for kind in Recipe.family().values() if name in {one.name for one in fields(kind)}]
            raise StyleclipError(f"--{name.replace('_', '-')} belongs to the method {' or '.join(users)}; this one is {recipe.KIND}.")
    if settings.seed is not None and "seed" in own:
        given["seed"] = settings.seed
    if settings.text is not None and getattr(recipe, "changes", ()):
        given["changes"] = ()  # they were those of the recipe's text
    face = File(name=settings.input.name or "picture", face=settings.face if isinstance(settings.face, int) else None,
                steps=settings.inversion_steps, tune_steps=settings.tune_steps if settings.tune else 0, seed=settings.seed or 0)
    text = saved.text if settings.text is None else settings.text
    neutral = saved.neutral if settings.neutral is None else settings.neutral
    return replace(saved, face=face, text=text, neutral=neutral, recipe=_with_options(recipe, given))


def _with_options(recipe: Recipe, given: dict[str, Any]) -> Recipe:
    """The recipe with some fields changed. Raises StyleclipError, which names the option, for an invalid value."""
    for name, value in given.items():
        try:
            recipe = replace(recipe, **{name: value})
        except StyleclipError as error:
            raise StyleclipError(str(error).replace(name, f"--{name.replace('_', '-')}", 1)) from None
    return recipe


def _recipe(settings: Settings, saved: Recipe | None) -> Recipe:
    """What the options change: the recipe of the file, or a preset of the method."""
    if saved is not None and settings.method in (None, saved.KIND) and settings.preset is None:
        return saved
    kind = Recipe.family()[settings.method] if settings.method else type(saved) if saved is not None else Optimization
    if settings.preset is None:
        return kind()
    if settings.preset not in kind.PRESETS:
        raise StyleclipError(f"The method {kind.KIND} has no preset '{settings.preset}': choose from {', '.join(kind.PRESETS) or 'none'}.")
    return kind.PRESETS[settings.preset]


def _read(path: Path) -> SavedEdit:
    with open_regular(path) as file:
        return SavedEdit.from_json(file.read(LARGEST + 1))


def _check(settings: Settings) -> None:
    """Raises StyleclipError for wrong options, before a picture is opened or a model loaded."""
    needs_text = settings.method is None or Recipe.family()[settings.method].NEEDS_TEXT
    if settings.text is None and settings.recipe is None and needs_text:
        raise StyleclipError('Say what the face should become, such as --text "a smiling face", or name a file with --recipe.')
    if settings.text is not None and not settings.text.strip():
        raise StyleclipError('The text is empty: say what the face should become, such as --text "a smiling face".')
    if settings.neutral is not None and not settings.neutral.strip():
        raise StyleclipError('The neutral text is empty: say what the face is before the edit, such as --neutral "a face".')
    if settings.tune_steps < 1 or settings.inversion_steps < 0:
        raise StyleclipError("--tune-steps must be 1 or more and --inversion-steps 0 or more.")
    if settings.paste_back and settings.align == "never":
        raise StyleclipError("--paste-back needs a cropped face, and --align never crops none: leave one of the two out.")
    check_destination(settings.output)
    check_json(settings.report)
