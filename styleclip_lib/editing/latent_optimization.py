"""Latent optimisation: follow CLIP's gradient for one face and one text (Patashnik et al. 2021, section 4)."""

import torch
from tqdm.auto import tqdm

from .. import __version__
from ..errors import StyleclipError
from ..losses import clip_loss, identity_loss, random_views
from ..models import Models
from ..portraits.parsing import parse
from ..schedule import ramped
from .edit import Edit

FINEST_SHAPE = 32
"""Layers of more pixels than this paint; those up to it decide what there is to be painted (lesson 01 measures it)."""

COLORED = frozenset({"skin_tone", "hair_color", "eye_color", "makeup", "background", "clothes"})
"""The attributes that are colours."""


def optimize_latent(models: Models, w_plus: torch.Tensor, text: str, *, steps: int = 50, lr: float = 0.1, lambda_l2: float = 0.003,
                    lambda_id: float = 0.2, enough: float = 0.5, views: int = 2, layers: str = "auto", seed: int = 0,
                    frames: int = 0, progress: bool = True) -> Edit:
    """Changes a face until it fits a text.

    argmin_w  D_CLIP(G(w), t) + λ_L2 ‖w - w_s‖₂² + λ_ID L_ID(w)                         (Patashnik et al. 2021, eq. 1)

    with Adam and the learning rate of `schedule.ramped`, as the authors do. CLIP sees the picture normalised as in its
    training, in several random views a step (views=1 is the paper's way), and is content when the cosine reaches `enough`
    (enough=1 is the paper's way): a picture of which the text is true has a cosine of about 0.3 in the portraits domain, and an
    optimiser that goes on from there only paints out whatever the text does not mention. Ctrl-C returns the best so far.

    w_plus     [1, num_ws, w_dim], the face to start from (w_s)
    text       the target t
    lambda_l2  weight of the squared distance, summed over all of w_plus
    lambda_id  weight of the identity loss
    enough     the cosine of picture and text with which CLIP is content
    layers     which layers may change: "all" (the paper's way), "shape" (those up to 32 pixels; the finer ones decide
               colours, of the background too), or "auto": "shape" unless the text speaks of a colour
    frames     how many pictures of the way to keep, evenly spread, the first being the face itself

    Raises StyleclipError for an empty text, a word that the domain's CLIP does not know, a wrong shape or unknown layers.
    """
    _check(models, w_plus, steps, layers)
    free = _free_layers(models, text, layers)
    rng = torch.Generator().manual_seed(seed)
    source = w_plus.detach().to(models.device)
    with torch.no_grad():
        text_vector = models.clip.encode_text([text])
        before = models.generator.synthesis(source)
        person = models.identity(before)

    w = source.clone().requires_grad_()
    optimizer = torch.optim.Adam([w], lr=lr)
    history: dict[str, list[float]] = {"loss": [], "clip": [], "l2": [], "identity": []}
    best, kept = (float("inf"), source), []
    steps_shown = tqdm(range(steps), desc=text, disable=not progress, leave=False)
    try:
        for step in steps_shown:
            optimizer.param_groups[0]["lr"] = ramped(step + 1, steps + 1, lr)
            image = models.generator.synthesis(w)
            distance = clip_loss(models.clip, random_views(image, views, rng), text_vector)
            terms = {"clip": distance.clamp(min=1 - enough).mean(),
                     "l2": (w - source).square().sum(),
                     "identity": identity_loss(models.identity, image, person).mean()}
            loss = terms["clip"] + lambda_l2 * terms["l2"] + lambda_id * terms["identity"]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            w.grad[:, free:] = 0
            if loss.item() < best[0]:
                best = (loss.item(), w.detach().clone())
            if step * frames // steps > (step - 1) * frames // steps:
                kept.append(image.detach().clamp(-1, 1))
            optimizer.step()
            for name, value in {"loss": loss, **terms}.items():
                history[name].append(value.item())
            steps_shown.set_postfix(loss=f"{loss.item():.3f}")
    except KeyboardInterrupt:
        print(f"Stopped after {len(history['loss'])} of {steps} steps; this is the best so far.")
    steps_shown.close()

    with torch.no_grad():
        image = models.generator.synthesis(best[1])
    recipe = {"domain": models.domain, "method": "optimization", "text": text, "steps": steps, "lr": lr, "lambda_l2": lambda_l2,
              "lambda_id": lambda_id, "enough": enough, "views": views, "layers": layers, "seed": seed, "version": __version__}
    return Edit(best[1], image, history, recipe, kept)


def _free_layers(models: Models, text: str, layers: str) -> int:
    """How many layers, counted from the coarsest, may change."""
    if layers == "all" or (layers == "auto" and speaks_of_color(text)):
        return models.generator.num_ws
    return sum(resolution <= FINEST_SHAPE for resolution in models.generator.layer_resolutions)


def speaks_of_color(text: str) -> bool:
    """Whether a text is about a colour, as far as the vocabulary of the portraits tells; True for words outside of it."""
    said = parse(text)
    return bool(said.unknown) or not COLORED.isdisjoint(said.attributes)


def _check(models: Models, w_plus: torch.Tensor, steps: int, layers: str) -> None:
    if layers not in ("auto", "all", "shape"):
        raise StyleclipError(f"layers must be 'auto', 'all' or 'shape', not {layers!r}.")
    expected = (1, models.generator.num_ws, models.generator.w_dim)
    if tuple(w_plus.shape) != expected:
        raise StyleclipError(f"w_plus must be {list(expected)} for this generator, not {list(w_plus.shape)}; "
                             "models.sample(seed) or invert(...).w_plus give one.")
    if steps < 1:
        raise StyleclipError(f"steps must be at least 1, not {steps}.")
