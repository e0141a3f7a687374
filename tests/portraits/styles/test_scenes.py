import torch

from styleclip_lib.portraits.language.attribute_values import Caption
from styleclip_lib.portraits.language.lexicon import known_words, words_of
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.language.scene_captions import SCENE_STYLES, scene_caption, scenes_false_of, scenes_true_of
from styleclip_lib.portraits.language.scene_words import SCENE_WORDS
from styleclip_lib.portraits.styles.scenes import (
    PLACE_NAMES,
    SCENE_PARTS,
    TIME_NAMES,
    Scenes,
    render_scenes,
    sample_scenes,
    scene_parts,
)


def test_every_place_at_every_time_is_drawn():
    count = len(PLACE_NAMES) * len(TIME_NAMES)
    details = sample_scenes(count, seed=0).details
    index = torch.arange(count)
    scenes = Scenes(index // len(TIME_NAMES), index % len(TIME_NAMES), details)
    pictures = render_scenes(scenes, 32)
    assert pictures.shape == (count, 3, 32, 32) and pictures.dtype == torch.float32
    assert pictures.isfinite().all() and pictures.min() >= -1 and pictures.max() <= 1
    brightness = pictures.mean((1, 2, 3)).view(-1, len(TIME_NAMES)).mean(0)
    assert TIME_NAMES[int(brightness.argmin())] == "night"
    distances = torch.cdist(pictures.flatten(1), pictures.flatten(1)) + 100 * torch.eye(count)
    assert distances.min() > 3


def test_the_same_seed_gives_the_same_scenes_one_by_one_or_together():
    scenes = sample_scenes(5, seed=3)
    together = render_scenes(scenes, 24)
    assert torch.equal(together, render_scenes(sample_scenes(5, seed=3), 24))
    for i in range(5):
        assert torch.allclose(render_scenes(scenes[i : i + 1], 24)[0], together[i], atol=1e-5)
    assert render_scenes(sample_scenes(0, seed=3), 24).shape == (0, 3, 24, 24)


def test_captions_are_true_of_their_scenes():
    scenes = sample_scenes(300, seed=1)
    captions = scene_caption(scenes, seed=2)
    assert captions == scene_caption(scenes, seed=2)
    true, false = scenes_true_of(captions, scenes), scenes_false_of(captions, scenes)
    assert true.diag().all() and not (true & false).any() and (true | false).all()
    assert len({c.text for c in captions}) > 150


def test_every_word_for_scenes_is_used_and_known():
    captions = scene_caption(sample_scenes(3000, seed=1), seed=2)
    seen = {word for c in captions for word in words_of(c.text)}
    assert seen <= known_words()
    assert {word for texts in SCENE_WORDS.values() for text in texts for word in words_of(text)} <= seen


def test_styled_scenes():
    scenes = sample_scenes(len(SCENE_STYLES) * 10, seed=1)
    styles = list(SCENE_STYLES) * 10
    captions = scene_caption(scenes, seed=0, styles=styles)
    assert scenes_true_of(captions, scenes, styles).diag().all()
    assert any(c.style for c in captions) and not all(c.style for c in captions)
    assert scenes_false_of([c for c in captions if c.style], scenes).all()
    at_night = [Caption("at night", (("time", "night"),))]
    drawn = ["pencil sketch"] * len(scenes)
    assert not scenes_true_of(at_night, scenes, drawn).any() and not scenes_false_of(at_night, scenes, drawn).any()


def test_texts_about_scenes_have_no_unknown_words():
    for caption in scene_caption(sample_scenes(300, seed=4), seed=5):
        assert parse(caption.text).unknown == ()


def test_parts_of_scenes_share_every_pixel_and_are_where_they_belong():
    scenes = sample_scenes(40, seed=5)
    shown = scene_parts(scenes, 64)
    torch.testing.assert_close(shown.sum(1), torch.ones(40, 64, 64))
    assert shown.min() >= 0 and (shown[:, SCENE_PARTS.index("sky"), 0] > 0.9).float().mean() > 0.95, "the sky is above"
    for part, places in (("sea", ("sea",)), ("houses", ("village", "city")), ("mountains", ("mountains",))):
        there = torch.tensor([PLACE_NAMES[place] in places for place in scenes.place.tolist()])
        amount = shown[:, SCENE_PARTS.index(part)].sum((1, 2))
        assert amount[there].min() > 40 and amount[~there].max() == 0, part
