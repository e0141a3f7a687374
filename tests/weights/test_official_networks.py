"""What the readers of ArcFace, e4e, LPIPS and CLIP files infer from them, and say about files they cannot use."""

import argparse

import pytest
import torch
from clip.model import CLIP, build_model

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.arcface import Arcface
from styleclip_lib.networks.e4e import E4e
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.lpips import Lpips
from styleclip_lib.weights.readers.arcface import arcface_from_state
from styleclip_lib.weights.readers.e4e import e4e_from_checkpoint
from styleclip_lib.weights.readers.lpips import lpips_from_states
from styleclip_lib.weights.readers.openai_clip import clip_from_openai
from styleclip_lib.weights.readers.styleclip_mapper import mapper_state
from tests.rosinality import to_rosinality

BLOCKS = (16, 16, 32, 32, 48, 64)


def official_names(network, **renamed):
    """The state dict under the names of the files, in which the body stands beside what else there is."""
    state = {}
    for key, value in network.state_dict().items():
        first, _, rest = key.partition(".")
        state[f"{renamed[first]}{rest}" if first in renamed else key] = value.clone()
    return state


@pytest.fixture
def arcface():
    torch.manual_seed(0)
    return Arcface(BLOCKS, 24).eval()


@pytest.fixture
def arcface_state(arcface):
    return official_names(arcface, trunk="", head="output_layer.")


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    encoder = E4e(8, 12, BLOCKS).eval()
    encoder.w_avg.normal_()
    return encoder


@pytest.fixture
def checkpoint(encoder):
    state = {f"encoder.{key}": value for key, value in official_names(encoder, trunk="").items()}
    latent_avg = state.pop("encoder.w_avg")
    return {"state_dict": state, "latent_avg": latent_avg, "opts": {"encoder_type": "Encoder4Editing", "start_from_latent_avg": True}}


@pytest.fixture
def lpips_states():
    torch.manual_seed(0)
    lpips = Lpips("alexnet")
    backbone = official_names(lpips.backbone)
    heads = {f"lin{i}.model.1.weight": torch.rand_like(head) for i, head in enumerate(lpips.heads)}
    return {**{f"features.{key}": value for key, value in backbone.items()}, "classifier.1.weight": torch.zeros(2, 2)}, heads


@pytest.fixture(scope="module")
def clip_state():
    torch.manual_seed(0)
    model = CLIP(16, 32, 2, 64, 8, 77, 49408, 64, 1, 2)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.state_dict()


@pytest.fixture(scope="module")
def images():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_arcface(arcface, arcface_state, images):
    read = arcface_from_state(arcface_state)
    torch.testing.assert_close(read(images), arcface(images))
    assert not read.training and not any(p.requires_grad for p in read.parameters())


def test_old_files_count_no_batches_and_may_be_in_half_precision(arcface, arcface_state, images):
    state = {key: value.half() for key, value in arcface_state.items() if not key.endswith("num_batches_tracked")}
    read = arcface_from_state(state)
    assert {value.dtype for value in read.state_dict().values()} == {torch.float32, torch.int64}
    torch.testing.assert_close(read(images), arcface(images), rtol=0, atol=5e-3)


@pytest.mark.parametrize("key", ["input_layer.2.weight", "body.0.res_layer.5.fc1.weight", "body.2.shortcut_layer.1.running_var",
                                 "body.5.res_layer.3.weight", "output_layer.3.weight"])
def test_missing_in_arcface(arcface_state, key):
    del arcface_state[key]
    with pytest.raises(StyleclipError, match=r"ArcFace.*check which file"):
        arcface_from_state(arcface_state)


def test_missing_is_named(arcface_state):
    del arcface_state["body.3.res_layer.0.bias"]
    with pytest.raises(StyleclipError, match=r"1 tensors are missing, first trunk\.body\.3\.res_layer\.0\.bias"):
        arcface_from_state(arcface_state)


def test_something_that_is_no_tensor(arcface_state):
    for key in ("body.0.res_layer.3.weight", "body.0.res_layer.0.bias"):
        with pytest.raises(StyleclipError, match="not an ArcFace"):
            arcface_from_state({**arcface_state, key: "weight"})


def test_unknown_and_misshapen(arcface_state):
    with pytest.raises(StyleclipError, match=r"The tensor trunk\.conv\.weight .* does not fit into an ArcFace"):
        arcface_from_state({**arcface_state, "conv.weight": torch.zeros(1)})
    with pytest.raises(StyleclipError, match=r"body\.1\.res_layer\.1\.weight"):
        arcface_from_state({**arcface_state, "body.1.res_layer.1.weight": torch.zeros(16, 16, 1, 1)})


def test_e4e(encoder, checkpoint, images):
    read = e4e_from_checkpoint(checkpoint)
    assert (read.num_ws, read.w_dim, read.trunk.widths) == (8, 12, [16, 32, 48, 64])
    torch.testing.assert_close(read(images), encoder(images))
    assert not read.training and not any(p.requires_grad for p in read.parameters())


