"""From which cosine on is a text true of a face before any edit? What `early_exit` in a domain's calibration is chosen by.

    python tools/measure_early_exit.py [portraits | FOLDER]

Every text of `styleclip evaluate` is compared with rendered portraits, of which it is known what is true, and with invented faces, of which
the attributes network reads it. A row for each measure: the cosine of `Prompt.cosine`, and the CLIP z-score against the reference set, of
the whole text and of its part that fits least. Area under the ROC curve; then, at the threshold of the best F1 and at the domain's
`early_exit`: which share of the true cases is found, how many of the false ones, and how many of those found are true.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor

from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.evaluation.questions import questions_for_tuning
from styleclip_lib.models import Models, load_models
from styleclip_lib.portraits.language.attribute_values import COLUMN, values_true
from styleclip_lib.training.worlds import world_of_domain

FACES = 160
SEED = 777
"""Of the rendered portraits. The invented faces have seeds from 20,000 on."""

MEASURES = ("cosine", "z-score, whole text", "z-score, least part")


def measures(models: Models, embedding: Tensor, prompt: Prompt) -> Tensor:
    """embedding [N, D] -> [len(MEASURES), N]"""
    vectors = torch.cat([prompt.vector, *(part.vector for part in prompt.parts)])
    cosines, usual = embedding @ vectors.T, models.reference_faces().embedding @ vectors.T
    z = (cosines - usual.mean(0)) / usual.std(0)
    return torch.stack([cosines.min(1).values, z[:, 0], z.min(1).values])


def rendered(models: Models) -> tuple[Tensor, list[Tensor]]:
    """Pictures of portraits, and for each question of which of them its text is true."""
    world = world_of_domain(models.folder)
    factors = world.from_uniform(torch.rand(FACES, len(world.factor_names), generator=torch.Generator().manual_seed(SEED)))
    pictures = torch.cat([world.render(factors[i], models.generator.img_resolution) for i in range(FACES)])
    known = values_true(factors)
    prompts = [Prompt.of(models, question.text) for question in questions_for_tuning()]
    return pictures, [known[:, [COLUMN[one] for one in prompt.attribute_values]].all(1) for prompt in prompts]


def invented(models: Models) -> tuple[Tensor, list[Tensor]]:
    """Faces that the generator draws, untruncated, and for each question of which of them its text is read as true."""
    pictures = torch.cat([models.generator.synthesis(models.sample(20_000 + i, 1.0)).clamp(-1, 1) for i in range(FACES)])
    readings = [reading for some in pictures.split(16) for reading in models.attributes.read(some)]
    wanted = [Prompt.of(models, question.text).attribute_values for question in questions_for_tuning()]
    return pictures, [torch.tensor([all(reading.has(*one) for one in each) for reading in readings]) for each in wanted]


def told(score: Tensor, true: Tensor, threshold: float) -> str:
    """At a threshold: recall, false positive rate, precision."""
    above = score >= threshold
    found = (above & true).sum()
    return (f"{threshold:6.3f}: {found / true.sum():.3f} of the true, {(above & ~true).sum() / (~true).sum():.4f} of the false, "
            f"{found / above.sum().clamp(min=1):.3f} right")


def area(score: Tensor, true: Tensor) -> float:
    """Area under the ROC curve: how often a true case scores higher than a false one."""
    ranks = score.argsort().argsort().double()
    return float((ranks[true].mean() - (true.sum() - 1) / 2) / (~true).sum())


def best(score: Tensor, true: Tensor) -> float:
    """The threshold with the highest F1."""
    tried = score.quantile(torch.linspace(0.5, 0.999, 200))
    hits = torch.stack([((score >= one) & true).sum() / ((score >= one).sum() + true.sum()) for one in tried])
    return float(tried[hits.argmax()])


@torch.no_grad()
def main(domain: str = "portraits") -> None:
    models = load_models(domain)
    for name, (pictures, truths) in {"renders": rendered(models), "invented faces": invented(models)}.items():
        embedding = torch.cat([models.clip.encode_image(some) for some in pictures.split(16)])
        scores = torch.cat([measures(models, embedding, Prompt.of(models, question.text)) for question in questions_for_tuning()], dim=1)
        true = torch.cat(truths)
        print(f"{name}: {len(true)} cases, {true.float().mean():.3f} of them true")
        for measure, score in zip(MEASURES, scores):
            print(f"  {measure:20} area {area(score, true):.4f}   best at {told(score, true, best(score, true))}")
        print(f"  {'early_exit':20}               {told(scores[0], true, models.calibration.early_exit)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
