"""CLIPstyler's losses and schedule against the numbers of the authors' code."""

import numpy as np
import pytest
import torch

from styleclip_lib.schedule import halved
from styleclip_lib.stylization.losses import direction_terms, directional_loss, patch_loss, text_direction, total_variation
from styleclip_lib.stylization.recipe import StyleRecipe
from tests.conformance.cases import assert_near, load_case, tensor
from tests.conformance.formula import image


@pytest.fixture(scope="module")
def case():
    return load_case("clip_losses")


def test_the_texts_direction(case):
    direction = text_direction(tensor(case["text_target"]), tensor(case["text_source"]))
    assert_near(direction[0], case["clipstyler_text_direction"], 1e-6)
    each_alike = [torch.nn.functional.normalize(tensor(case[name]), dim=1) for name in ("text_target", "text_source")]
    assert (text_direction(*each_alike)[0] - tensor(case["clipstyler_text_direction"])).abs().max() > 1e-4, "StyleCLIP's average is another"


def test_patches_and_the_threshold(case):
    before, patches = tensor(case["image_source"]), tensor(case["image_patches"])
    direction = tensor(case["clipstyler_text_direction"])[None]
    terms = direction_terms(patches, before, direction)
    assert_near(terms, case["clipstyler_patch_terms_before_threshold"], 1e-5)
    assert_near(torch.where(terms < StyleRecipe.PAPER.threshold, 0.0, terms), case["clipstyler_patch_terms"], 1e-5)
    assert_near(patch_loss(patches, before, direction, StyleRecipe.PAPER.threshold), case["clipstyler_patch_loss"], 1e-5)


def test_the_whole_picture(case):
    direction = tensor(case["clipstyler_text_direction"])[None]
    loss = directional_loss(tensor(case["image_global"]), tensor(case["image_source"]), direction)
    assert_near(loss, case["clipstyler_directional_loss"], 1e-5)


def test_the_total_variation(case):
    picture = torch.from_numpy(image("losses/tv", 1, 64, str(case["salt"]))) * 0.5 + 0.5
    assert_near(total_variation(picture), case["clipstyler_tv"], 1e-3)


def test_the_learning_rate():
    wanted = load_case("schedules")["clipstyler_lr_201"]
    paper = StyleRecipe.PAPER
    assert len(wanted) == paper.steps
    ours = [halved(step, paper.lr, paper.halve_every) for step in range(paper.steps)]
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-12)


def test_the_papers_settings():
    paper = StyleRecipe.PAPER
    assert (paper.lambda_direction, paper.lambda_patch, paper.lambda_content, paper.lambda_tv) == (500, 9000, 150, 2e-3)
    assert (paper.patches, paper.patch_share * paper.size, paper.size, paper.source) == (64, 128, 512, "a Photo")
    assert paper.lambda_contrast == 0 and not paper.residual and paper.templates
