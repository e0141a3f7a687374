"""A world of three numbers and a category: pictures whose colour says all of it."""

from types import SimpleNamespace

import torch

from styleclip_lib.training.worlds import World

Z_DIM = 8
SHAPES = ("plain", "striped", "framed")


class Colors(SimpleNamespace):
    """red, green, blue in [-1, 1] and a shape, one tensor [N] each."""

    def __len__(self):
        return len(self.red)

    def __getitem__(self, index):
        return Colors(**{name: value[index] for name, value in vars(self).items()})


def from_uniform(u):
    return Colors(red=2 * u[:, 0] - 1, green=2 * u[:, 1] - 1, blue=2 * u[:, 2] - 1, shape=(3 * u[:, 3]).long())


def latents_of_uniform(u, seed):
    known = torch.special.ndtri(u.clamp(1e-6, 1 - 1e-6))
    free = torch.randn(len(u), Z_DIM - 4, generator=torch.Generator().manual_seed(seed))
    return torch.cat([known, free], 1)


def factors_of_latents(z):
    return from_uniform(torch.special.ndtr(z[:, :4]).clamp(0, 1 - 1e-6))


def render(colors, size):
    """A coloured square: plain, with dark rows, or with a dark border."""
    pictures = torch.stack([colors.red, colors.green, colors.blue], 1)[:, :, None, None].repeat(1, 1, size, size) * 0.8
    pictures[colors.shape == 1, :, 1::4] = -0.9
    framed = pictures[colors.shape == 2]
    framed[:, :, :2], framed[:, :, -2:], framed[..., :2], framed[..., -2:] = -0.9, -0.9, -0.9, -0.9
    pictures[colors.shape == 2] = framed
    return pictures


def kinds(name):
    return len(SHAPES) if name == "shape" else 0


def code_of(colors):
    return torch.cat([torch.stack([colors.red, colors.green, colors.blue], 1), torch.eye(3)[colors.shape]], 1)


TINY = World("tiny", ("red", "green", "blue", "shape"), ("red",),
             (SimpleNamespace(name="shape", values=SHAPES, is_scale=False),), from_uniform, latents_of_uniform, factors_of_latents,
             render, Z_DIM, code_of, kinds)
