"""NVIDIA's files, from small generators written as its code writes them; tests/conformance reads one that its code wrote."""

import numpy as np
import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.weights.readers.any_generator import read_generator
from tests.weights.official_files import (
    ada_pickle,
    network_pickle,
    small_generator,
    tensorflow_network,
    tensorflow_pickle,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.pkl"


def refused(path, content, match):
    path.write_bytes(content)
    with pytest.raises(StyleclipError, match=match) as error:
        read_generator(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("clamp", [None, 256])
def test_stylegan2_ada(path, protocol, clamp):
    generator = small_generator(conv_clamp=clamp)
    path.write_bytes(ada_pickle(generator, protocol=protocol))
    back = read_generator(path)
    assert back.state_dict().keys() == generator.state_dict().keys()
    assert all(torch.equal(value, generator.state_dict()[key]) for key, value in back.state_dict().items())
    assert {layer.conv_clamp for _, layer in back.synthesis.conv_layers() + back.synthesis.rgb_layers()} == {clamp}
    assert not back.training and not any(parameter.requires_grad for parameter in back.parameters())


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_tensorflow(path, protocol):
    generator = small_generator(conv_clamp=2.0)
    path.write_bytes(tensorflow_pickle(generator, protocol, conv_clamp=2.0))
    back = read_generator(path)
    torch.testing.assert_close(back.state_dict(), generator.state_dict(), rtol=0, atol=1e-6)
    z = torch.randn(2, 10)
    torch.testing.assert_close(back(z), generator(z), rtol=1e-4, atol=1e-4)
    assert back.synthesis.b8.conv0.conv_clamp == 2


def state_of(name, **settings):
    return lambda states: states[name].update(settings)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (state_of("", c_dim=10), "class-conditional"),
        (state_of("synthesis.b4", architecture="resnet"), "architecture is not skip"),
        (state_of("synthesis.b4.conv1", activation="relu"), "activation is not lrelu"),
        (state_of("synthesis.b4.conv1", use_noise=False), "use_noise is not True"),
        (state_of("synthesis.b4.conv1", conv_clamp=-1), "limits its activations"),
        (state_of("synthesis.b4.conv1", conv_clamp=float("nan")), "limits its activations"),
        (state_of("mapping.fc0", bias_gain=1), "bias_gain is not 0.01"),
        (lambda states: states["synthesis.b4.conv1"].update(_buffers=5), "not described"),
        (lambda states: states["synthesis.b4.conv1"]["_parameters"].pop("bias"), r"missing, first synthesis\.b4\.conv1\.bias"),
        (lambda states: states["synthesis.b4.conv1"]["_parameters"].update(bias=torch.full([8], torch.nan)), "infinite or undefined"),
        (lambda states: states.update({"synthesis.L0_36_8": {"_modules": {}}}), "StyleGAN3"),
    ],
)  # fmt: skip
def test_other_designs_are_refused(path, change, match):
    refused(path, ada_pickle(small_generator(), change), match)


def test_another_filter_is_refused(path):
    refused(path, ada_pickle(small_generator(), lambda states: states["synthesis.b4"]["_buffers"].update(resample_filter=torch.ones(4, 4))),
            r"a filter other than \[1, 3, 3, 1\]")


def test_what_is_no_generator(path):
    refused(path, b"\x80\x04}.", "not hold a generator in NVIDIA's format")
    refused(path, b"\x80\x04N.", "not hold a generator in NVIDIA's format")
    refused(path, ada_pickle(small_generator()).replace(b"G_ema", b"G_EMA"), "not hold a generator in NVIDIA's format")


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"architecture": "orig"}, "architecture is not skip"),
        ({"resample_kernel": [1, 2, 1]}, "resample_kernel is not"),
        ({"mapping_lrmul": 1.0}, "mapping_lrmul is not 0.01"),
        ({"conv_clamp": "256"}, "limits its activations"),
    ],
)
def test_other_designs_of_tensorflow_are_refused(path, settings, match):
    refused(path, tensorflow_pickle(small_generator(), **settings), match)


def test_usual_settings_may_be_written_out(path):
    path.write_bytes(tensorflow_pickle(small_generator(), architecture="skip", resample_kernel=[1, 3, 3, 1], mapping_lrmul=0.01))
    assert read_generator(path).img_resolution == 16


def test_broken_networks_of_tensorflow(path):
    def changed(change):
        network = tensorflow_network(small_generator())
        change(network)
        return network_pickle(network)

    synthesis = lambda network: network.components["synthesis"].variables  # noqa: E731
    refused(path, changed(lambda n: n.static_kwargs.update(label_size=3)), "label_size is not 0")
    refused(path, changed(lambda n: n.components.pop("synthesis")), "StyleGAN1 and ProGAN")
    refused(path, changed(lambda n: n.variables.clear()), r"missing, first mapping\.w_avg")
    refused(path, changed(lambda n: synthesis(n).pop()), r"missing, first synthesis\.b16\.torgb")
    refused(path, changed(lambda n: synthesis(n).append(5)), "not described")
    refused(path, changed(lambda n: synthesis(n).append(("4x4/Conv/weight", np.zeros(3, np.float32)))), "another shape")
    refused(path, changed(lambda n: vars(n).update(variables=None)), "not described")
    refused(path, changed(lambda n: vars(n).update(static_kwargs=None)), "not described")
    refused(path, changed(lambda n: n.components.update(mapping=5)), "not described")
    refused(path, changed(lambda n: synthesis(n).append(("4x4/Conv/bias", [1.0, 2.0]))), "is not an array")
    large = np.zeros((8000, 100), np.float32)
    again = [(f"Dense{i}/weight", large) for i in range(3, 50)]
    refused(path, changed(lambda n: n.components["mapping"].variables.extend(again)), "far larger than the file")
