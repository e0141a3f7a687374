"""Videos in a style: each frame goes through a fast network and, if asked for, is smoothed where nothing moves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..errors import StyleclipError
from ..videos import LONGEST_KEPT, Video, VideoWriter, frames_of, open_video
from .fast import FastTransfer
from .optimization import reduced
from .region import blended, checked_mask

STILL = 0.06
"""The change of a pixel, in [-1, 1], at which smoothing is halved."""

TRIED = 3
"""Number of frames after which an estimate of the whole time is printed."""


@dataclass(frozen=True)
class StyledVideo:
    """A written video: its path, the number of frames, the seconds that it took, and whether it was interrupted."""

    path: Path
    frames: int
    seconds: float
    interrupted: bool


def stylize_video(fast: FastTransfer, source: str | os.PathLike[str], target: str | os.PathLike[str], *, size: int | None = None,
                 mask: Tensor | None = None, smoothing: float = 0.0, progress: bool = True) -> StyledVideo:
    """Restyles a video frame by frame and writes it, with its sound where the target can hold it (.mp4).

    Ctrl-C keeps the finished frames as a playable video. After three frames an estimate of the whole time is printed.

    source, target  .mp4, .mov, .webm, .mkv, .avi, .gif, .webp  ->  .mp4, .gif or .webp
    size            larger frames are reduced to this many pixels along the longer side; None: not at all
    mask            [1, 1, H, W] in [0, 1], where frames are restyled; None: everywhere
    smoothing       from 0 (none) to below 1: how much of the previous frame to keep where the video itself does not change

    Raises StyleclipError for a file that is not a video or has no frames, a mask of another size, or a smoothing out of range.
    """
    if not 0 <= smoothing < 1:
        raise StyleclipError(f"smoothing must be at least 0 and below 1, not {smoothing:g}.")
    video = open_video(source)
    check_length(video, Path(target))
    with VideoWriter(target, video.fps, sound_of=video) as writer:
        start = time.monotonic()
        for number, frame in enumerate(_counted(styled_frames(fast, video, size, mask, smoothing), video.frames, progress), 1):
            writer.add(frame)
            if number == TRIED and video.frames and progress:
                tqdm.write(expected(video.frames, (time.monotonic() - start) / TRIED))
    return StyledVideo(writer.path, writer.count, time.monotonic() - start, writer.interrupted)


def styled_frames(fast: FastTransfer, video: Video, size: int | None = None, mask: Tensor | None = None,
                  smoothing: float = 0.0) -> Iterator[Tensor]:
    """The frames of a video, restyled, [1, 3, H, W] in [-1, 1] each; see `stylize_video`."""
    before: tuple[Tensor, Tensor] | None = None
    fitted: Tensor | None = None
    for frame in frames_of(video):
        frame = reduced(frame, size) if size else frame
        drawn = fast.apply(frame).cpu()
        if smoothing and before is not None:
            drawn = smoothed(drawn, frame, *before, smoothing)
        before = drawn, frame
        if mask is not None:
            fitted = checked_mask(mask, frame) if fitted is None else fitted
            drawn = blended(frame, drawn, fitted)
        yield drawn


def smoothed(drawn: Tensor, frame: Tensor, drawn_before: Tensor, frame_before: Tensor, smoothing: float) -> Tensor:
    """A restyled frame, mixed with the previous one where the video itself does not change, so that no optical flow is needed.

    The share of the previous frame is smoothing · exp(-(Δ / `STILL`)² ln 2), Δ being the video's own change at each pixel.
    """
    change = (frame - frame_before).abs().amax(1, keepdim=True)
    share = smoothing * torch.exp2(-(change / STILL).square())
    return torch.lerp(drawn, drawn_before, share)


def expected(frames: int, seconds_each: float) -> str:
    """The time that a video takes, in words."""
    seconds = frames * seconds_each
    time = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes" if seconds < 6000 else f"{seconds / 3600:.1f} hours"
    return f"{frames} frames at {seconds_each:.2f} seconds each: about {time}. Ctrl-C keeps the finished frames."


def check_length(video: Video, target: Path) -> None:
    """Raises StyleclipError for a video that is too long for an animated picture."""
    if target.suffix.lower() != ".mp4" and video.frames and video.frames > LONGEST_KEPT:
        raise StyleclipError(f"The video has {video.frames} frames, and a {target.suffix} holds {LONGEST_KEPT} at most: write an .mp4.")


def _counted(frames: Iterator[Tensor], count: int | None, progress: bool) -> Iterator[Tensor]:
    return iter(tqdm(frames, total=count, desc="frames", disable=not progress, leave=False))
