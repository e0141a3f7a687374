"""VGG19's content features: the layers that the authors really compare, against torchvision's network."""

import torch
import torchvision

from styleclip_lib.networks.vgg import IMAGENET_MEAN, IMAGENET_STD, Vgg19Content
from styleclip_lib.weights.readers.vgg import content_from_state


def test_the_features_are_what_is_left_of_the_layers_that_the_authors_name():
    """They keep the outputs of layers 21 and 31 of torchvision's VGG19, whose ReLUs work in place."""
    torch.manual_seed(0)
    network = Vgg19Content().eval().requires_grad_(False)
    with torch.device("meta"):
        official = torchvision.models.vgg19(weights=None).features
    official = official[:32].to_empty(device="cpu").eval()
    official.load_state_dict(network.layers.state_dict())
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    x, kept = ((image + 1) / 2 - torch.tensor(IMAGENET_MEAN)[:, None, None]) / torch.tensor(IMAGENET_STD)[:, None, None], {}
    with torch.no_grad():
        for number, layer in enumerate(official):
            kept[number] = x = layer(x)
    first, second = network.features(image)
    torch.testing.assert_close(first, kept[21])
    torch.testing.assert_close(second, kept[31])
    assert first.min() == 0 and first.shape == (1, 512, 4, 4) and second.shape == (1, 512, 2, 2)
    before_the_relu = official[21](kept[20])
    assert before_the_relu.min() < 0, "what is called conv4_2 would have negative numbers"


def test_the_network_of_an_official_file_is_the_same():
    """Readers build networks without memory: nothing but the tensors of the file may be needed."""
    network = Vgg19Content().eval()
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    read = content_from_state({f"features.{key}": value for key, value in network.layers.state_dict().items()})
    with torch.no_grad():
        for feature, same in zip(network.features(image), read.to("cpu").features(image)):
            torch.testing.assert_close(feature, same)
