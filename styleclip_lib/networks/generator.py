"""The StyleGAN2 generator: z -> w_plus -> styles -> image (Karras et al. 2020)."""

from collections.abc import Mapping, Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from ..errors import StyleclipError
from .layers import pyramid
from .mapping import MappingNetwork
from .resampling import upsample2d
from .synthesis import SynthesisBlock, SynthesisLayer, ToRGB

AT_ONCE = 2048**2
"""Pixels drawn in one pass: those of four pictures of 1024 pixels."""


class Synthesis(nn.Module):
    """w_plus -> styles -> image. Blocks `b4`, `b8`, ... hold the weights.

    Latent i of w_plus feeds the i-th convolution; the toRGB layer of a block shares its latent with
    the convolution after it.
    """

    def __init__(
        self, img_resolution: int, w_dim: int, channels: Mapping[int, int], conv_clamp: float | None = None
    ):
        super().__init__()
        self.img_resolution, self.w_dim = img_resolution, w_dim
        self.resolutions = pyramid(img_resolution, channels)
        self.num_ws = 2 * len(self.resolutions)
        for r in self.resolutions:
            block = SynthesisBlock(None if r == 4 else channels[r // 2], channels[r], w_dim, r, conv_clamp)
            self.add_module(f"b{r}", block)

    def at_once(self, stop_at: int | None = None) -> int:
        """How many pictures fit into about 2 GB without gradients."""
        return max(1, AT_ONCE // (stop_at or self.img_resolution) ** 2)

    def resolution_for(self, size: int) -> int:
        """The lowest resolution of at least `size` pixels, at which a network with such an input is shown pictures; or the highest."""
        return next((r for r in self.resolutions if r >= size), self.img_resolution)

    def _learns(self, *inputs: Sequence[Tensor]) -> bool:
        """Whether gradients are wanted for the inputs or the weights."""
        return torch.is_grad_enabled() and any(x.requires_grad for x in chain(*inputs, self.parameters()))

    def conv_layers(self) -> list[tuple[str, SynthesisLayer]]:
        """[("b4.conv1", layer), ("b8.conv0", layer), ...]: the convolutions in order; latent i feeds number i."""
        return [(f"b{r}.{name}", layer) for r in self.resolutions for name, layer in getattr(self, f"b{r}").layers()]

    def rgb_layers(self) -> list[tuple[str, ToRGB]]:
        """[("b4.torgb", layer), ...]: the toRGB layers in order; latent 2i + 1 feeds number i."""
        return [(f"b{r}.torgb", getattr(self, f"b{r}").torgb) for r in self.resolutions]

    def styles(self, w_plus: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """w_plus [B, num_ws, w_dim] -> styles of the convolutions and of the toRGB layers, one [B, I] for each.

        Raises StyleclipError for another shape.
        """
        if w_plus.ndim != 3 or w_plus.shape[1:] != (self.num_ws, self.w_dim):
            raise StyleclipError(
                f"w_plus has shape {list(w_plus.shape)}, but this generator needs [B, {self.num_ws}, {self.w_dim}]: "
                "one w for each layer, as generator.mapping(z) gives it."
            )
        convs = [layer.affine(w_plus[:, i]) for i, (_, layer) in enumerate(self.conv_layers())]
        rgbs = [layer.affine(w_plus[:, 2 * i + 1]) for i, (_, layer) in enumerate(self.rgb_layers())]
        return convs, rgbs

    def render(
        self,
        styles: Sequence[Tensor],
        rgb_styles: Sequence[Tensor],
        noise_mode: str = "const",
        noises: Sequence[Tensor] | None = None,
        stop_at: int | None = None,
    ) -> Tensor:
        """Styles, one [B, I] for each layer -> image [B, 3, R, R].

        noise_mode: "const" (the stored noise), "random" (new noise in each call) or "none"; see `SynthesisLayer.noise`.
        noises: maps [1 or B, 1, r, r] to use instead, one for each convolution.
        stop_at: return the sum of the toRGB outputs up to this resolution, and compute nothing above it.

        More pictures than `at_once` are drawn in several passes, unless gradients are wanted.
        Raises StyleclipError for an unknown noise_mode or resolution, or a wrong number of noise maps.
        """
        if stop_at is not None and stop_at not in self.resolutions:
            raise StyleclipError(f"stop_at is {stop_at}; this generator has the resolutions {self.resolutions}.")
        if noises is not None and len(noises) != len(styles):
            raise StyleclipError(f"noises has {len(noises)} maps; it needs {len(styles)}, one for each convolution.")
        batch, most = len(styles[0]), self.at_once(stop_at)
        if batch > most and not self._learns(styles, rgb_styles, noises or ()):
            goes = [slice(i, i + most) for i in range(0, batch, most)]
            return torch.cat([self.render(_some(styles, go), _some(rgb_styles, go), noise_mode, noises and _some(noises, go), stop_at)
                              for go in goes])
        return self._pyramid(styles, rgb_styles, noise_mode, noises, stop_at)[-1]

    def _pyramid(self, styles, rgb_styles, noise_mode, noises, stop_at) -> list[Tensor]:
        """The pictures of all resolutions, from 4 pixels up to `stop_at`."""
        batch = len(styles[0])
        x, rgbs, i = self.start(batch), [], 0
        for rgb_style, r in zip(rgb_styles, self.resolutions):
            block = getattr(self, f"b{r}")
            for _, layer in block.layers():
                x = layer(x, styles[i], layer.noise(noise_mode, batch) if noises is None else noises[i])
                i += 1
            rgbs.append(block.torgb(x, rgb_style))
            if r == stop_at:
                break
        return self.sums(rgbs)

    def sums(self, rgbs: Sequence[Tensor]) -> list[Tensor]:
        """The outputs of the toRGB layers, from 4 pixels up -> the pictures: each sum is doubled in size and the next output added."""
        images = [rgbs[0]]
        for rgb in rgbs[1:]:
            images.append(rgb + enlarged(images[-1]))
        return images

    def pyramid(self, w_plus: Tensor, noise_mode: str = "const", stop_at: int | None = None) -> list[Tensor]:
        """w_plus [B, num_ws, w_dim] -> the picture of every resolution, as `stop_at` gives it, from 4 pixels up, in a single pass."""
        return self._pyramid(*self.styles(w_plus), noise_mode, None, stop_at)

    def start(self, batch: int) -> Tensor:
        """The input of the first convolution: the learnt constant, once for each picture."""
        return self.b4.const.expand(batch, -1, -1, -1).contiguous(memory_format=torch.channels_last)

    def forward(
        self,
        w_plus: Tensor,
        noise_mode: str = "const",
        noises: Sequence[Tensor] | None = None,
        stop_at: int | None = None,
    ) -> Tensor:
        """w_plus [B, num_ws, w_dim] -> image [B, 3, R, R], roughly in [-1, 1]. For the other arguments see `render`."""
        return self.render(*self.styles(w_plus), noise_mode=noise_mode, noises=noises, stop_at=stop_at)


def _some(layers: Sequence[Tensor], go: slice) -> list[Tensor]:
    """Some rows of tensors [B, ...]; tensors [1, ...], shared by all pictures, are kept whole."""
    return [x if len(x) == 1 else x[go] for x in layers]


def enlarged(image: Tensor) -> Tensor:
    """An RGB picture at twice the size, computed in its own precision even under autocast."""
    with torch.autocast(image.device.type, enabled=False):
        return upsample2d(image)


def _check_width(name: str, styles: Tensor, width: int) -> None:
    if styles.ndim != 2 or styles.shape[1] != width:
        raise StyleclipError(
            f"{name} has shape {list(styles.shape)}, but this generator needs [B, {width}], "
            "as generator.styles(w_plus) gives it."
        )


def _slices(layers: Sequence[tuple[str, nn.Module]]) -> list[tuple[str, slice]]:
    """Where each layer's style lies in the concatenated vector."""
    result, start = [], 0
    for name, layer in layers:
        stop = start + layer.weight.shape[1]
        result.append((name, slice(start, stop)))
        start = stop
    return result


class Generator(nn.Module):
    """z -> image. `generator(z)` is `generator.synthesis(generator.mapping(z))`.

    img_resolution is a power of two from 8 up; channels maps every resolution from 4 to img_resolution to its number of
    channels (by default as in the paper's configuration F).
    conv_clamp limits the activations (NVIDIA's ADA networks use 256); lr_multiplier is that of the mapping network.

    num_ws                  the number of latents in w_plus: 2 · log2(img_resolution) - 2
    layer_resolutions       the resolution at which each of these latents acts
    style_slices            [("b4.conv1", slice), ...], where each convolution's style lies in styles [B, num_channels]
    rgb_style_slices        the same for the toRGB layers and rgb_styles [B, num_rgb_channels]
    """

    def __init__(
        self,
        img_resolution: int,
        z_dim: int = 512,
        w_dim: int = 512,
        num_mapping_layers: int = 8,
        channels: Mapping[int, int] | None = None,
        conv_clamp: float | None = None,
        lr_multiplier: float = 0.01,
    ):
        super().__init__()
        if channels is None:
            channels = {2**i: min(32768 // 2**i, 512) for i in range(2, 11)}
        resolutions = pyramid(img_resolution, channels)
        self.img_resolution, self.z_dim, self.w_dim = img_resolution, z_dim, w_dim
        self.channels = {r: channels[r] for r in resolutions}
        self.synthesis = Synthesis(img_resolution, w_dim, self.channels, conv_clamp)
        self.num_ws = self.synthesis.num_ws
        self.mapping = MappingNetwork(z_dim, w_dim, self.num_ws, num_mapping_layers, lr_multiplier)
        convs = self.synthesis.conv_layers()
        self.layer_resolutions = [layer.resolution for _, layer in convs] + [img_resolution]
        self.style_slices = _slices(convs)
        self.rgb_style_slices = _slices(self.synthesis.rgb_layers())
        self.num_channels = self.style_slices[-1][1].stop
        self.num_rgb_channels = self.rgb_style_slices[-1][1].stop

    def forward(
        self, z: Tensor, truncation_psi: float = 1.0, truncation_cutoff: int | None = None, **synthesis
    ) -> Tensor:
        """z [B, z_dim] -> image [B, 3, R, R]; `synthesis` takes noise_mode, noises, stop_at."""
        return self.synthesis(self.mapping(z, truncation_psi, truncation_cutoff), **synthesis)

    def styles(self, w_plus: Tensor) -> tuple[Tensor, Tensor]:
        """w_plus [B, num_ws, w_dim] -> styles [B, num_channels] of the convolutions, rgb_styles [B, num_rgb_channels].

        StyleSpace (Wu et al. 2021): the outputs of the affine layers, without any gain.
        """
        convs, rgbs = self.synthesis.styles(w_plus)
        return torch.cat(convs, dim=1), torch.cat(rgbs, dim=1)

    def split_styles(self, both: Tensor) -> tuple[Tensor, Tensor]:
        """[B, num_channels + num_rgb_channels] -> styles [B, num_channels], rgb_styles [B, num_rgb_channels]"""
        return both[:, : self.num_channels], both[:, self.num_channels :]

    def of_layers(self, styles: Tensor, rgb_styles: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """styles [B, num_channels], rgb_styles [B, num_rgb_channels] -> one [B, I] for each convolution, and for each toRGB layer"""
        return ([styles[:, where] for _, where in self.style_slices], [rgb_styles[:, where] for _, where in self.rgb_style_slices])

    def from_styles(
        self,
        styles: Tensor,
        rgb_styles: Tensor,
        noise_mode: str = "const",
        noises: Sequence[Tensor] | None = None,
        stop_at: int | None = None,
    ) -> Tensor:
        """styles [B, num_channels], rgb_styles [B, num_rgb_channels] -> image [B, 3, R, R].

        For the other arguments see `Synthesis.render`. Raises StyleclipError for other shapes.
        """
        _check_width("styles", styles, self.num_channels)
        _check_width("rgb_styles", rgb_styles, self.num_rgb_channels)
        return self.synthesis.render(*self.of_layers(styles, rgb_styles), noise_mode=noise_mode, noises=noises, stop_at=stop_at)
