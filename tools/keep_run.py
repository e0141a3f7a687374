"""Keeps what an unfinished training has learnt in a small file, and takes it up again elsewhere.

    python tools/keep_run.py pack runs/generator copy data/unfinished/generator.safetensors
    python tools/keep_run.py pack runs/generator mapping data/unfinished/mapping.safetensors
    python tools/keep_run.py pack runs/clip small data/unfinished/clip.safetensors
    python tools/keep_run.py unpack data/unfinished/generator.safetensors runs/generator

A file holds the networks of one part of a run in half precision (of the generator the averaged one), and the step. After unpacking,
`styleclip train generator --run runs/generator`, or `train clip`, goes on from that step, with optimisers that begin anew.
"""

import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from styleclip_lib.networks.generator import Generator
from styleclip_lib.paths import written_whole
from styleclip_lib.portraits.language.sentences import sentence_words
from styleclip_lib.training import clip, copying, generator, unfolding
from styleclip_lib.training.worlds import ALIGNED
from styleclip_lib.weights.domain import load_tensors

WORDS = "clip.model.token_embedding.weight"

KEPT = {"copy": ("average",), "mapping": ("mapping",), "small": ("clip", "reader"), "full": ("clip", "reader")}
"""The networks of each part that are kept."""


def pack(run: Path, part: str, file: Path) -> None:
    state = torch.load(run / part / "checkpoint.pt", weights_only=True, map_location="cpu")
    tensors = {_prefix(part, network) + name: value.half().contiguous() for network in KEPT[part] for name, value in state[network].items()
               if not name.endswith("noise_const")}
    words = {"words": " ".join(sorted(sentence_words()))} if WORDS in tensors else {}
    if words and len(tensors[WORDS]) != len(sentence_words()) + 3:
        sys.exit("This CLIP was trained with another vocabulary: pack it with the code that trained it.")
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as temporary:
        save_file(tensors, temporary, {"part": part, "step": str(state["step"]), "seconds": str(round(state["seconds"])), **words})
    print(f"{part}, step {state['step']}: {file}, {file.stat().st_size / 1e6:.1f} MB")


def unpack(file: Path, run: Path) -> None:
    with safe_open(file, "pt") as source:
        facts = source.metadata()
    part = facts.get("part", "copy")
    parts, tensors = _new_parts(part), load_tensors(file)
    if "words" in facts:
        tensors[WORDS] = _by_word(tensors[WORDS], facts["words"].split(), parts["clip"].state_dict()[WORDS.removeprefix("clip.")])
    for network in KEPT[part]:
        prefix = _prefix(part, network)
        state = {name.removeprefix(prefix): value.float() for name, value in tensors.items() if name.startswith(prefix)}
        parts[network].load_state_dict(state, strict=False)
    (run / part).mkdir(parents=True, exist_ok=True)
    with written_whole(run / part / "checkpoint.pt") as temporary:
        torch.save({"step": int(facts["step"]), "seconds": float(facts["seconds"]),
                    **{name: value.state_dict() for name, value in parts.items()}}, temporary)
    print(f"{part}, step {facts['step']}, lies in {run}: the training that is given --run {run} goes on from there.")


def _by_word(vectors: torch.Tensor, words: list[str], fresh: torch.Tensor) -> torch.Tensor:
    """The vectors of a vocabulary for today's, which may have other words: a new word has the vector of a new network. The first row is
    for places without a word, the last two are for a text's start and end."""
    row, now = {word: at for at, word in enumerate(words, 1)}, sorted(sentence_words())
    same = [vectors[row[word]].float() if word in row else fresh[at] for at, word in enumerate(now, 1)]
    return torch.cat([vectors[:1].float(), torch.stack(same), vectors[-2:].float()])


def _prefix(part: str, network: str) -> str:
    return f"{network}." if len(KEPT[part]) > 1 else ""


def _new_parts(part: str) -> dict:
    """What the run of a part saves, as it is in a new run."""
    torch.manual_seed(0)  # the noise maps are those of a new run
    if "clip" in KEPT[part]:
        s = clip.Settings()
        networks = dict(zip(KEPT[part], clip.new_networks(s)))
        if part == "full":
            clip.enlarge(networks["clip"].model, s.image_resolution)
        return networks | clip.optimizers_of(nn.ModuleList(networks.values()), s)
    s = generator.Settings()
    network = Generator(**generator.config_of(s, ALIGNED))
    if part == "copy":
        return {"generator": network, "average": network, **copying.optimizers_of(network, s)}
    return {"mapping": network.mapping, **unfolding.mapping_optimizers(network.mapping, s)}


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "pack" and sys.argv[3] in KEPT:
        pack(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
    elif len(sys.argv) == 4 and sys.argv[1] == "unpack":
        unpack(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(__doc__)
