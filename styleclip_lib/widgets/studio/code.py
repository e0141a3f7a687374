"""Copy as code: a scene of the studio as the few lines of Python that make the same picture."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field

from ...models import Models
from ...paths import data_folder
from .edits import SPACE, change_of
from .faces import STEPS, Recipe


@dataclass
class _Script:
    """Lines, and the names that they need from `styleclip_lib` and elsewhere."""

    models: Models
    names: set[str] = field(default_factory=lambda: {"load_models"})
    imports: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([*sorted(self.imports), f"from styleclip_lib import {', '.join(sorted(self.names))}", "", *self.lines]) + "\n"


def as_code(models: Models, face: Recipe, edit: Recipe | None) -> str:
    """Python that ends with the picture in `image` [1, 3, R, R]: below the import mostly three lines, for models, face and edit.

    Run it where pictures of one's own lie, if the face comes from one.
    """
    script = _Script(models)
    script.lines.append(f"models = load_models({_domain(models)!r})")
    _face(script, "w_plus", face)
    if edit is None:
        script.lines.append("image = models.generator.synthesis(w_plus)")
    else:
        _edit(script, edit)
    return str(script)


def _domain(models: Models) -> str:
    """What `load_models` is called with: the name of an installed domain, the folder of any other."""
    installed = models.folder.resolve().parent == (data_folder() / "models").resolve()
    return models.folder.name if installed else str(models.folder.resolve())


def _face(script: _Script, name: str, face: Recipe) -> None:
    """Lines that end with the latent code of a face in a variable."""
    if "seed" in face:
        script.lines.append(f"{name} = models.sample({face['seed']}, truncation_psi={face['truncation_psi']})")
    elif "portrait" in face or "file" in face:
        script.names |= {"invert", "load_image"}
        script.lines.append(f"{name} = invert(models, {_picture(script, face)}, steps={STEPS}).w_plus")
    elif "mixed" in face:
        first, last = face["layers"]
        script.imports.add("import torch")
        a, b = _several(script, name, face["mixed"])
        script.lines.append(f"{name} = torch.cat([{a}[:, :{first}], {b}[:, {first}:{last}], {a}[:, {last}:]], dim=1)")
    elif "blended" in face:
        parts = _several(script, name, face["blended"])
        script.lines.append(f"{name} = " + " + ".join(f"{weight} * {part}" for weight, part in zip(face["weights"], parts)))
    else:
        _face(script, name, face["edited"])
        script.lines.append(f"{name} = {_to_code(script, name, face['edit'])}")


def _picture(script: _Script, face: Recipe) -> str:
    """The expression that loads a picture in the generator's size."""
    size = script.models.generator.img_resolution
    if "portrait" in face:
        script.imports.add("from styleclip_lib.paths import data_folder")
        return f"load_image(data_folder() / 'images' / {face['portrait'] + '.png'!r})"
    if face["face"] is None:
        return f"load_image({face['file']!r})"
    script.names.add("align_face")
    return f"load_image(align_face({face['file']!r}, size={size}, face={face['face']}, domain=models.folder))"


def _several(script: _Script, name: str, faces: list[Recipe]) -> list[str]:
    """Lines for several faces; returns the variables that hold them."""
    names = [f"{name}_{letter}" for letter in "abcd"[: len(faces)]]
    for one, face in zip(names, faces):
        _face(script, one, face)
    return names


def _edit(script: _Script, edit: Recipe) -> None:
    """Lines that edit w_plus and end with the picture in `image`."""
    if edit["method"] == "directions":
        script.names.add("GlobalDirections")
        changes = [astuple(change_of(one))[: 5 if "rgb" in one else 4] for one in edit["changes"]]
        script.lines.append(f"image = GlobalDirections.available(models).edit_several(w_plus, {changes!r}).image")
    elif edit["method"] == "channel":
        script.names.add("GlobalDirections")
        where = dict(script.models.generator.style_slices)[edit["layer"]]
        channel = where.start + edit["number"]
        script.lines += [
            "styles, rgb_styles = models.generator.styles(w_plus)",
            f"styles[:, {channel}] += {edit['sigmas']} * GlobalDirections.available(models).std[{channel}]",
            "image = models.generator.from_styles(styles, rgb_styles)",
        ]
    else:
        script.lines.append(f"image = models.generator.synthesis({_to_code(script, 'w_plus', edit)})")


def _to_code(script: _Script, name: str, edit: Recipe) -> str:
    """The expression for the latent code to which a mapper or an optimisation leads."""
    if edit["method"] == "mapper":
        script.names.add("LatentMapper")
        levels = list(edit["acting"])
        return f"LatentMapper.load(models, {edit['mapper']!r}).edit({name}, {edit['strength']}, {levels}).w_plus"
    script.names.add("optimize_latent")
    ended = f", on_step=lambda step, image: step + 1 == {edit['ended']}" if "ended" in edit else ""
    end = f"optimize_latent(models, {name}, {edit['text']!r}, steps={edit['steps']}, space={SPACE!r}{ended}).w_plus"
    if edit["strength"] == 1:
        return end
    script.names.add("interpolate")
    return f"interpolate({name}, {end}, {edit['strength']})"
