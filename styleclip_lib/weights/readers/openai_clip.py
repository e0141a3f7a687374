"""OpenAI's CLIP archives (`ViT-B-32.pt` and the like) -> Clip, from the flat state dict of the archive."""

import math

from ...errors import StyleclipError
from ...networks.clip import CLIP, Clip, PieceTokenizer, WordTokenizer
from ..tensor_file import Shapes
from .filled import StateDict, compared, count, filled, shape_of, unfilled

WHAT = "a CLIP of OpenAI's design"
BESIDE = ("input_resolution", "context_length", "vocab_size")
"""Numbers stored next to the weights in the archive, which also follow from the shapes."""

LONGEST_CONTEXT = 1024
"""The most tokens of a text; OpenAI's CLIP has 77. Its attention mask has the square of this many numbers."""


def clip_from_openai(state: StateDict) -> Clip:
    """CLIP in float32, frozen, in evaluation mode, with OpenAI's tokenizer.

    Raises StyleclipError if a tensor is missing, unknown, or has a wrong shape.
    """
    state = {key: value for key, value in state.items() if key not in BESIDE}
    sizes = _sizes({key: value.shape for key, value in state.items()})
    model = filled(lambda: CLIP(**sizes), state, WHAT)
    for block in model.transformer.resblocks:
        block.attn_mask = model.build_attention_mask()      # neither weight nor buffer, so `filled` gave it no memory
    return Clip(model, PieceTokenizer(model.context_length)).eval().requires_grad_(False)


def check_clip(shapes: Shapes, tokenizer: WordTokenizer) -> None:
    """Raises StyleclipError if tensors of these shapes are not a CLIP's, or are those of a CLIP that does not fit the tokenizer."""
    sizes = _sizes(shapes)
    compared(shapes, unfilled(lambda: CLIP(**sizes), WHAT), WHAT)
    if (sizes["context_length"], sizes["vocab_size"]) != (tokenizer.context_length, tokenizer.vocab_size):
        raise StyleclipError(f"This CLIP has a vocabulary of {sizes['vocab_size']} and a context of {sizes['context_length']} tokens, but "
                             f"domain.json gives {tokenizer.vocab_size} and {tokenizer.context_length}; fetch both again.")


def _sizes(shapes: Shapes) -> dict[str, int]:
    """The arguments of `CLIP`. Attention heads have 64 dimensions each."""
    transformer = "visual.positional_embedding" in shapes or "visual.proj" in shapes
    vision = _transformer_sizes(shapes) if transformer else _resnet_sizes(shapes)
    context_length, text_width = shape_of(shapes, "positional_embedding", 2, WHAT)
    if context_length > LONGEST_CONTEXT:
        raise StyleclipError(f"This CLIP has a context of {context_length} tokens, and at most {LONGEST_CONTEXT} are supported here; "
                             "check which file was opened.")
    return {
        "embed_dim": shape_of(shapes, "text_projection", 2, WHAT)[1],
        **vision,
        "context_length": context_length,
        "vocab_size": shape_of(shapes, "token_embedding.weight", 2, WHAT)[0],
        "transformer_width": text_width,
        "transformer_heads": text_width // 64,
        "transformer_layers": count(shapes, r"transformer\.resblocks\.\d+\.ln_1\.weight"),
    }


def _transformer_sizes(shapes: Shapes) -> dict[str, object]:
    """The arguments for OpenAI's vision transformer, which has n² + 1 positions: n² patches and the class token."""
    width, _, _, patch = shape_of(shapes, "visual.conv1.weight", 4, WHAT)
    places, _ = shape_of(shapes, "visual.positional_embedding", 2, WHAT)
    layers = count(shapes, r"visual\.transformer\.resblocks\.\d+\.ln_1\.weight")
    return {"image_resolution": patch * math.isqrt(places), "vision_layers": layers, "vision_width": width, "vision_patch_size": patch}


def _resnet_sizes(shapes: Shapes) -> dict[str, object]:
    """The arguments for a residual image network, as in this project's own CLIP, which has n² + 1 positions: n² and their mean."""
    places, _ = shape_of(shapes, "visual.attnpool.positional_embedding", 2, WHAT)
    width = shape_of(shapes, "visual.layer1.0.conv1.weight", 4, WHAT)[0]
    layers = tuple(count(shapes, rf"visual\.layer{k}\.\d+\.conv1\.weight") for k in (1, 2, 3, 4))
    return {"image_resolution": 32 * math.isqrt(places), "vision_layers": layers, "vision_width": width, "vision_patch_size": None}
