"""Latent optimisation: follow CLIP's gradient for one face and one text (Patashnik et al. 2021, section 4)."""

from collections.abc import Callable

import torch
from tqdm.auto import tqdm

from .. import __version__
from ..errors import StyleclipError
from ..models import Models
from ..networks.clip import WordTokenizer
from ..portraits.parsing import parse
from ..schedule import ramped
from .edit import Edit
from .goal import Goal, seen_resolution
from .move_space import SPACES, move_space, split_styles
from .style_edit import StyleEdit

FINEST_SHAPE = 32
"""Layers of more pixels than this paint; those up to it decide what there is to be painted (lesson 01 measures it)."""

ALREADY = 0.14
"""The cosine of a face with a text that is true of it, in the eyes of the CLIP of the portraits."""

USUAL = {"w": (0.1, 0.0005), "w+": (0.2, 0.0002), "styles": (0.2, 0.0002)}
"""lr and lambda_l2 for each space, in whose units they are."""

COLORED = frozenset({"skin_tone", "hair_color", "eye_color", "makeup", "background", "clothes"})
"""The attributes that are colours."""


def optimize_latent(models: Models, w_plus: torch.Tensor, text: str, *, steps: int = 100, lr: float | None = None,
                    lambda_l2: float | None = None, lambda_id: float = 0.1, lambda_side: float = 0.15, already: float | None = None,
                    enough: float = 0.35, views: int = 2, layers: str = "all", space: str = "styles",
                    rgb: bool | None = None, stop_at: int | None = None, seed: int = 0, frames: int = 0,
                    on_step: Callable[[int, torch.Tensor], bool | None] | None = None, progress: bool = True) -> Edit:
    """Changes a face until it fits a text.

    argmin_w  D_CLIP(G(w), t) + λ_L2 ‖w - w_s‖₂² + λ_ID L_ID(w) + λ_side L_side(w)      (Patashnik et al. 2021, eq. 1, and L_side)

    with Adam and the learning rate of `schedule.ramped`, as the authors do. CLIP sees the picture normalised as in its
    training, in several random views a step (views=1 is the paper's way), and is content when the cosine reaches `enough`
    (enough=1 is the paper's way): a picture of which the text is true has a cosine of about 0.2 in the portraits domain, and an
    optimiser that goes on from there only paints out whatever the text does not mention. L_side (`losses.side_loss`, λ_side = 0 is
    the paper's way) minds what CLIP sees change besides. Ctrl-C returns the best so far.

    w_plus     [1, num_ws, w_dim], the face to start from (w_s)
    text       the target t
    lr         of Adam at its height; None: 0.1 in "w", 0.2 in the other spaces
    lambda_l2  weight of the squared offset, summed over all its numbers; None: 0.0005 in "w", 0.0002 in the other spaces
    lambda_id  weight of the identity loss
    lambda_side  weight of what changes besides, in CLIP's eyes
    already    the cosine from which on the text counts as true of the face from the start, and the face comes back as it is
               (1 is the paper's way); None: 0.14 for the CLIP of the portraits, and 1 for OpenAI's, which gives 0.2 to anything
    enough     the cosine of picture and text with which CLIP is content
    layers     which layers may change: "all" (the paper's way), "shape" (those up to 32 pixels; the finer ones decide colours, of the
               background too, and fine lines), "color" (those from 32 pixels on), or "auto": what the text speaks of (`layers_for`)
    space      what moves (`move_space`): "styles", the numbers by which each layer scales its channels, so that a StyleEdit comes back;
               "w+", a latent for each layer, as in most of the paper; or "w", one offset for all layers. A channel mostly does one thing,
               a step in w+ moves all of them; `styleclip evaluate --methods optimization optimization-w optimization-w+` compares
    rgb        whether the styles of the toRGB layers move too, in the space "styles"; None: if the text speaks of a colour. The authors
               leave them out: with them an optimiser paints
    stop_at    the resolution at which CLIP and the identity network are shown the face: the sum of toRGB outputs up to it. None takes 256
               where the generator draws larger pictures (`goal.seen_resolution`): neither network sees more, and a step is several times
               faster. What comes back is always drawn in full
    frames     how many pictures of the way to keep, evenly spread, the first being the face itself
    on_step    called in each step with its number and the picture that CLIP is shown, [1, 3, r, r]; if it returns True, the best so far
               comes back

    Raises StyleclipError for an empty text, a word that the domain's CLIP does not know, a wrong shape, unknown layers or space,
    or a stop_at that the generator does not have.
    """
    _check(models, w_plus, steps, layers, space)
    w_plus = w_plus.detach().to(models.device)
    lr, lambda_l2 = (given if given is not None else usual for given, usual in zip((lr, lambda_l2), USUAL[space]))
    rgb = space == "styles" and (speaks_of_color(text) if rgb is None else rgb)
    at = move_space(models, w_plus, space, _free_layers(models, layers_for(text) if layers == "auto" else layers), rgb)
    goal, rng = Goal.of_text(models, text, enough), torch.Generator().manual_seed(seed)
    stop_at = seen_resolution(models) if stop_at is None else stop_at
    with torch.no_grad():
        before = goal.faces(at.draw(at.moved(at.zero), stop_at=stop_at))
    if already is None:
        already = ALREADY if isinstance(models.clip.tokenizer, WordTokenizer) else 1.0
    todo = 0 if float((before.seen * goal.text_vector).sum()) >= already else steps

    offset = at.zero.clone().requires_grad_()
    optimizer = torch.optim.Adam([offset], lr=lr)
    history: dict[str, list[float]] = {"loss": [], "clip": [], "l2": [], "identity": [], "side": []}
    best, kept = (float("inf"), at.zero), []
    steps_shown = tqdm(range(todo), desc=text, disable=not progress, leave=False)
    try:
        for step in steps_shown:
            optimizer.param_groups[0]["lr"] = ramped(step + 1, steps + 1, lr)
            image = at.draw(at.moved(offset), stop_at=stop_at)
            terms = {**goal.terms(image, before, views, rng), "l2": offset.square().sum()}
            loss = terms["clip"] + lambda_l2 * terms["l2"] + lambda_id * terms["identity"] + lambda_side * terms["side"]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if loss.item() < best[0]:
                best = (loss.item(), offset.detach().clone())
            if step * frames // steps > (step - 1) * frames // steps:
                kept.append(offset.detach().clone())
            for name, value in {"loss": loss, **terms}.items():
                history[name].append(value.item())
            if on_step is not None and on_step(step, image.detach()):
                break
            optimizer.step()
            steps_shown.set_postfix(loss=f"{loss.item():.3f}")
    except KeyboardInterrupt:
        print(f"Stopped after {len(history['loss'])} of {steps} steps; this is the best so far.")
    steps_shown.close()

    with torch.no_grad():
        found = at.moved(best[1])
        image = at.draw(found)
        drawn = [at.draw(at.moved(way)).clamp(-1, 1) for way in kept]
    recipe = {"domain": models.domain, "method": "optimization", "text": text, "steps": steps, "lr": lr, "lambda_l2": lambda_l2,
              "lambda_id": lambda_id, "lambda_side": lambda_side, "already": already, "enough": enough, "views": views,
              "layers": layers, "space": space, "rgb": rgb, "stop_at": stop_at, "seed": seed, "version": __version__}
    if space == "styles":
        styles, rgb_styles = split_styles(models.generator, found)
        return StyleEdit(w_plus, image, history, recipe, drawn, styles=styles, rgb_styles=rgb_styles)
    return Edit(found, image, history, recipe, drawn)


