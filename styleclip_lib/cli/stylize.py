"""``styleclip stylize``: restyles a picture or a video with a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from .. import __version__
from ..errors import StyleclipError
from ..paths import check_destination, check_json, open_regular, write_json
from ..stylization.recipe import StyleRecipe
from .parsing import Device, DomainName, parse

if TYPE_CHECKING:
    from ..evaluation.style_report import StyleReport

FAST_SIZE = 2048
"""Pixels of the longer side to which a larger picture is reduced for a fast network, which takes 200 bytes for each pixel."""

LARGEST_FRAME = 4096
"""Pixels of the longer side of a video's frames that are restyled at their own size."""

LARGEST = 1_000_000
"""Bytes of a recipe file; a larger file is not one."""


@dataclass
class Settings:
    """Restyle a picture or a video with a sentence: "a pencil sketch", "a mosaic", "a photo of night". Ctrl-C keeps the best so far."""

    input: tyro.conf.Positional[Path]
    """a picture, or a video (.mp4, .mov, .webm, .mkv, .avi, .gif), which a fast network restyles frame by frame"""
    output: tyro.conf.Positional[Path]
    """where to write it (.png, .jpg, ...; a video as .mp4, .gif or .webp)"""
    text: str | None = None
    """what the picture should become"""
    source: str | None = None
    """what the picture is before, by default "a photo" """
    region: str | None = None
    """restyle only this region: a text, such as "hair", which CLIP finds in the picture, or the file of a mask of the picture's size, white
    inside the region"""
    box: tuple[float, float, float, float] | None = None
    """restyle only this rectangle: left, top, right and bottom in pixels"""
    fast: str | None = None
    """use a network trained for one style: the name of one that the domain ships, or a file written by styleclip train style. Without it
    a video takes the domain's network for the text, or trains one in a few minutes"""
    preset: str | None = None
    """a named set of settings: default, or paper for the authors' settings"""
    recipe: Path | None = None
    """a .json file with text and settings, as written by --report; other options override it"""
    steps: int | None = None
    """number of optimisation steps; by default the domain's"""
    size: int | None = None
    """reduce anything larger to this many pixels along the longer side; by default the domain's for a picture, 2048 for a picture
    with --fast, and no reduction for a video, whose frames may then have 4096"""
    content: float | None = None
    """weight of the content loss: a higher one preserves more of the picture; by default the domain's"""
    smoothing: float = 0.0
    """for videos: how much of the previous frame to keep where the video does not change, from 0 to below 1"""
    seed: int | None = None
    """the same seed gives the same result; by default 0, or the recipe's"""
    domain: DomainName = "portraits"
    """whose CLIP: the name of a domain, or a folder with one"""
    device: Device = "auto"
    report: Path | None = None
    """where to write the text, the settings and how well the result fits the text (.json)"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "stylize", arguments)
    check_json(settings.report)
    text, recipe = _text_and_recipe(settings)

    (_video if _moves(settings.input) else _picture)(settings, text, recipe)
    print(f"Saved {settings.output}.")
    return 0


def _moves(path: Path) -> bool:
    """Whether a file is a video; a .gif of one picture is not."""
    from ..videos import is_video, open_video

    return is_video(path) and (path.suffix.lower() != ".gif" or open_video(path).frames != 1)


def _text_and_recipe(settings: Settings) -> tuple[str, StyleRecipe]:
    """Text and recipe, from --recipe and the options. Raises StyleclipError."""
    if settings.recipe is not None and settings.preset is not None:
        raise StyleclipError("--recipe and --preset exclude each other: give one of them.")
    if settings.preset not in (None, *StyleRecipe.PRESETS):
        raise StyleclipError(f"There is no preset '{settings.preset}': choose one of {', '.join(StyleRecipe.PRESETS)}.")
    text, recipe = _read(settings.recipe) if settings.recipe else ("", StyleRecipe.PRESETS[settings.preset or "default"])
    text = settings.text if settings.text is not None else text
    if not text.strip() and settings.fast is None:
        raise StyleclipError('Say what the picture should become: --text "a pencil sketch", or --fast NAME.')
    options = {"source": settings.source, "steps": settings.steps, "size": settings.size, "lambda_content": settings.content,
               "seed": settings.seed}
    for name, value in options.items():
        if value is not None:
            try:
                recipe = replace(recipe, **{name: value})
            except StyleclipError as error:
                raise StyleclipError(f"--{str(error).replace('lambda_content', 'content', 1)}") from None
    return text, recipe


def _read(path: Path) -> tuple[str, StyleRecipe]:
    """Text and recipe from a file written by --report. Raises StyleclipError."""
    with open_regular(path) as file:
        content = file.read(LARGEST + 1)
    try:
        read = json.loads(content) if len(content) <= LARGEST else None
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict) or not isinstance(read.get("style"), dict) or not isinstance(read.get("text"), str):
        raise StyleclipError(f"{path} is not a style recipe; choose a .json file written by styleclip stylize --report.")
    return read["text"], StyleRecipe.from_dict(read["style"])


def _picture(settings: Settings, text: str, recipe: StyleRecipe) -> None:
    from ..images import check_picture_path, open_upright, save_image

    check_picture_path(settings.output)
    picture = open_upright(settings.input)
    if settings.smoothing:
        raise StyleclipError("--smoothing is for videos: leave it out for a picture.")

    from ..evaluation.style_report import measure_style
    from ..models import load_models
    from ..stylization.fast import fast_of
    from ..stylization.optimization import reduced_picture
    from ..stylization.region import blended, region_of

    models = load_models(settings.domain, device=settings.device)
    mask, region = _mask(settings, picture.size)
    region = region or ("" if mask is not None else recipe.region)
    if settings.fast is None:
        image = reduced_picture(picture, recipe.resolved(models.calibration.style).size)
        done = replace(recipe, region=region).apply(models, image, text, mask=mask)
        measured = measure_style(models, done.before, done.image, done.text, done.recipe.source)
        save_image(_as_transparent(picture, done.image, settings.output), settings.output)
        _report(settings, done.text, done.recipe, measured)
        return
    fast = fast_of(models, settings.fast, text)
    image = reduced_picture(picture, recipe.size or FAST_SIZE)
    if recipe.size is None and max(picture.size) > FAST_SIZE:
        print(f"Note: the picture was reduced to {FAST_SIZE} pixels; for more, up to 4096, use --size, which needs more memory.")
    mask = region_of(models, image, region, mask)
    drawn = fast.apply(image).cpu()
    drawn = drawn if mask is None else blended(image, drawn, mask.cpu())
    recipe = replace(recipe, region=region)
    measured = measure_style(models, image, drawn, fast.text, recipe.source)
    save_image(_as_transparent(picture, drawn, settings.output), settings.output)
    _report(settings, fast.text, recipe, measured, settings.fast)


def _as_transparent(picture, drawn, output: Path):
    """The restyled picture, as transparent as the original where the format allows it."""
    from ..images import to_pil

    if "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if "A" not in picture.getbands() or output.suffix.lower() not in (".png", ".webp", ".tif", ".tiff"):
        return drawn
    result = to_pil(drawn)
    result.putalpha(picture.getchannel("A").resize(result.size))
    return result


def _video(settings: Settings, text: str, recipe: StyleRecipe) -> None:
    from ..videos import WRITTEN, open_video

    if settings.output.suffix.lower() not in WRITTEN:
        raise StyleclipError(f"Cannot write a video as '{settings.output}': give it one of the extensions {', '.join(WRITTEN)}.")
    check_destination(settings.output)
    video = open_video(settings.input)

    from ..descent import parts_of_a_whole
    from ..models import load_models
    from ..stylization.fast import fast_of
    from ..stylization.video import check_length, stylize_video

    check_length(video, settings.output)
    if recipe.size is None and max(video.width, video.height) > LARGEST_FRAME:
        raise StyleclipError(f"The frames have {video.width} x {video.height} pixels: reduce them with --size, to {LARGEST_FRAME} "
                             "pixels along the longer side or fewer.")
    mask, region = _mask(settings, (video.width, video.height))
    if region:
        raise StyleclipError("A region can be named by a text only in a picture; for a video give --box, or a mask file as --region.")
    models = load_models(settings.domain, device=settings.device)
    with parts_of_a_whole():
        fast = fast_of(models, settings.fast or "", text)
    done = stylize_video(fast, settings.input, settings.output, size=recipe.size, mask=mask, smoothing=settings.smoothing)
    if done.interrupted:
        print(f"Stopped after {done.frames} frames, which have been saved.")
    print(f"{done.frames} frames in {done.seconds:.0f} seconds.")
    if settings.report is not None:
        _write(settings, {"text": fast.text, "style": recipe.to_dict(), "fast": settings.fast or fast.recipe, "frames": done.frames})


def _mask(settings: Settings, size: tuple[int, int]):
    """The mask that the options give for a picture of this width and height, and the region's text if there is one."""
    import numpy as np
    import torch

    from ..images import open_picture
    from ..stylization.region import box_mask, checked_mask

    if settings.box is not None and settings.region is not None:
        raise StyleclipError("--box and --region exclude each other: give one of them.")
    if settings.box is not None:
        return box_mask(settings.box, (size[1], size[0])), ""
    if settings.region is None:
        return None, ""
    if Path(settings.region).suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"):
        return None, settings.region
    white = torch.from_numpy(np.array(open_picture(Path(settings.region)).convert("L")))[None, None] / 255
    return checked_mask(white, torch.empty(1).expand(1, 3, *size[::-1])), ""


def _report(settings: Settings, text: str, recipe: StyleRecipe, measured: StyleReport, fast: str | None = None) -> None:
    """Prints how well the picture fits the text, and writes the report if one was asked for."""
    print(measured)
    if settings.report is not None:
        more = {"fast": fast, "box": settings.box, "mask": None if recipe.region else settings.region}
        given = {name: value for name, value in more.items() if value is not None}
        _write(settings, {"text": text, "style": recipe.to_dict(), **given, "measured": vars(measured)})


def _write(settings: Settings, content: dict) -> None:
    write_json(settings.report, {"version": __version__, "domain": settings.domain, **content})
    print(f"Saved {settings.report}.")
