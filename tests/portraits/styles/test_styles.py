import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.language.style_words import STYLE_WORDS
from styleclip_lib.portraits.styles.styles import STYLES, apply_style


@pytest.fixture(scope="module")
def pictures():
    """Two smooth pictures with an edge, as [2, 3, 48, 64] in [-1, 1]."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 48), torch.linspace(-1, 1, 64), indexing="ij")
    disc = (x * x + y * y < 0.4).float()
    one = torch.stack([disc * 1.5 - 0.8, x * 0.8, -y * 0.8])
    return torch.stack([one, -one.flip(-1)])


@pytest.mark.parametrize("name", STYLES)
def test_style(pictures, name):
    drawn = apply_style(pictures, name, seed=1)
    assert drawn.shape == pictures.shape and drawn.dtype == torch.float32
    assert drawn.isfinite().all() and drawn.min() >= -1 and drawn.max() <= 1
    assert torch.equal(drawn, apply_style(pictures, name, seed=1))
    assert (drawn - pictures).abs().mean() > 0.05
    assert drawn.std() > 0.05
    assert apply_style(pictures[:, :, :16, :16], name).shape == (2, 3, 16, 16)


def test_styles_differ_from_each_other(pictures):
    drawn = torch.stack([apply_style(pictures, name) for name in STYLES]).flatten(1)
    distances = torch.cdist(drawn, drawn) / drawn.shape[1] ** 0.5 + 10 * torch.eye(len(drawn))
    assert distances.min() > 0.05


def test_every_style_has_words_that_are_understood():
    assert tuple(STYLES) == tuple(STYLE_WORDS) and len(STYLES) >= 15
    for name, words in STYLE_WORDS.items():
        for text in (*words.opening, *words.ending, *words.alone):
            assert parse(text).style == name and parse(text).unknown == ()


def test_an_unknown_style_is_refused(pictures):
    with pytest.raises(StyleclipError, match="There is no style 'baroque': choose from"):
        apply_style(pictures, "baroque")
