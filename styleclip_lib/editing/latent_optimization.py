"""Latent optimisation: follow CLIP's gradient for one face and one text (Patashnik et al. 2021, section 4)."""

from collections.abc import Callable
from functools import partial

import torch
from tqdm.auto import tqdm

from .. import __version__
from ..errors import StyleclipError
from ..models import Models
from ..networks.clip import WordTokenizer
from ..portraits.parsing import COLORED, parse
from ..schedule import ramped
from .companions import Companions
from .edit import Edit
from .goal import Goal, seen_resolution
from .move_space import SPACES, MoveSpace, move_space
from .style_edit import StyleEdit

FINEST_SHAPE = 32
"""Layers of more pixels than this paint; those up to it decide what there is to be painted (lesson 01 measures it)."""

ALREADY = 0.14
"""The cosine of a face with a text that is true of it, in the eyes of the CLIP of the portraits."""

ROUNDS = 3
"""How many rounds a search in the domain of portraits takes at most, each with weaker brakes than the one before."""

RELEASE = 0.5
"""How strong the brakes of a round are, as a share of those of the round before."""

DOUBT = 0.1
"""How far above `already` the cosine has to be of a picture that was made to please CLIP, before the search ends."""

USUAL = {"w": (0.1, 0.0005), "w+": (0.2, 0.0002), "styles": (0.2, 0.0002)}
"""lr and lambda_l2 for each space, in whose units they are."""


