"""Optimisers that play against CLIP: they follow its gradient, begin anew in time, and say truly what their pictures show."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.generator import Generator
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.language.statements import Caption, false_of, true_of
from styleclip_lib.portraits.world.attributes import BY_NAME
from styleclip_lib.portraits.world.factors import Factors, sample
from styleclip_lib.portraits.world.latents import Z_DIM
from styleclip_lib.training import opponents as module
from styleclip_lib.training.opponents import PATIENCE, Opponents, results

pytestmark = pytest.mark.slow

COUNT = 5


@pytest.fixture(scope="module")
def world(tiny):
    """The tiny domain with a generator of latents that are portraits."""
    torch.manual_seed(0)
    generator = Generator(32, z_dim=Z_DIM, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8})
    return dataclasses.replace(tiny, generator=generator.eval().requires_grad_(False))


@pytest.fixture
def opponents(world):
    return Opponents(world.generator, world.attributes, COUNT, seed=3)


def test_every_text_is_false_of_its_face(opponents):
    for number, target in enumerate(opponents.targets):
        assert false_of([target], opponents.factors[number]).all()
        assert dict(parse(target.text).statements).items() <= dict(target.statements).items()


def test_the_same_seed_begins_the_same(world, opponents):
    again = Opponents(world.generator, world.attributes, COUNT, seed=3)
    assert again.targets == opponents.targets and torch.equal(again.start[0], opponents.start[0])
    other = Opponents(world.generator, world.attributes, COUNT, seed=4)
    assert other.targets != opponents.targets and not torch.equal(other.start[0], opponents.start[0])


def test_the_first_pictures_are_the_faces_themselves(world, opponents):
    with torch.no_grad():
        faces = world.generator.from_styles(*opponents.start).clamp(-1, 1)
    images, seen = opponents.step(world.clip)
    assert (images - faces).abs().mean() < 0.02 and not images.requires_grad
    assert torch.equal(seen.hair_style, world.attributes(images)["hair_style"].argmax(1))
    assert torch.equal(seen.age, world.attributes(images)["age"])
    assert torch.equal(seen.fringe, opponents.factors.fringe), "what nobody reads stays as it was"


def test_they_come_nearer_to_their_texts(world, opponents):
    opponents.age[:] = 0
    texts = world.clip.encode_text([target.text for target in opponents.targets])
    nearness = [(world.clip.encode_image(opponents.step(world.clip)[0]) * texts).sum(1) for _ in range(12)]
    assert (nearness[-1] > nearness[0]).all()


def test_they_begin_anew_when_patience_is_over(world, opponents):
    opponents.age = torch.tensor([0, PATIENCE, 3, PATIENCE - 1, 0])
    for _ in range(2):
        opponents.step(world.clip)
    targets, start, offset = list(opponents.targets), opponents.start[0].clone(), opponents.offset[0].detach().clone()
    assert opponents.age.tolist() == [2, 2, 5, 1, 2], "the second began at once, the fourth after one step"
    opponents.age[2] = PATIENCE
    opponents.step(world.clip)
    kept = [0, 1, 3, 4]
    assert torch.equal(opponents.start[0][kept], start[kept]) and not torch.equal(opponents.start[0][2], start[2])
    assert [opponents.targets[i] for i in kept] == [targets[i] for i in kept] and opponents.targets[2] != targets[2]
    assert offset[2].abs().max() > 1.2 * module.STEP
    assert opponents.offset[0][2].abs().max() < 1.01 * module.STEP, "one step from nothing, without the old one's momentum"


def test_each_row_is_an_adam_of_its_own_age(opponents):
    """However long the others have been at work: beside torch's Adam on that row alone."""
    rng, ages = torch.Generator().manual_seed(0), torch.tensor([0, 7, 20, 3, 11])
    gradients = [torch.randn(opponents.offset[0].shape, generator=rng) for _ in range(4)]
    alone = torch.zeros(gradients[0].shape[1]).requires_grad_()
    adam = torch.optim.Adam([alone], lr=module.STEP)
    offset, mean, square = opponents.offset[0], torch.ones(gradients[0].shape), torch.ones(gradients[0].shape)
    mean[0] = square[0] = 0
    for step, gradient in enumerate(gradients):
        opponents.age = ages + step + 1
        opponents._follow(offset, gradient, mean, square)
        alone.grad = gradient[0]
        adam.step()
    torch.testing.assert_close(offset[0], alone)