def test_settings_may_be_a_namespace_or_missing(checkpoint, images):
    as_e4e = e4e_from_checkpoint(checkpoint)(images)
    assert torch.equal(e4e_from_checkpoint({**checkpoint, "opts": argparse.Namespace(**checkpoint["opts"])})(images), as_e4e)
    assert torch.equal(e4e_from_checkpoint({**checkpoint, "opts": None})(images), as_e4e)
    psp = e4e_from_checkpoint({**checkpoint, "opts": argparse.Namespace(encoder_type="GradualStyleEncoder")})
    assert (psp(images) - as_e4e)[:, 1:].abs().amax((1, 2)).min() > 0.01


@pytest.mark.slow
def test_the_mean_w(checkpoint, images):
    whole = checkpoint.pop("latent_avg")
    w = whole[0]
    with pytest.raises(StyleclipError, match="lacks latent_avg; give the mean w"):
        e4e_from_checkpoint(checkpoint)
    of_each = e4e_from_checkpoint({**checkpoint, "latent_avg": w.expand(8, -1)})(images)
    for read in (e4e_from_checkpoint({**checkpoint, "latent_avg": w}), e4e_from_checkpoint({**checkpoint, "latent_avg": w[None]}),
                 e4e_from_checkpoint(checkpoint, w), e4e_from_checkpoint({**checkpoint, "latent_avg": None}, w)):
        assert torch.equal(read(images), of_each)
    without = e4e_from_checkpoint({**checkpoint, "latent_avg": w, "opts": {"start_from_latent_avg": False}})
    torch.testing.assert_close(without(images) + w, of_each)
    with pytest.raises(StyleclipError, match=r"\[7, 12\], but the encoder makes 8 w's of 12"):
        e4e_from_checkpoint({**checkpoint, "latent_avg": whole[:7]})


def test_a_generator_beside_the_encoder_is_left_alone(checkpoint):
    torch.manual_seed(1)
    generator = Generator(32, z_dim=12, w_dim=12, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8}).requires_grad_(False)
    generator.mapping.w_avg.copy_(checkpoint["latent_avg"][0])
    decoder, _ = to_rosinality(generator.state_dict())
    state = {**checkpoint["state_dict"], **{f"decoder.{key}": value for key, value in decoder.items()}}
    images = torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    read = e4e_from_checkpoint({**checkpoint, "state_dict": state})
    assert torch.equal(read(images), e4e_from_checkpoint(checkpoint)(images))


@pytest.mark.parametrize("key", ["encoder.styles.0.linear.weight", "encoder.styles.5.convs.8.bias", "encoder.latlayer2.weight",
                                 "encoder.body.4.res_layer.3.weight"])
def test_missing_in_e4e(checkpoint, key):
    del checkpoint["state_dict"][key]
    with pytest.raises(StyleclipError, match=r"e4e or pSp encoder.*check which file"):
        e4e_from_checkpoint(checkpoint)


def test_no_checkpoint_of_an_encoder(arcface_state):
    with pytest.raises(StyleclipError, match="has no state_dict"):
        e4e_from_checkpoint(arcface_state)
    with pytest.raises(StyleclipError, match="not an e4e or pSp encoder"):
        e4e_from_checkpoint({"state_dict": {}})


def test_lpips(lpips_states, images):
    backbone, heads = lpips_states
    lpips = lpips_from_states(backbone, heads)
    assert torch.equal(lpips.backbone[0].weight, backbone["features.0.weight"])
    assert torch.equal(lpips.heads[4], heads["lin4.model.1.weight"])
    assert lpips(images, images.flip(0)).min() > 0
    assert not lpips.training and not any(p.requires_grad for p in lpips.parameters())


def test_the_wrong_backbone_and_the_wrong_heads(lpips_states):
    backbone, heads = lpips_states
    with pytest.raises(StyleclipError, match="neither VGG16 nor AlexNet"):
        lpips_from_states({**backbone, "features.14.weight": torch.zeros(1)}, heads)
    with pytest.raises(StyleclipError, match=r"heads\.1 \[1, 128, 1, 1\] does not fit"):
        lpips_from_states(backbone, {**heads, "lin1.model.1.weight": torch.zeros(1, 128, 1, 1)})
    with pytest.raises(StyleclipError, match=r"first lin0\.model\.1\.weight"):
        lpips_from_states(backbone, backbone)
    with pytest.raises(StyleclipError, match=r"first features\.0\.weight"):
        lpips_from_states(heads, heads)


NOT_COMPUTABLE = {
    "undefined": lambda value: torch.full_like(value, torch.nan),
    "infinite": lambda value: torch.full_like(value, -torch.inf),
    "too large for float32": lambda value: torch.full(value.shape, 1e300, dtype=torch.float64),
    "whole": lambda value: torch.ones(value.shape, dtype=torch.int64),
}


