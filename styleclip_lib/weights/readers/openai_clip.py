"""OpenAI's CLIP archives (`ViT-B-32.pt` and its like) -> Clip. Read is the flat state dict of the archive."""

import math

from ...networks.clip import CLIP, Clip, PieceTokenizer
from .filled import StateDict, count, filled, shape_of

WHAT = "a CLIP of OpenAI with a vision transformer"
BESIDE = ("input_resolution", "context_length", "vocab_size")
"""Numbers that stand beside the weights in the archive; the shapes tell them too."""


def clip_from_openai(state: StateDict) -> Clip:
    """CLIP in float32, frozen, in evaluation mode, with OpenAI's tokenizer.

    Raises StyleclipError where a tensor is missing, unknown, or has another shape.
    """
    state = {key: value for key, value in state.items() if key not in BESIDE}
    sizes = _sizes(state)
    model = filled(lambda: CLIP(**sizes), state, WHAT)
    for block in model.transformer.resblocks:
        block.attn_mask = model.build_attention_mask()      # neither weight nor buffer: it was made without memory
    return Clip(model, PieceTokenizer(model.context_length)).eval().requires_grad_(False)


def _sizes(state: StateDict) -> dict[str, int]:
    """What `CLIP` is built with. Heads have 64 numbers each; n² patches and the class make n² + 1 places."""
    vision_width, _, _, patch = shape_of(state, "visual.conv1.weight", 4, WHAT)
    places, _ = shape_of(state, "visual.positional_embedding", 2, WHAT)
    context_length, text_width = shape_of(state, "positional_embedding", 2, WHAT)
    return {
        "embed_dim": shape_of(state, "text_projection", 2, WHAT)[1],
        "image_resolution": patch * math.isqrt(places),
        "vision_layers": count(state, r"visual\.transformer\.resblocks\.\d+\.ln_1\.weight"),
        "vision_width": vision_width,
        "vision_patch_size": patch,
        "context_length": context_length,
        "vocab_size": shape_of(state, "token_embedding.weight", 2, WHAT)[0],
        "transformer_width": text_width,
        "transformer_heads": text_width // 64,
        "transformer_layers": count(state, r"transformer\.resblocks\.\d+\.ln_1\.weight"),
    }