def optimize_latent(models: Models, w_plus: torch.Tensor, text: str, *, steps: int = 100, lr: float | None = None,
                    lambda_l2: float | None = None, lambda_id: float = 0.1, lambda_side: float = 0.15, already: float | None = None,
                    enough: float = 0.3, companions: int = 0, rounds: int | None = None, views: int = 2, layers: str = "all",
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
               much as what it says of the face itself. What is a flaw of CLIP's at one face is none at the next, so that less changes
               besides. Each costs about as much time as the face; 0 is the paper's way
    rounds     1 is the paper's way: so many `steps`, and that is all. With more, the search goes on where the text is not surely true
               (`DOUBT` above `already`), with weaker brakes (all lambdas times `RELEASE`) and towards what is least true of all that the
               text says, up to so many times `steps`; and if it took more than one, half as many steps follow with the brakes of the
               beginning: they take back what the text did not need, and are undone if it is not true any more; None: 3 for the CLIP of
               the portraits, 1 for OpenAI's
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
    _check(models, w_plus, steps, rounds, companions, layers, space)
    w_plus = w_plus.detach().to(models.device)
    lr, lambda_l2 = (given if given is not None else usual for given, usual in zip((lr, lambda_l2), USUAL[space]))
    rgb = space == "styles" and (parse(text).speaks_of_color if rgb is None else rgb)
    stop_at = seen_resolution(models) if stop_at is None else stop_at
    of_portraits = isinstance(models.clip.tokenizer, WordTokenizer)
    already = (ALREADY if of_portraits else 1.0) if already is None else already
    rounds = (ROUNDS if of_portraits else 1) if rounds is None else rounds

    at = move_space(models, w_plus, space, _free_layers(models, layers_for(text) if layers == "auto" else layers), rgb)
    goal = Goal.of_text(models, text, enough)
    search = _Search(at, goal, stop_at, views, torch.Generator().manual_seed(seed))
    if companions and search.truth() < already:
        search.accompany(Companions(models, goal, at, space, stop_at, seed), companions)
    brakes = {"l2": lambda_l2, "identity": lambda_id, "side": lambda_side}

    def walk(how_far: int, strength: float, name: str) -> bool:
        shown = tqdm(range(how_far), desc=f"{text}{name}", disable=not progress, leave=False)
        return search.ended_by(on_step, shown, lr, {term: weight * strength for term, weight in brakes.items()})

    try:
        _there_and_back(search, walk, steps, rounds, already)
    except KeyboardInterrupt:
        print(f"Stopped after {len(search.history['loss'])} steps; this is the best so far.")

    with torch.no_grad():
        found = at.moved(search.found)
        image = at.draw(found)
        drawn = [at.draw(at.moved(offset)).clamp(-1, 1) for offset in search.some_of_the_way(frames)]
    recipe = {"domain": models.domain, "method": "optimization", "text": text, "steps": steps, "lr": lr, "lambda_l2": lambda_l2,
              "lambda_id": lambda_id, "lambda_side": lambda_side, "already": already, "enough": enough,
              "companions": companions, "rounds": rounds, "views": views, "layers": layers, "space": space, "rgb": rgb,
              "stop_at": stop_at, "seed": seed, "version": __version__}
    if space == "styles":
        styles, rgb_styles = models.generator.split_styles(found)
        return StyleEdit(w_plus, image, search.history, recipe, drawn, styles=styles, rgb_styles=rgb_styles)
    return Edit(found, image, search.history, recipe, drawn)


def _there_and_back(search: "_Search", walk: Callable[[int, float, str], bool], steps: int, rounds: int, already: float) -> None:
    """Rounds with ever weaker brakes until one makes the text surely true. After several, half a round with the brakes of the beginning.

    walk  steps, strength of the brakes, name -> whether on_step ended it
    """
    if search.truth() >= already:
        return
    for number in range(rounds):
        if walk(steps, RELEASE**number, f", round {number + 1}" if number else ""):
            return
        truth = search.truth()
        if truth >= already + DOUBT:
            break
    if number and truth >= already:
        _settle(search, partial(walk, (steps + 1) // 2, 1.0, ", settling"), already)


def _settle(search: "_Search", walk: Callable[[], bool], already: float) -> None:
    """A walk that is undone if the text is not true afterwards, or if it is ended."""
    arrived, steps = search.found, len(search.way)
    kept = False
    try:
        kept = not walk() and search.truth() >= already
    finally:
        if not kept:
            search.found, search.way = arrived, search.way[:steps]


class _Search:
    """A walk from one face towards a text; what it found survives Ctrl-C.

    found    the best offset of the round that is on;  way: the offset of each step
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

    def _asked(self, offset: torch.Tensor, image: torch.Tensor, apart: bool) -> dict[str, torch.Tensor]:
        """The goal's terms; with companions, "clip" and "side" are the means of the face's and the companions'."""
        own = self.goal.terms(image, self.before, self.views, self.rng, apart)
        if not self.count:
            return own
        return own | {name: (own[name] + others) / 2 for name, others in self.companions.terms(offset, self.count, apart).items()}

    def truth(self) -> float:
        """How true the text is of what was found."""
        with torch.no_grad():
            return self.goal.truth(self._picture(self.found))

    def ended_by(self, on_step: Callable | None, steps: tqdm, lr: float, weights: dict[str, float]) -> bool:
        """One round, from what was found so far; whether on_step ended it.

        The first round asks for the text as it stands. A later one exists because something is missing, and asks for what is least true.
        """
        apart = bool(self.way)
        offset = self.found.clone().requires_grad_()
        optimizer = torch.optim.Adam([offset], lr=lr)
        lowest = float("inf")
        with steps:
            for step in steps:
                optimizer.param_groups[0]["lr"] = ramped(step + 1, steps.total + 1, lr)
                image = self._picture(offset)
                terms = {**self._asked(offset, image, apart), "l2": offset.square().sum()}
                loss = terms["clip"] + sum(weight * terms[name] for name, weight in weights.items())
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                if loss.item() < lowest:
                    lowest, self.found = loss.item(), offset.detach().clone()
                self.way.append(offset.detach().clone())
                for name, value in {"loss": loss, **terms}.items():
                    self.history[name].append(value.item())
                if on_step is not None and on_step(len(self.history["loss"]) - 1, image.detach()):
                    return True
                optimizer.step()
                steps.set_postfix(loss=f"{loss.item():.3f}")
        return False

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


def _check(models: Models, w_plus: torch.Tensor, steps: int, rounds: int | None, companions: int, layers: str,
           space: str) -> None:
    if space not in SPACES:
        raise StyleclipError(f"space must be {', '.join(map(repr, SPACES[:-1]))} or {SPACES[-1]!r}, not {space!r}.")
    if layers not in ("auto", "all", "shape", "color"):
        raise StyleclipError(f"layers must be 'auto', 'all', 'shape' or 'color', not {layers!r}.")
    expected = (1, models.generator.num_ws, models.generator.w_dim)
    if tuple(w_plus.shape) != expected:
        raise StyleclipError(f"w_plus must be {list(expected)} for this generator, not {list(w_plus.shape)}; "
                             "models.sample(seed) or invert(...).w_plus give one.")
    if min(steps, steps if rounds is None else rounds) < 1:
        raise StyleclipError(f"steps and rounds must be at least 1, not {steps} and {rounds}.")
    if companions < 0:
        raise StyleclipError(f"companions must be 0 or more, not {companions}.")
