"""OpenAI's CLIP archives (`ViT-B-32.pt` and its like) -> Clip. Read is the flat state dict of the archive."""

import math

from ...errors import StyleclipError
from ...networks.clip import CLIP, Clip, PieceTokenizer, WordTokenizer
from ..tensor_file import Shapes
from .filled import StateDict, compared, count, filled, shape_of, unfilled

WHAT = "a CLIP of OpenAI's design"
BESIDE = ("input_resolution", "context_length", "vocab_size")
"""Numbers that stand beside the weights in the archive; the shapes tell them too."""

LONGEST_CONTEXT = 1024
"""Tokens of a text. CLIP keeps a table of so many times so many numbers; OpenAI's has 77."""


def clip_from_openai(state: StateDict) -> Clip:
    """CLIP in float32, frozen, in evaluation mode, with OpenAI's tokenizer.

    Raises StyleclipError where a tensor is missing, unknown, or has another shape.
    """
    state = {key: value for key, value in state.items() if key not in BESIDE}
    sizes = _sizes({key: value.shape for key, value in state.items()})
    model = filled(lambda: CLIP(**sizes), state, WHAT)
    for block in model.transformer.resblocks:
        block.attn_mask = model.build_attention_mask()      # neither weight nor buffer: it was made without memory
    return Clip(model, PieceTokenizer(model.context_length)).eval().requires_grad_(False)


def check_clip(shapes: Shapes, tokenizer: WordTokenizer) -> None:
    """Raises StyleclipError where tensors of these shapes are not a CLIP's, or one that reads other texts than the tokenizer writes."""
    sizes = _sizes(shapes)
    compared(shapes, unfilled(lambda: CLIP(**sizes), WHAT), WHAT)
    if (sizes["context_length"], sizes["vocab_size"]) != (tokenizer.context_length, tokenizer.vocab_size):
        raise StyleclipError(f"This CLIP reads {sizes['vocab_size']} words, {sizes['context_length']} at once, and domain.json speaks of "
                             f"{tokenizer.vocab_size} and {tokenizer.context_length}; fetch both again.")


def _sizes(shapes: Shapes) -> dict[str, int]:
    """What `CLIP` is built with. Heads have 64 numbers each."""
    transformer = "visual.positional_embedding" in shapes or "visual.proj" in shapes
    vision = _transformer_sizes(shapes) if transformer else _resnet_sizes(shapes)
    context_length, text_width = shape_of(shapes, "positional_embedding", 2, WHAT)
    if context_length > LONGEST_CONTEXT:
        raise StyleclipError(f"This CLIP reads {context_length} tokens at once, and {LONGEST_CONTEXT} are the most here; "
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
    """Of the part that sees: OpenAI's vision transformer. n² patches and the class make n² + 1 places."""
    width, _, _, patch = shape_of(shapes, "visual.conv1.weight", 4, WHAT)
    places, _ = shape_of(shapes, "visual.positional_embedding", 2, WHAT)
    layers = count(shapes, r"visual\.transformer\.resblocks\.\d+\.ln_1\.weight")
    return {"image_resolution": patch * math.isqrt(places), "vision_layers": layers, "vision_width": width, "vision_patch_size": patch}


def _resnet_sizes(shapes: Shapes) -> dict[str, object]:
    """Of the part that sees: a residual network, as this project's own CLIP has it. It ends in n² places and their mean."""
    places, _ = shape_of(shapes, "visual.attnpool.positional_embedding", 2, WHAT)
    width = shape_of(shapes, "visual.layer1.0.conv1.weight", 4, WHAT)[0]
    layers = tuple(count(shapes, rf"visual\.layer{k}\.\d+\.conv1\.weight") for k in (1, 2, 3, 4))
    return {"image_resolution": 32 * math.isqrt(places), "vision_layers": layers, "vision_width": width, "vision_patch_size": None}