@pytest.mark.parametrize("change", NOT_COMPUTABLE)
def test_numbers_with_which_nothing_can_be_computed(arcface_state, checkpoint, lpips_states, clip_state, change):
    def with_one(state, key):
        return {**state, key: NOT_COMPUTABLE[change](state[key])}

    backbone, heads = lpips_states
    for read in (lambda: arcface_from_state(with_one(arcface_state, "body.2.res_layer.3.weight")),
                 lambda: e4e_from_checkpoint({**checkpoint, "state_dict": with_one(checkpoint["state_dict"], "encoder.latlayer1.bias")}),
                 lambda: e4e_from_checkpoint(with_one(checkpoint, "latent_avg")),
                 lambda: lpips_from_states(with_one(backbone, "features.3.bias"), heads),
                 lambda: lpips_from_states(backbone, with_one(heads, "lin2.model.1.weight")),
                 lambda: clip_from_openai(with_one(clip_state, "ln_final.weight")),
                 lambda: mapper_state({"mapper.mapping.mapping.1.bias": NOT_COMPUTABLE[change](torch.ones(4))})):  # fmt: skip
        with pytest.raises(StyleclipError, match=r"infinite, undefined or integer numbers.*check which file|not a tensor of numbers"):
            read()


def beside(state):
    """What the archive holds besides."""
    return {**state, **{name: torch.tensor(1) for name in ("input_resolution", "context_length", "vocab_size")}}


def test_clip_is_what_the_package_builds(clip_state, images):
    """In half precision, as the archives are."""
    halved = {key: value.half() for key, value in clip_state.items()}
    clip, theirs = clip_from_openai(beside(halved)), build_model(dict(halved)).float().eval()
    seen, read = theirs.encode_image(clip.preprocess(images)), theirs.encode_text(clip.tokenizer(["a face", "a smiling man"]))
    torch.testing.assert_close(clip.encode_image(images), torch.nn.functional.normalize(seen, dim=1))
    torch.testing.assert_close(clip.encode_text(["a face", "a smiling man"]), torch.nn.functional.normalize(read, dim=1))
    assert clip.model.dtype == torch.float32
    assert not clip.training and not any(p.requires_grad for p in clip.parameters())


def test_clip_keeps_every_digit(clip_state):
    read = clip_from_openai(clip_state).model.state_dict()
    assert all(torch.equal(read[key], value) for key, value in clip_state.items())


@pytest.mark.parametrize("width, patch, layers, text_width, heads, embed_dim", [(768, 32, 12, 512, 8, 512), (1024, 14, 24, 768, 12, 768)],
                         ids=["ViT-B/32", "ViT-L/14"])
def test_the_sizes_of_the_released_ones(width, patch, layers, text_width, heads, embed_dim):
    """Shapes alone, without memory."""
    with torch.device("meta"):
        state = CLIP(embed_dim, 224, layers, width, patch, 77, 49408, text_width, heads, 12).state_dict()
    assert state["visual.positional_embedding"].shape == ((224 // patch) ** 2 + 1, width)
    model = clip_from_openai(beside(state)).model
    assert (model.visual.input_resolution, model.context_length, model.vocab_size) == (224, 77, 49408)
    blocks = model.visual.transformer.resblocks
    assert (len(blocks), blocks[0].attn.num_heads) == (layers, width // 64)
    assert model.transformer.resblocks[0].attn.num_heads == heads
    assert model.transformer.resblocks[-1].attn_mask[0, 1] == -torch.inf


@pytest.mark.parametrize("key", ["visual.conv1.weight", "visual.proj", "ln_final.bias", "transformer.resblocks.0.ln_1.weight"])
def test_missing_in_clip(clip_state, key):
    with pytest.raises(StyleclipError, match="not a CLIP of OpenAI's design"):
        clip_from_openai({name: value for name, value in clip_state.items() if name != key})


def test_shapes_that_contradict_each_other_in_clip(clip_state):
    with pytest.raises(StyleclipError, match=r"visual\.proj \[64, 17\] does not fit"):
        clip_from_openai({**clip_state, "visual.proj": torch.zeros(64, 17)})
    with pytest.raises(StyleclipError, match=r"visual\.conv1\.weight \[64\] does not fit"):
        clip_from_openai({**clip_state, "visual.conv1.weight": torch.zeros(64)})


@pytest.mark.parametrize("key, shape", [("visual.conv1.weight", (200, 3, 8, 8)), ("visual.conv1.weight", (64, 3, 0, 0)),
                                        ("positional_embedding", (77, 32))])
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_shapes_that_no_clip_has(clip_state, key, shape):
    """Widths that heads of 64 numbers cannot share, or make no head, and patches of nothing."""
    with pytest.raises(StyleclipError, match=r"shapes of the tensors are not those of a CLIP|does not fit into a CLIP"):
        clip_from_openai({**clip_state, key: torch.zeros(shape)})
