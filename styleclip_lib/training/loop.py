"""What every training run needs: devices, checkpoints, progress, logs, sample sheets."""

import ctypes
import dataclasses
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.utils.tensorboard import SummaryWriter
from tqdm.auto import tqdm

from ..errors import StyleclipError
from ..images import image_grid
from ..speed import fast
from ..weights.unpickling.torch_file import read_torch, with_numbers


class Run(AbstractContextManager):
    """A training run that can be stopped at any step and resumes where it stopped.

        with Run(folder, model=model, optimizer=optimizer) as run:
            for step in run.steps(1000):
                x = batch(run.generator(seed)).to(run.device)
                with run.autocast():
                    loss = ...
                run.update(loss, optimizer)
                run.log(loss=loss)

    `parts`, everything with a state_dict, are saved every `save_every` steps or `save_minutes`, at the end and on Ctrl-C, and are loaded
    again when a run starts in the same folder. Modules are on `run.device` during the run and on the CPU afterwards.
    settings: what must be the same when a run resumes (see `settings_of`); otherwise StyleclipError is raised.
    With several processes (`torchrun --nproc-per-node 2 -m styleclip_lib train ...`) each draws its own batches, and gradients are
    averaged.
    """

    def __init__(self, folder: Path, save_every: int = 500, save_minutes: float = 5.0, settings: dict | None = None, **parts):
        self.folder, self.save_every, self.save_minutes, self.parts = Path(folder), save_every, save_minutes, parts
        self.settings = settings or {}
        self.accelerator = Accelerator(cpu=not torch.cuda.is_available())
        torch.set_flush_denormal(True)  # numbers below 1e-38 make a CPU ten times slower and change nothing
        _keep_freed_memory()
        self.device = self.accelerator.device
        self._modules = [part for part in parts.values() if isinstance(part, torch.nn.Module)]
        for module in self._modules:
            module.to(self.device)
        self.step, self._seconds_before, self._started = 0, 0.0, time.time()
        self._saved = self._started
        self.folder.mkdir(parents=True, exist_ok=True)
        self.writer = SummaryWriter(str(self.folder / "log")) if self.accelerator.is_main_process else None
        self._bar = None
        self._resume()

    @property
    def _path(self) -> Path:
        return self.folder / "checkpoint.pt"

    def _resume(self):
        if not os.path.exists(self._path):
            return
        state = read_torch(self._path, with_numbers)
        if isinstance(state, dict) and isinstance(state.get("settings"), dict):
            check_settings(self.folder, state["settings"], self.settings)
        try:
            self.step, self._seconds_before = int(state["step"]), float(state.get("seconds", 0.0))
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise StyleclipError(f"'{self._path}' does not belong to this run ({type(error).__name__}): delete it to start again, or "
                                 "give another folder with --run.") from error

    @property
    def seconds(self) -> float:
        """How long the run has taken so far, including the time before interruptions."""
        return self._seconds_before + time.time() - self._started

    def save(self):
        """Writes the checkpoint, completely or not at all."""
        if self.accelerator.is_main_process:
            temporary = self._path.with_suffix(".part")
            states = {name: part.state_dict() for name, part in self.parts.items()}
            torch.save({"step": self.step, "seconds": self.seconds, "settings": self.settings, **states}, temporary)
            os.replace(temporary, self._path)
        self._saved = time.time()

    def steps(self, total: int) -> Iterator[int]:
        """The numbers of the remaining steps, with a progress bar."""
        quiet = not self.accelerator.is_local_main_process
        self._bar = tqdm(total=total, initial=self.step, desc=self.folder.name, disable=quiet, mininterval=2)
        while self.step < total:
            yield self.step
            self.step += 1
            self._bar.update()
            if self.step % self.save_every == 0 or self.step == total or time.time() - self._saved > 60 * self.save_minutes:
                self.save()

    def generator(self, seed: int) -> torch.Generator:
        """The random generator of this step and process, on the CPU."""
        return torch.Generator().manual_seed(seed + 1000 * self.step + self.accelerator.process_index)

    def autocast(self) -> AbstractContextManager:
        """bfloat16 for the networks where it is faster; losses belong outside."""
        return fast(self.device)

    def update(self, loss: torch.Tensor, *optimizers: torch.optim.Optimizer) -> None:
        """One step down the gradient of a loss, averaged over all processes; each optimiser updates its own parameters.

        The gradients are averaged explicitly, so that a loop may call any method of a network; wrapped modules only have `forward`.
        """
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        for optimizer in optimizers:
            self._average_gradients(optimizer)
            optimizer.step()

    def _average_gradients(self, optimizer: torch.optim.Optimizer) -> None:
        if self.accelerator.num_processes == 1:
            return
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = self.accelerator.reduce(parameter.grad, "mean")

    def log(self, every: int = 20, **values):
        """Writes numbers to TensorBoard and next to the progress bar."""
        if self.writer is None or self.step % every:
            return
        values = {name: torch.as_tensor(value).item() for name, value in values.items()}
        for name, value in values.items():
            self.writer.add_scalar(name, value, self.step)
        shown = {"loss": values["loss"]} if len(values) > 4 and "loss" in values else values
        self._bar.set_postfix({name: f"{value:.4g}" for name, value in shown.items()})

    def sheet(self, name: str, images: torch.Tensor, columns: int = 8):
        """Saves a sample sheet of images [N, 3, H, W] in [-1, 1] as NAME-STEP.png."""
        if self.writer is not None:
            image_grid(images, columns=columns).save(self.folder / f"{name}-{self.step:06d}.png")

    def __exit__(self, kind, error, trace) -> bool:
        """Saves a checkpoint on Ctrl-C, which is then raised further, so that a half-trained network is not published."""
        if self._bar is not None:
            self._bar.close()
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self.save()
        if self.writer is not None:
            self.writer.close()
        for module in self._modules:
            module.cpu()
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            print(f"Stopped at step {self.step}; the same command continues from there.")
        return False


