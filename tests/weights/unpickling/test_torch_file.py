"""PyTorch's files, compared with what torch.load and torch.jit.load make of them."""

import argparse
import warnings

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.weights.unpickling.pickle_tensors import StoredTensor
from styleclip_lib.weights.unpickling.torch_file import read_torch

FLOATING = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
WHOLE = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]

both_formats = pytest.mark.parametrize("new", [True, False], ids=["zip", "old format"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.pt"


def whole(content):
    """All that a file holds, with the numbers of its tensors."""
    if isinstance(content, dict):
        return {key: whole(value) for key, value in content.items()}
    if isinstance(content, list):
        return [whole(value) for value in content]
    return content.read() if isinstance(content, StoredTensor) else content


def there_and_back(content, path, new):
    torch.save(content, path, _use_new_zipfile_serialization=new)
    return read_torch(path, whole)


def assert_same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert type(ours) is torch.Tensor and not ours.requires_grad
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    assert ours.stride() == theirs.stride() or not theirs.numel()
    assert torch.equal(ours, theirs.detach())


@both_formats
@pytest.mark.parametrize("dtype", FLOATING + WHOLE, ids=str)
def test_types(dtype, new, path):
    values = (torch.arange(24).reshape(2, 3, 4) % 7).to(dtype)
    content = {"a": values, "number": values[0, 0, 1].clone(), "none": values[:, :0].clone()}
    back = there_and_back(content, path, new)
    theirs = torch.load(path, weights_only=True)
    assert list(back) == list(theirs)
    for key, value in theirs.items():
        assert_same(back[key], value)


@both_formats
def test_views_of_one_storage(new, path):
    values = torch.randn(6, 5)
    content = [values, values.t(), values[1:4, ::2], values[2], values.as_strided((3, 3), (1, 2), 4)]
    for ours, theirs in zip(there_and_back(content, path, new), content):
        assert_same(ours, theirs)


@both_formats
def test_a_checkpoint(new, path):
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    content = {"g_ema": network.state_dict(), "weight": network[0].weight, "g_optim": optimizer.state_dict(), "step": 7,
               "args": argparse.Namespace(size=1024, betas=(0.0, 0.99), names={"a", "b"}), "ada_aug_p": 0.5}  # fmt: skip
    back = there_and_back(content, path, new)
    for key, value in network.state_dict().items():
        assert_same(back["g_ema"][key], value)
    assert_same(back["weight"], network[0].weight)
    assert_same(back["g_optim"]["state"][0]["exp_avg"], optimizer.state_dict()["state"][0]["exp_avg"])
    assert back["args"] == content["args"] and (back["step"], back["ada_aug_p"]) == (7, 0.5)


@both_formats
def test_tensors_may_be_changed_and_the_file_stays(new, path):
    back = there_and_back({"a": torch.ones(1000)}, path, new)
    before = path.read_bytes()
    back["a"].mul_(2)
    assert back["a"].sum() == 2000 and path.read_bytes() == before


def test_a_parameter_of_2017(path):
    """There a parameter was made of a tensor, and got its other attributes afterwards."""

    class Parameter2017:
        def __init__(self, data):
            self.data = data

        def __reduce__(self):
            return torch.nn.Parameter, (self.data,), (True, False, {})

    torch.save({"conv1.weight": Parameter2017(torch.arange(3.0))}, path, _use_new_zipfile_serialization=False)
    assert_same(read_torch(path, whole)["conv1.weight"], torch.arange(3.0))


class Part(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(3, 2).half()
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.sizes = [3, 2]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.line(x)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = torch.nn.ModuleList([Part(), Part()])
        self.scale = torch.nn.Parameter(torch.randn(2, 3))
        self.count = 4

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.parts[0](x) + self.parts[1](x)


@pytest.fixture
def script(path):
    """A TorchScript archive, and the module that it was made of."""
    network = Net()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions would rather export networks in another way
        torch.jit.save(torch.jit.script(network), path)
    return network


def test_torchscript(script, path):
    back = read_torch(path, whole)
    assert set(back) == set(script.state_dict())
    for key, value in script.state_dict().items():
        assert_same(back[key], value)


def test_nothing_of_torchscript_is_compiled(script, path, monkeypatch):
    def refuse(*arguments, **settings):
        raise AssertionError("compiled")

    for name in ("load", "script", "trace"):
        monkeypatch.setattr(torch.jit, name, refuse)
    monkeypatch.setattr(torch, "load", refuse)
    assert "scale" in read_torch(path, whole)


def test_what_is_no_file(tmp_path):
    for path, message in ((tmp_path / "none.pt", "There is no file"), (tmp_path, "is a folder")):
        with pytest.raises(StyleclipError, match=message) as error:
            read_torch(path, whole)
        assert "\n" not in str(error.value) and str(path) in str(error.value)


@both_formats
def test_every_truncation_is_refused(new, path):
    torch.save({"a": torch.arange(40.0), "args": argparse.Namespace(x=1)}, path, _use_new_zipfile_serialization=new)
    content = path.read_bytes()
    for length in range(0, len(content), 11):
        path.write_bytes(content[:length])
        with pytest.raises(StyleclipError, match=r"was not read: .*; get it again"):
            read_torch(path, whole)