def test_a_caption_on_which_truth_and_sight_disagree_is_neither(opponents):
    opponents.factors = opponents.factors.replace(headwear="none", glasses="none")
    seen = opponents.factors.replace(headwear=torch.tensor([0, 0, 1, 1, 1]))
    hat = Caption("a face with a hat", (("headwear", BY_NAME["headwear"].values[1]),))
    true, false = opponents._truth([hat, Caption("a face")], seen)
    assert true.tolist() == [[False] * 5, [True] * 5]
    assert false.tolist() == [[True, True, False, False, False], [False] * 5]


def test_the_batch_is_enlarged_by_texts_and_pictures(opponents):
    """Two captions of portraits and one of a scene; two portraits that are known, one drawn, one scene."""
    factors = sample(2, 9)
    captions = [Caption("a smiling face", (("expression", "smile"),)), Caption("a face"), Caption("a tree")]
    known = torch.arange(12).view(3, 4) % 2 == 0
    true, false = opponents.joined(captions, 1, known, ~known, factors, opponents.factors)
    assert true.shape == false.shape == (3 + COUNT, 4 + COUNT)
    assert torch.equal(true[:3, :4], known) and torch.equal(false[:3, :4], ~known)
    assert torch.equal(true[3:, :2], true_of(opponents.targets, factors))
    assert torch.equal(false[3:, :2], false_of(opponents.targets, factors))
    assert not true[3:, 2].any() and not false[3:, 2].any(), "nobody looks at drawn portraits"
    assert not true[3:, 3].any() and false[3:, 3].all() and not true[2, 4:].any() and false[2, 4:].all(), "a scene is no portrait"
    assert torch.equal(true[:2, 4:], true_of(captions[:2], opponents.factors))
    assert torch.equal(false[3:, 4:], false_of(opponents.targets, opponents.factors)) and false[3:, 4:].diagonal().all()


def test_fooled_looks_at_texts_that_are_still_false(opponents):
    images, texts = (F.normalize(torch.randn(7 + COUNT, 8, generator=torch.Generator().manual_seed(seed)), dim=1) for seed in (0, 1))
    false = torch.zeros(7 + COUNT, 7 + COUNT, dtype=torch.bool)
    assert opponents.fooled(images, texts, false) == 0
    false[-1, -1] = false[-3, -3] = True
    wanted = (images[-1] @ texts[-1] + images[-3] @ texts[-3]) / 2
    torch.testing.assert_close(opponents.fooled(images, texts, false), wanted)


def test_results_tell_the_fooled_from_the_served(world, monkeypatch):
    """With attributes that always see what was asked for, and with such that never do."""
    def share(sees, convinced):
        monkeypatch.setattr(Opponents, "_as_seen", lambda self, images: sees(self))
        return results(world.clip, world.generator, world.attributes, convinced, count=4)

    def as_asked(opponents):
        plain = opponents.factors.replace(hair_style="short", headwear="none", glasses="none", eyes="open", fringe=0.0)
        asked = [plain[i].replace(**dict(target.statements)) for i, target in enumerate(opponents.targets)]
        return Factors.joined(asked)

    assert share(as_asked, -1) == {"served": 1.0, "fooled": 0.0}
    assert share(lambda opponents: opponents.factors, -1) == {"served": 0.0, "fooled": 1.0}
    assert share(as_asked, 1) == share(lambda opponents: opponents.factors, 1) == {"served": 0.0, "fooled": 0.0}
