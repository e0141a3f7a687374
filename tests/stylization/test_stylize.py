"""Redrawing a picture with tiny networks: what is promised of sizes, seeds, stops, masks and recipes."""

import json

import pytest
import torch

from styleclip_lib import StyleclipError, StyleRecipe, stylize
from styleclip_lib.calibration import StyleCalibration
from styleclip_lib.images import from_pil, to_pil
from styleclip_lib.stylization.content import content_of
from styleclip_lib.stylization.optimization import padded_through, reduced, reduced_picture, squared
from styleclip_lib.stylization.recipe import LOSSES
from styleclip_lib.stylization.style_prompt import RIVALS, StylePrompt

QUICK = {"steps": 3, "patches": 4, "progress": False, "lr": 0.01}


def picture(height=40, width=40, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_the_picture_that_comes_back_is_the_one_that_was_optimised(tiny):
    seen = []
    result = stylize(tiny, picture(), "a pencil sketch", on_step=lambda step, image: seen.append(image.clone()), **QUICK)
    best = min(range(3), key=result.history["loss"].__getitem__)
    assert torch.equal(result.image, seen[best]) and len(result.history["loss"]) == 3
    assert set(result.history) == {"loss", "direction", "patch", "content", "tv"}, "what has no weight is not computed"


def test_the_loss_falls(tiny):
    losses = stylize(tiny, picture(), "a mosaic", **{**QUICK, "steps": 12}).history["loss"]
    assert min(losses[6:]) < losses[0]


@pytest.mark.parametrize("size", [(33, 50), (41, 32), (64, 32)])
def test_any_size_and_aspect(tiny, size):
    result = stylize(tiny, picture(*size), "a mosaic", **{**QUICK, "steps": 1})
    assert result.image.shape[-2:] == size and result.image.abs().max() <= 1


def test_padding_does_not_squash():
    asked = []

    def network(image):
        asked.append(tuple(image.shape[-2:]))
        return image

    image = picture(33, 50)
    assert torch.equal(padded_through(network, image), image) and torch.equal(padded_through(network, image, around=8), image)
    assert asked == [(40, 56), (56, 72)], "33 + 16 and 50 + 16, up to multiples of 8"
    assert squared(picture(20, 60)).shape[-2:] == (60, 60) and squared(picture(20, 90)).shape[-2:] == (90, 90)
    assert torch.equal(squared(picture(20, 60))[..., 20:40, :], picture(20, 60))


def test_a_picture_is_reduced_a_colour_at_a_time_to_the_same(tiny):
    drawn = to_pil(picture(80, 64))
    assert torch.equal(reduced_picture(drawn, 40), reduced(from_pil(drawn), 40))
    assert torch.equal(reduced_picture(drawn, 400), from_pil(drawn))


def test_large_pictures_are_reduced(tiny):
    assert stylize(tiny, picture(100, 50), "a mosaic", size=64, **{**QUICK, "steps": 1}).image.shape == (1, 3, 64, 32)
    assert reduced(picture(40, 30), 64).shape == (1, 3, 40, 30)


def test_a_seed_gives_the_same_picture(tiny):
    first, again, other = (stylize(tiny, picture(), "a mosaic", seed=seed, **QUICK).image for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    state = torch.get_rng_state()
    stylize(tiny, picture(), "a mosaic", seed=1, **QUICK)
    assert torch.equal(state, torch.get_rng_state()), "other random numbers go on as if nothing had happened"


def test_the_recipe_makes_the_same_picture_again(tiny):
    result = stylize(tiny, picture(), "a mosaic", source="a photo of a face", lambda_contrast=2.0, cap=0.5, views=2, **QUICK)
    assert None not in [value for name, value in result.recipe.to_dict().items() if name != "stop_after"]
    read = StyleRecipe.from_dict(json.loads(json.dumps(result.recipe.to_dict())))
    assert read == result.recipe and torch.equal(read.apply(tiny, picture(), result.text, progress=False).image, result.image)


def test_what_is_not_set_is_the_domains(tiny):
    from dataclasses import replace

    calibration = replace(tiny.calibration, style=StyleCalibration(steps=2, lambda_contrast=3.0, patches=2, residual=True))
    models = replace(tiny, calibration=calibration)
    recipe = stylize(models, picture(), "a mosaic", progress=False).recipe
    assert (recipe.steps, recipe.lambda_contrast, recipe.patches, recipe.residual) == (2, 3.0, 2, True)
    assert StyleRecipe.PAPER.filled_in(calibration.style) == StyleRecipe.PAPER


def test_a_stop_keeps_the_best_so_far(tiny):
    result = stylize(tiny, picture(), "a mosaic", on_step=lambda step, image: step == 1, **{**QUICK, "steps": 9})
    assert result.recipe.stop_after == 2 and result.recipe.steps == 9
    again = result.recipe.apply(tiny, picture(), "a mosaic", progress=False)
    assert torch.equal(again.image, result.image)


def test_ctrl_c_keeps_the_best_so_far(tiny, capsys):
    def interrupt(step, image):
        if step == 2:
            raise KeyboardInterrupt

    result = stylize(tiny, picture(), "a mosaic", on_step=interrupt, **{**QUICK, "steps": 9})
    assert "best so far" in capsys.readouterr().out and len(result.history["loss"]) == 3 and result.image.shape == (1, 3, 40, 40)


def test_frames_of_the_optimisation_path(tiny):
    frames = stylize(tiny, picture(), "a mosaic", frames=2, **{**QUICK, "steps": 4}).frames
    assert len(frames) == 2 and frames[0].shape == (1, 3, 40, 40)


def test_outside_of_the_mask_nothing_moves(tiny):
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., 10:30, 5:20] = 1
    result = stylize(tiny, picture(), "a mosaic", mask=mask, **QUICK)
    assert torch.equal(result.image[:, :, mask[0, 0] == 0], picture()[:, :, mask[0, 0] == 0])
    assert (result.image - picture())[:, :, mask[0, 0] == 1].abs().mean() > 0.01 and torch.equal(result.mask, mask)


def test_nothing_learns_but_the_network(tiny):
    stylize(tiny, picture(), "a mosaic", **{**QUICK, "steps": 1})
    assert not any(parameter.requires_grad for part in (tiny.clip, tiny.perceptual) for parameter in part.parameters())


def test_the_content_is_that_of_the_deepest_features(tiny):
    features = content_of(tiny)(picture())
    assert len(features) == 2 and torch.equal(features[-1], tiny.perceptual.features(picture())[-1])


def test_rivals_are_the_other_styles(tiny):
    styled, plain = StylePrompt.of(tiny, "a mosaic", "a photo"), StylePrompt.of(tiny, "a smiling face", "a photo")
    assert len(styled.rivals) == len(RIVALS) and len(plain.rivals) == len(RIVALS) + 1, "the source, and all styles but its own"
    mosaic = tiny.clip.encode_text([RIVALS["mosaic"]])
    assert (styled.rivals @ mosaic.T).max() < 1 - 1e-5
    p = styled.probability(tiny.clip.encode_image(picture()))
    assert p.shape == (1,) and 0 < p.item() < 1


@pytest.mark.parametrize(("change", "said"), [
    ({"text": ""}, "empty"), ({"text": "a zebralike mosaic"}, "zebralike"), ({"text": "a photo"}, "both 'a photo'"),
    ({"image": torch.zeros(3, 40, 40)}, r"\[1, 3, H, W\]"), ({"image": torch.zeros(1, 3, 8, 40)}, "40 x 8 pixels"),
    ({f"lambda_{name}": 0 for name in LOSSES}, "All weights are 0"),
    ({"steps": 0}, "steps must be"), ({"stepz": 3}, "did you mean 'steps'"), ({"mask": torch.zeros(1, 1, 40, 40)}, "The mask is empty"),
    ({"mask": torch.ones(1, 1, 40, 80)}, "80 x 40 pixels and the picture 40 x 40"), ({"mask": torch.ones(40, 40)}, r"\[1, 1, H, W\]"),
])
def test_errors_are_reported(tiny, change, said):
    given = {"image": picture(), "text": "a mosaic", "progress": False, **change}
    with pytest.raises(StyleclipError, match=said) as error:
        stylize(tiny, given.pop("image"), given.pop("text"), **given)
    assert "\n" not in str(error.value)
