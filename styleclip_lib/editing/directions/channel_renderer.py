"""Faces drawn with one style channel changed at a time: only the layers after the change are computed again."""

from torch import Tensor

from ...networks.generator import Generator


def with_channel(styles: Tensor, channel: int, value: float | Tensor) -> Tensor:
    """styles [N, C] with one channel set to a value, and every other channel as it was.

    The authors' code writes into the styles themselves, so that channels once scanned stay at their mean.
    """
    changed = styles.clone()
    changed[:, channel] = value
    return changed


class ChannelRenderer:
    """Draws some faces with one channel set to a value. `Generator.from_styles` of `with_channel` is the slow equivalent.

    A convolution affects only the layers after it, and a toRGB layer only the picture. The input of every layer is kept in memory, so
    this is for a few faces at a time.

    styles [B, num_channels], rgb_styles [B, num_rgb_channels]
    stop_at: draw up to this resolution; see `Synthesis.render`
    """

    def __init__(self, generator: Generator, styles: Tensor, rgb_styles: Tensor, stop_at: int | None = None):
        synthesis, self.generator = generator.synthesis, generator
        self.styles, self.rgb_styles = generator.of_layers(styles, rgb_styles)
        self.blocks = synthesis.resolutions.index(stop_at or synthesis.resolutions[-1]) + 1
        self.convs = [layer for _, layer in synthesis.conv_layers()]
        self.to_rgbs = [layer for _, layer in synthesis.rgb_layers()]
        self.inputs, self.rgb_inputs, self.colors = [], [], []
        x = synthesis.start(len(styles))
        for number, style in enumerate(self.styles[: 2 * self.blocks - 1]):
            self.inputs.append(x)
            x = self._conv(number, x, style)
            if number % 2 == 0:  # the last convolution of its resolution
                self.rgb_inputs.append(x)
                self.colors.append(self._colors(number // 2, x))

    def with_channel(self, channel: int, value: float | Tensor) -> Tensor:
        """The pictures [B, 3, r, r] with one channel at this value.

        channel: its index in styles, or num_channels plus its index in rgb_styles. It must affect pictures of this resolution; see
        `drawn_channels`.
        """
        rgb_channel = channel - self.generator.num_channels
        if rgb_channel >= 0:
            number, place = _layer_of(rgb_channel, self.generator.rgb_style_slices)
            colors = self.to_rgbs[number](self.rgb_inputs[number], with_channel(self.rgb_styles[number], place, value))
            return self._sum([*self.colors[:number], colors, *self.colors[number + 1 :]])
        first, place = _layer_of(channel, self.generator.style_slices)
        x, colors = self.inputs[first], self.colors[: (first + 1) // 2]
        for number in range(first, 2 * self.blocks - 1):
            style = self.styles[number]
            x = self._conv(number, x, with_channel(style, place, value) if number == first else style)
            if number % 2 == 0:
                colors.append(self._colors(number // 2, x))
        return self._sum(colors)

    def _conv(self, number: int, x: Tensor, style: Tensor) -> Tensor:
        return self.convs[number](x, style, self.convs[number].noise("const", len(x)))

    def _sum(self, colors: list[Tensor]) -> Tensor:
        return self.generator.synthesis.sums(colors)[-1]

    def _colors(self, number: int, x: Tensor) -> Tensor:
        return self.to_rgbs[number](x, self.rgb_styles[number])


def _layer_of(channel: int, slices: list[tuple[str, slice]]) -> tuple[int, int]:
    """The layer to which a channel belongs, and its place in that layer's style."""
    return next((number, channel - where.start) for number, (_, where) in enumerate(slices) if channel < where.stop)
