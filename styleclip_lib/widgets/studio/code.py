"""Copy as code: a scene of the studio as the few lines of Python that make the same picture.

Values come out of validated settings and go in by `repr`, so that nothing that a shared file says can become code.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import MISSING, dataclass, field, fields

from ...editing.sources import Seed, Source
from ...models import Models
from ...settings import Settings
from ...stylization.result import Stylization
from ...weights.domain import lasting_name
from .scenes import Scene


@dataclass
class _Script:
    """Lines, and the names that they need, by their modules."""

    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set, {"styleclip_lib": {"Face", "load_models"}}))
    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        imports = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self.names.items())]
        return "\n".join([*imports, "", *self.lines]) + "\n"


def as_code(models: Models, scene: Scene, style: Stylization | None = None) -> str:
    """Python that ends with the picture in `image` [1, 3, R, R]: below the imports three lines, for models, face and edit.

    style = what was made of the scene's picture: one more line restyles it

    Run it where pictures of one's own lie, if the face comes from one.
    """
    script = _Script()
    script.lines += [f"models = load_models({lasting_name(models.folder)!r})", f"face = {_face(script, scene.face)}"]
    if scene.recipe is None:
        script.lines.append("image = face.image")
    else:
        script.lines.append(f"image = {_call(script, scene.recipe)}.apply(models, face{_prompt(script, scene)}).image")
    if style is not None:
        script.lines.append(f"image = {_call(script, style.recipe)}.apply(models, image, {style.text!r}).image")
    return str(script)


def _face(script: _Script, source: Source) -> str:
    if isinstance(source, Seed):
        return f"Face.of_seed(models, {source.seed!r}, truncation_psi={source.truncation_psi!r})"
    return f"Face.of(models, {_call(script, source)})"


def _prompt(script: _Script, scene: Scene) -> str:
    """The argument for the text, where the recipe is asked for one."""
    if not scene.text or getattr(scene.recipe, "changes", ()):
        return ""
    script.names["styleclip_lib"].add("Prompt")
    neutral = "" if scene.neutral is None else f", {scene.neutral!r}"
    return f", Prompt.of(models, {scene.text!r}{neutral})"


def _call(script: _Script, settings: Settings) -> str:
    """The call that makes these settings; what has its default is left out, besides the seed of a face."""
    script.names[type(settings).__module__].add(type(settings).__name__)
    given = [one for one in fields(settings) if one.default is MISSING or isinstance(settings, Seed)
             or getattr(settings, one.name) != one.default]
    return f"{type(settings).__name__}({', '.join(f'{one.name}={_value(script, getattr(settings, one.name))}' for one in given)})"


def _value(script: _Script, value: object) -> str:
    if isinstance(value, Settings):
        return _call(script, value)
    if isinstance(value, tuple):
        return f"({', '.join(_value(script, one) for one in value)}{',' if len(value) == 1 else ''})"
    return repr(value)