def settings_of(settings, *names: str, but: Collection[str] = ()) -> dict:
    """The settings that are stored in a checkpoint: the fields of a dataclass, all or those named, except paths and `but`."""
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    return {name: _plain(value) for name, value in values.items()
            if name not in but and (not names or name in names) and not isinstance(value, Path)}


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def check_settings(folder: Path, before: dict, now: dict) -> None:
    """Raises StyleclipError if a run would resume with settings other than those it was started with, as far as both are known."""
    differ = [f"{name} {before[name]}, not {now[name]}" for name in now if name in before and before[name] != now[name]]
    if differ:
        raise StyleclipError(f"The run in '{folder}' was started with {'; '.join(differ)}: give the same settings to continue it, "
                             "or another folder with --run to start again.")


def _keep_freed_memory() -> None:
    """Tells glibc not to return large freed blocks to the system, since the next step needs the same ones again.

    Getting them back costs a page fault for every 4 KB: on two CPU cores a training step can take twice as long.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return  # another C library: training is only slower
    mallopt(-4, 0)  # M_MMAP_MAX: no block of its own for a large tensor
    mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


def learning_rate(step: int, total: int, warm_up: int = 100) -> float:
    """A factor in [0, 1]: rises linearly over the first `warm_up` steps, then follows a half cosine down to a twentieth."""
    rise = min(1.0, (step + 1) / warm_up)
    fall = 0.5 + 0.5 * torch.cos(torch.tensor(torch.pi * step / total)).item()
    return rise * (0.05 + 0.95 * fall)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Sets the learning rate of all parameters; a group with a "share" gets that share of it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("share", 1.0)


def set_rates(optimizers: Mapping[str, torch.optim.Optimizer], s, factor: float) -> None:
    """Sets the learning rates of "muon" and "adam" to the settings `muon_lr` and `adam_lr`, times a factor."""
    for name, optimizer in optimizers.items():
        set_rate(optimizer, getattr(s, f"{name}_lr") * factor)


def learn(network: torch.nn.Module, optimizers: Mapping[str, torch.optim.Optimizer], s,
          loss_of: Callable[[Run, torch.Generator], torch.Tensor]) -> float:
    """A complete run that trains one network with one loss and the schedule `learning_rate`. Returns the seconds it took.

    optimizers, s  see `set_rates`; the settings also have the fields `run`, `steps` and `seed`
    loss_of  run, random numbers of the step -> the loss of a new batch
    """
    with Run(s.run, settings=settings_of(s), network=network, **optimizers) as run:
        for step in run.steps(s.steps):
            set_rates(optimizers, s, learning_rate(step, s.steps))
            network.train()
            loss = loss_of(run, run.generator(s.seed))
            run.update(loss, *optimizers.values())
            run.log(loss=loss)
    network.eval()
    return run.seconds
