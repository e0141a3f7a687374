"""CLIP of the library: words to tokens, pictures and texts to unit vectors, any size from its state dict."""

import pytest
import torch
from clip.model import CLIP

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.clip import MEAN, STD, Clip, PieceTokenizer, WordTokenizer, clip_from_state
from styleclip_lib.portraits.language.lexicon import known_words, words_of
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.language.sentences import sentence_words

WORDS = ["a", "face", "glasses", "smiling", "with", "woman"]


@pytest.fixture(scope="module")
def tokenizer():
    return WordTokenizer(WORDS, context_length=8)


def small(vision_layers=(1, 1, 1, 1), tokenizer=None, vocab_size=9) -> Clip:
    torch.manual_seed(0)
    patch = 8 if isinstance(vision_layers, int) else None
    model = CLIP(16, 32, vision_layers, 64 if patch else 8, patch, 8, vocab_size, 64, 1, 2)
    return Clip(model, tokenizer).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def clip(tokenizer):
    return small(tokenizer=tokenizer)


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_words_become_numbers(tokenizer):
    tokens = tokenizer(["a smiling woman", "Face, with GLASSES!"])
    assert tokens.dtype == torch.int64 and tokens.shape == (2, 8)
    assert tokens[0].tolist() == [7, 1, 4, 6, 8, 0, 0, 0]
    assert tokens[1].tolist() == [7, 2, 5, 3, 8, 0, 0, 0]
    assert tokenizer.vocab_size == 9
    assert tokens.argmax(1).tolist() == [4, 4], "the end of the text has the highest number: CLIP reads there"


def test_the_longest_text(tokenizer):
    assert tokenizer(["a a a a a a"])[0].tolist() == [7, 1, 1, 1, 1, 1, 1, 8]
    with pytest.raises(StyleclipError, match="7 words; this CLIP reads at most 6"):
        tokenizer(["a a a a a a a"])


@pytest.mark.parametrize("text", ["", "  ", "!?"])
def test_an_empty_text(tokenizer, text):
    with pytest.raises(StyleclipError, match="empty"):
        tokenizer(["a face", text])


def test_an_unknown_word_is_named_and_the_nearest_suggested(tokenizer):
    with pytest.raises(StyleclipError, match=r"'glases'.* Did you mean 'glasses'"):
        tokenizer(["a face with glases"])
    with pytest.raises(StyleclipError, match=r"'zebra'.*other words"):
        tokenizer(["a zebra"])


def test_openai_s_tokens():
    """The three texts of the example in OpenAI's README."""
    tokens = PieceTokenizer()(["a diagram", "a dog", "a cat"])
    assert tokens.dtype == torch.int64 and tokens.shape == (3, 77)
    assert tokens[:, :4].tolist() == [[49406, 320, number, 49407] for number in (22697, 1929, 2368)]
    assert tokens[:, 4:].abs().max() == 0


def test_openai_s_tokenizer_minds_the_length():
    tokenizer = PieceTokenizer(8)
    assert tokenizer(["a a a a a a"])[0, -1] == 49407
    with pytest.raises(StyleclipError, match="7 words is too long: this CLIP reads at most 6 tokens; use fewer words"):
        tokenizer(["a face", "a a a a a a a"])
    with pytest.raises(StyleclipError, match="empty"):
        tokenizer(["a face", "  "])


@pytest.mark.parametrize("size", [32, 20, 128])
def test_pictures_of_any_size_become_unit_vectors(clip, size):
    vectors = clip.encode_image(torch.rand(2, 3, size, size) * 2 - 1)
    assert vectors.shape == (2, 16) and vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_texts_become_unit_vectors(clip):
    vectors = clip.encode_text(["a woman", "a smiling face"])
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(clip.encode_text("a woman"), vectors[:1]), "one text is a list of one"


def test_preprocessing_is_clips(clip, images):
    """[0, 1], minus the mean, over the standard deviation, colour by colour."""
    seen = clip.preprocess(images)
    for channel in range(3):
        wanted = ((images[:, channel] + 1) / 2 - MEAN[channel]) / STD[channel]
        torch.testing.assert_close(seen[:, channel], wanted)
    grey = clip.preprocess(torch.zeros(1, 3, 90, 90))
    assert grey.shape == (1, 3, 32, 32)
    torch.testing.assert_close(grey[0, 1], torch.full((32, 32), (0.5 - MEAN[1]) / STD[1]))


def test_gradients_reach_the_picture(clip, images):
    moving = images.clone().requires_grad_()
    (clip.encode_image(moving) @ clip.encode_text("a woman").T).sum().backward()
    assert moving.grad.abs().amax((1, 2, 3)).min() > 0


@pytest.mark.parametrize("vision_layers", [(1, 1, 1, 1), 2], ids=["ResNet", "ViT"])
def test_the_state_dict_says_what_to_build(tokenizer, images, vision_layers):
    clip = small(vision_layers, tokenizer)
    state = {key: value.clone() for key, value in clip.model.state_dict().items()}
    back = clip_from_state(state, tokenizer)
    assert set(back.model.state_dict()) == set(state)
    assert back.image_size == 32 and back.model.dtype == torch.float32
    torch.testing.assert_close(back.encode_image(images), clip.encode_image(images), rtol=0, atol=2e-3)
    torch.testing.assert_close(back.encode_text(["a woman"]), clip.encode_text(["a woman"]), rtol=0, atol=2e-3)
    assert not back.training and not any(p.requires_grad for p in back.parameters())


def test_building_leaves_the_state_dict_alone_and_is_exact_the_second_time(tokenizer, images):
    state = clip_from_state(small(tokenizer=tokenizer).model.state_dict(), tokenizer).model.state_dict()
    kept = {key: value.clone() for key, value in state.items()}
    again = clip_from_state(state, tokenizer)
    assert all(torch.equal(state[key], kept[key]) for key in kept)
    assert all(torch.equal(value, kept[key]) for key, value in again.model.state_dict().items())


def test_the_constants_are_not_saved(clip):
    assert not {"mean", "std"} & set(clip.state_dict())


SPOKEN = ["make her hair blue", "he isn't smiling", "give him a goatee, please", "an ordinary photo of a grumpy man", "no glasses"]


@pytest.mark.parametrize("text", SPOKEN)
def test_what_people_write_is_read_as_it_is_or_reworded_in_known_words(text):
    spoken = WordTokenizer(sorted(sentence_words()), sentences=True)
    assert spoken.plain(text) == text and spoken([text])[0].count_nonzero() == len(words_of(text)) + 2
    few = sorted(known_words() - {"ordinary", "grumpy"})
    for tokenizer in (WordTokenizer(few), WordTokenizer([*few, "goatee"], sentences=True)):
        plain = tokenizer.plain(text)
        assert parse(plain).attribute_values == parse(text).attribute_values and tokenizer([plain]).any()


def test_what_is_not_understood_is_reported():
    for tokenizer in (WordTokenizer(sorted(known_words())), WordTokenizer(sorted(sentence_words()), sentences=True)):
        for text in ("a zebra", "not blond", "is she old?"):
            with pytest.raises(StyleclipError):
                tokenizer.plain(text)