def speaks_of_color(text: str) -> bool:
    """Whether a text says of what colour something is, in words of the vocabulary of the portraits."""
    return not COLORED.isdisjoint(parse(text).attributes)


def layers_for(text: str) -> str:
    """Which layers a text needs: "shape", "color", or "all" for both and for words outside the vocabulary of the portraits."""
    said = parse(text)
    if said.unknown or not said.attributes:
        return "all"
    if not speaks_of_color(text):
        return "shape"
    return "color" if COLORED.issuperset(said.attributes) else "all"


def _free_layers(models: Models, layers: str) -> torch.Tensor:
    """1 for each layer that may change, 0 for the others. -> [num_ws]"""
    resolutions = torch.tensor(models.generator.layer_resolutions, device=models.device)
    if layers == "shape":
        return (resolutions <= FINEST_SHAPE).float()
    return (resolutions >= (FINEST_SHAPE if layers == "color" else 0)).float()


def _check(models: Models, w_plus: torch.Tensor, steps: int, layers: str, space: str) -> None:
    if space not in SPACES:
        raise StyleclipError(f"space must be {', '.join(map(repr, SPACES[:-1]))} or {SPACES[-1]!r}, not {space!r}.")
    if layers not in ("auto", "all", "shape", "color"):
        raise StyleclipError(f"layers must be 'auto', 'all', 'shape' or 'color', not {layers!r}.")
    expected = (1, models.generator.num_ws, models.generator.w_dim)
    if tuple(w_plus.shape) != expected:
        raise StyleclipError(f"w_plus must be {list(expected)} for this generator, not {list(w_plus.shape)}; "
                             "models.sample(seed) or invert(...).w_plus give one.")
    if steps < 1:
        raise StyleclipError(f"steps must be at least 1, not {steps}.")
