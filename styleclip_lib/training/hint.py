"""A hint for a network that overlooks small things: one that sees them shows it where to look."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.attributes import Attributes

STAGE = 3  # of the attributes network: pictures an eighth as large, the size of the second group of CLIP's ResNet


class Hint(nn.Module):
    """What the attributes network sees must be readable, by a linear map, from what CLIP sees at the same places.

    mean (conv(f_CLIP) - f_attributes / σ)²                                             (after Romero et al. 2015, eq. 3)
    """

    def __init__(self, visual: nn.Module, attributes: Attributes):
        super().__init__()
        self._attributes = [attributes.to(memory_format=torch.channels_last)]  # in a list: it is not to be trained or saved
        self.translate = nn.Conv2d(visual.layer2[-1].conv3.out_channels, attributes.trunk.widths[STAGE], 1)
        visual.layer2.register_forward_hook(self._keep)
        self._seen: Tensor | None = None

    def _keep(self, module, inputs, output):
        self._seen = output

    def forward(self, images: Tensor) -> Tensor:
        """images [N, 3, R, R] in [-1, 1], the first N of the pictures that CLIP has just seen -> a number"""
        teacher = self._attributes[0].to(images.device)
        with torch.no_grad():
            wanted = teacher.trunk(images)[STAGE].float()
            wanted = wanted / wanted.std((0, 2, 3), keepdim=True).clamp(min=1e-3)
        return F.mse_loss(self.translate(self._seen[: len(images)]).float(), wanted)
