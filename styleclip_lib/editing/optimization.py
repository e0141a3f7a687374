"""Latent optimisation: follow CLIP's gradient for one face and one text (Patashnik et al. 2021, section 4)."""

from collections.abc import Callable

import torch
from tqdm.auto import tqdm

from .. import __version__
from ..errors import StyleclipError
from ..models import Models
from ..networks.clip import WordTokenizer
from ..portraits.language.parsing import COLORED, parse
from ..schedule import ramped
from .companions import Companions
from .move_space import SPACES, MoveSpace, move_space
from .objective import Goal, seen_resolution
from .result import Edit
from .style_edit import StyleEdit

FINEST_SHAPE = 32
"""Layers of more pixels than this paint; those up to it decide what there is to be painted (lesson 01 measures it)."""

ALREADY = 0.14
"""The cosine of a face with a text that is true of it, in the eyes of the CLIP of the portraits."""

COMPANIONS = 2
"""How many other faces an offset is tried on in each step, in the domain of portraits."""

USUAL = {"w": (0.1, 0.0005), "w+": (0.2, 0.0002), "styles": (0.2, 0.0002)}
"""lr and lambda_l2 for each space, in whose units they are."""


def optimize_latent(models: Models, w_plus: torch.Tensor, text: str, *, steps: int = 100, lr: float | None = None,
                    lambda_l2: float | None = None, lambda_id: float = 0.1, lambda_side: float = 0.15, already: float | None = None,
                    enough: float = 0.3, companions: int | None = None, views: int = 2, layers: str = "all",
                    space: str = "styles", rgb: bool | None = None, stop_at: int | None = None, seed: int = 0, frames: int = 0,
                    on_step: Callable[[int, torch.Tensor], bool | None] | None = None, progress: bool = True) -> Edit:
    """Changes a face until it fits a text.

    argmin_w  D_CLIP(G(w), t) + λ_L2 ‖w - w_s‖₂² + λ_ID L_ID(w) + λ_side L_side(w)      (Patashnik et al. 2021, eq. 1, and L_side)

    with Adam and the learning rate of `schedule.ramped`, as the authors do. CLIP sees the picture normalised as in its
    training, in several random views a step (views=1 is the paper's way), and is content when the cosine reaches `enough`
    (enough=1 is the paper's way): a picture of which the text is true mostly has one of 0.1 to 0.26 in the portraits domain, and an
    optimiser that goes on from there only paints out whatever the text does not mention. L_side (`losses.side_loss`, λ_side = 0 is
    the paper's way) minds what CLIP sees change besides. Ctrl-C returns the best so far.

    w_plus     [1, num_ws, w_dim], the face to start from (w_s)
    text       the target t
    lr         of Adam at its height; None: 0.1 in "w", 0.2 in the other spaces
    lambda_l2  weight of the squared offset, summed over all its numbers; None: 0.0005 in "w", 0.0002 in the other spaces
    lambda_id  weight of the identity loss
    lambda_side  weight of what changes besides, in CLIP's eyes
    already    the cosine from which on the text counts as true of a picture, and all that it says (`Goal.truth`): a face of which it is
               true from the start comes back as it is (1 is the paper's way); None: 0.14 for the CLIP of the portraits, and 1 for
               OpenAI's, which gives 0.2 to anything
    enough     the cosine of picture and text with which CLIP is content
    companions on how many invented faces, others in each step, the same offset is tried (`Companions`): what CLIP says of them counts as
               much as what it says of the face itself. What is a flaw of CLIP's at one face is none at the next, so an edit does more of
               what the text says and less besides. Two make a step two to three times as long. 0 is the paper's way; None: 2 for the CLIP
               of the portraits, 0 for OpenAI's, with which nothing was measured
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
    _check(models, w_plus, steps, companions, layers, space)
    w_plus = w_plus.detach().to(models.device)
    lr, lambda_l2 = (given if given is not None else usual for given, usual in zip((lr, lambda_l2), USUAL[space]))
    rgb = space == "styles" and (parse(text).speaks_of_color if rgb is None else rgb)
    stop_at = seen_resolution(models) if stop_at is None else stop_at
    of_portraits = isinstance(models.clip.tokenizer, WordTokenizer)
    already = (ALREADY if of_portraits else 1.0) if already is None else already
    companions = (COMPANIONS if of_portraits else 0) if companions is None else companions

    at = move_space(models, w_plus, space, _free_layers(models, layers_for(text) if layers == "auto" else layers), rgb)
    goal = Goal.of_text(models, text, enough)
    search = _Search(at, goal, stop_at, views, torch.Generator().manual_seed(seed))
    weights = {"l2": lambda_l2, "identity": lambda_id, "side": lambda_side}
    try:
        if search.truth() < already:
            if companions:
                search.accompany(Companions(models, goal, at, space, stop_at, seed), companions)
            search.walk(tqdm(range(steps), desc=text, disable=not progress, leave=False), lr, weights, on_step)
    except KeyboardInterrupt:
        print(f"Stopped after {len(search.history['loss'])} steps; this is the best so far.")

    with torch.no_grad():
        found = at.moved(search.found)
        image = at.draw(found)
        drawn = [at.draw(at.moved(offset)).clamp(-1, 1) for offset in search.some_of_the_way(frames)]
    recipe = {"domain": models.domain, "method": "optimization", "text": text, "steps": steps, "lr": lr, "lambda_l2": lambda_l2,
              "lambda_id": lambda_id, "lambda_side": lambda_side, "already": already, "enough": enough,
              "companions": companions, "views": views, "layers": layers, "space": space, "rgb": rgb,
              "stop_at": stop_at, "seed": seed, "version": __version__}
    if space == "styles":
        styles, rgb_styles = models.generator.split_styles(found)
        return StyleEdit(w_plus, image, search.history, recipe, drawn, styles=styles, rgb_styles=rgb_styles)
    return Edit(found, image, search.history, recipe, drawn)


class _Search:
    """A walk from one face towards a text; what it found survives Ctrl-C.

    found    the best offset so far;  way: the offset of each step
    history  "loss", "clip", "l2", "identity", "side": a number for each step
    """

    def __init__(self, at: MoveSpace, goal: Goal, stop_at: int, views: int, rng: torch.Generator):
        self.at, self.goal, self.stop_at, self.views, self.rng = at, goal, stop_at, views, rng
        self.found, self.way, self.count = at.zero, [], 0
        self.history: dict[str, list[float]] = {"loss": [], "clip": [], "l2": [], "identity": [], "side": []}
        with torch.no_grad():
            self.before = goal.faces(self._picture(at.zero))

    def _picture(self, offset: torch.Tensor) -> torch.Tensor:
        return self.at.draw(self.at.moved(offset), stop_at=self.stop_at)

    def accompany(self, companions: Companions, count: int) -> None:
        """From now on each step is tried on `count` other faces, too."""
        self.companions, self.count = companions, count

    def _asked(self, offset: torch.Tensor, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """The goal's terms; with companions, "clip" and "side" are the means of the face's and the companions'."""
        own = self.goal.terms(image, self.before, self.views, self.rng)
        if not self.count:
            return own
        return own | {name: (own[name] + others) / 2 for name, others in self.companions.terms(offset, self.count).items()}

    def truth(self) -> float:
        """How true the text is of what was found."""
        with torch.no_grad():
            return self.goal.truth(self._picture(self.found))

    def walk(self, steps: tqdm, lr: float, weights: dict[str, float], on_step: Callable | None) -> None:
        """So many steps of Adam, or until on_step returns True."""
        offset = self.found.clone().requires_grad_()
        optimizer = torch.optim.Adam([offset], lr=lr)
        lowest = float("inf")
        with steps:
            for step in steps:
                optimizer.param_groups[0]["lr"] = ramped(step + 1, steps.total + 1, lr)
                image = self._picture(offset)
                terms = {**self._asked(offset, image), "l2": offset.square().sum()}
                loss = terms["clip"] + sum(weight * terms[name] for name, weight in weights.items())
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                if loss.item() < lowest:
                    lowest, self.found = loss.item(), offset.detach().clone()
                self.way.append(offset.detach().clone())
                for name, value in {"loss": loss, **terms}.items():
                    self.history[name].append(value.item())
                if on_step is not None and on_step(step, image.detach()):
                    return
                optimizer.step()
                steps.set_postfix(loss=f"{loss.item():.3f}")

    def some_of_the_way(self, count: int) -> list[torch.Tensor]:
        """`count` offsets, evenly spread, the first being the beginning; all if there are no more."""
        return [self.way[i * len(self.way) // count] for i in range(count)] if count < len(self.way) else self.way


def layers_for(text: str) -> str:
    """Which layers a text needs: "shape", "color", or "all" for both and for words outside the vocabulary of the portraits."""
    said = parse(text)
    if said.unknown or not said.attributes:
        return "all"
    if not said.speaks_of_color:
        return "shape"
    return "color" if COLORED.issuperset(said.attributes) else "all"


def _free_layers(models: Models, layers: str) -> torch.Tensor:
    """1 for each layer that may change, 0 for the others. -> [num_ws]"""
    resolutions = torch.tensor(models.generator.layer_resolutions, device=models.device)
    if layers == "shape":
        return (resolutions <= FINEST_SHAPE).float()
    return (resolutions >= (FINEST_SHAPE if layers == "color" else 0)).float()


def _check(models: Models, w_plus: torch.Tensor, steps: int, companions: int | None, layers: str, space: str) -> None:
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
    if companions is not None and companions < 0:
        raise StyleclipError(f"companions must be 0 or more, not {companions}.")
