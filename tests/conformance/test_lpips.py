"""LPIPS against richzhang/PerceptualSimilarity (the package lpips 0.1.4, on a CPU in float32), for the same weights and pictures.

The numbers were made with `lpips.LPIPS(net, pnet_rand=True, pretrained=False)`. Its backbone was filled by the formula under
torchvision's names ("features.0.weight"), its heads with the absolute values of the formula under the names in the package's
files ("lin0.model.1.weight"). The pictures are those of `pictures` below. LAYERS is what `retPerLayer` gives, a row for each layer
and a column for each pair of pictures; GRADIENT is that of the sum of both distances with respect to the first picture of
the first pair, at rows 20 and 21, columns 30 to 32. In float64 the distances differ by 5e-9, the gradient by 1e-9.
"""

import numpy as np
import pytest
import torch
import torchvision

from styleclip_lib.weights.readers.lpips import lpips_from_states
from tests.conformance.cases import assert_near, tensor
from tests.conformance.formula import fill, image

LAYERS = {
    "vgg16": [[0.022639431, 0.025382146], [0.009377512, 0.011161439], [0.004037497, 0.004544444], [0.001833992, 0.002005829],
              [0.001014121, 0.001075777]],
    "alexnet": [[0.027490325, 0.028950378], [0.006463553, 0.005928472], [0.002220210, 0.002113241], [0.002673747, 0.002661546],
                [0.002200110, 0.002080552]],
}
GRADIENT = {
    "vgg16": [[[-1.142433e-5, 8.224537e-6, -2.801200e-5], [3.696389e-5, 1.495860e-5, -1.911408e-5]],
              [[-3.079704e-5, 3.462729e-5, 1.588560e-5], [3.348637e-5, 4.807784e-5, 2.159825e-5]],
              [[-4.792020e-5, -2.223905e-5, 5.353530e-5], [-7.088882e-5, 8.501197e-6, 3.405374e-5]]],
    "alexnet": [[[-1.005462e-4, 1.483637e-5, -1.606254e-4], [-1.735420e-5, 4.594446e-5, -1.879343e-5]],
                [[-2.829668e-5, 2.869595e-5, -8.055545e-6], [-1.645157e-5, -5.656600e-5, -1.467396e-5]],
                [[3.332679e-5, -3.091192e-5, 2.401203e-4], [-2.208942e-5, 9.068608e-6, 1.159258e-4]]],
}
CHANNELS = {"vgg16": [64, 128, 256, 512, 512], "alexnet": [64, 192, 384, 256, 256]}


@pytest.fixture(scope="module", params=["vgg16", "alexnet"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def lpips(kind):
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in getattr(torchvision.models, kind)(weights=None).state_dict().items()}
    backbone = {key: tensor(fill(key, shape, [])) for key, shape in shapes.items() if key.startswith("features.")}
    heads = {f"lin{i}.model.1.weight": (1, channels, 1, 1) for i, channels in enumerate(CHANNELS[kind])}
    return lpips_from_states(backbone, {key: tensor(np.abs(fill(key, shape, []))) for key, shape in heads.items()})


@pytest.fixture(scope="module")
def pictures():
    x = tensor(image("lpips/x", 2, 64))
    return x, (x + 0.5 * tensor(image("lpips/y", 2, 64))).clamp(-1, 1)


def test_each_layer(kind, lpips, pictures):
    maps = lpips.maps(*(lpips.features(picture) for picture in pictures))
    for apart, wanted in zip(maps, LAYERS[kind], strict=True):
        assert_near(apart.mean((1, 2)), np.array(wanted), 1e-7)


def test_distance_and_gradient(kind, lpips, pictures):
    x, y = pictures[0].clone().requires_grad_(), pictures[1]
    distance = lpips(x, y)
    assert_near(distance, np.sum(LAYERS[kind], axis=0), 2e-7)
    distance.sum().backward()
    assert_near(x.grad[0, :, 20:22, 30:33], np.array(GRADIENT[kind]), 2e-8)
