"""Videos in and out, picture by picture, so that a long one needs no more memory than a short one.

A video is untrusted like every file: which of ffmpeg's readers opens it is told by the file's first bytes, never guessed by ffmpeg, some of
whose formats name other files to be read.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageSequence

from .errors import StyleclipError
from .images import check_picture_path, from_pil, open_animation, save_animation, to_pil
from .paths import open_regular, user_path, written_whole

READ = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".gif")
"""Names that are those of videos; an animated .webp or .png counts as a picture."""

WRITTEN = (".mp4", ".gif", ".webp")

MOST_PIXELS = 40_000_000
"""Of one frame; 8K has 33 million. ffmpeg's decoders are told so, too."""

LONGEST_KEPT = 1000
"""Frames of a .gif or .webp, which are kept in memory until the end."""

FPS = 12.0
"""Of an animated picture that does not say how long each frame is shown."""

_FORMATS = {b"ftyp": (4, "mov"), b"\x1a\x45\xdf\xa3": (0, "matroska"), b"AVI ": (8, "avi")}
"""How videos begin, where, and which reader of ffmpeg is theirs."""


@dataclass(frozen=True)
class Video:
    """What a video says of itself. frames is None where that is not known before it is read."""

    path: Path
    width: int
    height: int
    fps: float
    frames: int | None
    has_audio: bool
    reader: str | None


def open_video(path: str | os.PathLike[str]) -> Video:
    """Looks into a video. Raises StyleclipError for a file that is none, or one without a picture."""
    path = user_path(path)
    with open_regular(path) as file:
        start = file.read(64)
    reader = next((name for magic, (place, name) in _FORMATS.items() if start[place:place + len(magic)] == magic), None)
    return _opened_animation(path) if reader is None else _opened_video(path, reader)


def is_video(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name is that of a video."""
    return Path(path).suffix.lower() in READ


def frames_of(video: Video) -> Iterator[torch.Tensor]:
    """The pictures of a video, one after the other, [1, 3, H, W] in [-1, 1]. Raises StyleclipError where it is broken."""
    if video.reader is None:
        yield from _animation_frames(video.path)
        return
    reader = _read_frames(video.path, video.reader)
    try:
        width, height = next(reader)["size"]
        for frame in reader:
            pixels = np.frombuffer(frame, np.uint8).reshape(height, width, 3)
            scaled = pixels / np.float32(127.5)
            scaled -= 1
            yield torch.from_numpy(scaled).permute(2, 0, 1)[None]
    except Exception as error:  # what imageio-ffmpeg makes of ffmpeg's words raises all kinds
        raise StyleclipError(f"'{video.path}' is damaged or cut off: get a whole copy of it.") from error
    finally:
        reader.close()


def _read_frames(path: Path, reader: str) -> Generator[Any, None, None]:
    """What ffmpeg says of a video, then each frame's bytes. A name is always that of a file, never of a protocol of ffmpeg's."""
    import imageio_ffmpeg

    return imageio_ffmpeg.read_frames(f"file:{path}", input_params=["-max_pixels", str(MOST_PIXELS), "-f", reader])


def _animation_frames(path: Path) -> Iterator[torch.Tensor]:
    for frame in _animation_pictures(path):
        yield from_pil(frame)


def _animation_pictures(path: Path) -> Iterator[Image.Image]:
    """The pictures of a .gif or .webp; each may be larger than the first."""
    try:
        for frame in ImageSequence.Iterator(open_animation(path)):
            if frame.width * frame.height > MOST_PIXELS:
                raise ValueError("a frame is too large")
            frame.load()  # here, where what is broken is told as that
            yield frame.convert("RGBA") if "transparency" in frame.info else frame
    except (StyleclipError, MemoryError):
        raise
    except Exception as error:  # decoders of broken files raise all kinds
        raise StyleclipError(f"'{path}' is damaged or cut off, or too large: get a whole copy of it.") from error


class VideoWriter:
    """Writes a video picture by picture, whole or not at all; a `KeyboardInterrupt` keeps the pictures so far as a video that plays.

        with VideoWriter("out.mp4", video.fps, sound_of=video) as writer:
            for frame in frames_of(video):
                writer.add(frame)

    sound_of  a video whose sound goes along, as far as the pictures reach; .mp4 only
    """

    def __init__(self, path: str | os.PathLike[str], fps: float, sound_of: Video | None = None):
        self.path, self.fps, self.count, self.interrupted = check_picture_path(path, WRITTEN), fps, 0, False
        self.sound = sound_of if sound_of is not None and sound_of.has_audio and self.path.suffix.lower() == ".mp4" else None
        self._kept: list[Image.Image] = []
        self._video = None

    def __enter__(self) -> VideoWriter:
        self._whole = written_whole(self.path)
        self._partial = self._whole.__enter__()
        return self

    def add(self, frame: torch.Tensor) -> None:
        """One more picture, [1, 3, H, W] in [-1, 1]; a side of odd length loses a pixel in .mp4."""
        picture = to_pil(frame)
        if self.path.suffix.lower() == ".mp4":
            self._send(picture.crop((0, 0, picture.width - picture.width % 2, picture.height - picture.height % 2)))
        else:
            self._kept.append(picture)
        self.count += 1

    def _send(self, picture: Image.Image) -> None:
        import imageio_ffmpeg

        if self._video is None:
            settings: dict[str, Any] = {"fps": self.fps, "codec": "libx264", "macro_block_size": 2, "pix_fmt_out": "yuv420p",
                                        "output_params": ["-shortest"], "ffmpeg_log_level": "error"}
            if self.sound is not None:
                settings |= {"audio_path": str(self.sound.path), "audio_codec": "aac"}
            self._video = imageio_ffmpeg.write_frames(str(self._partial), picture.size, **settings)
            self._video.send(None)
        self._video.send(np.ascontiguousarray(picture))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.interrupted = kind is not None and issubclass(kind, KeyboardInterrupt) and self.count > 0
        if kind is None or self.interrupted:
            kind = error = trace = None
            try:
                self._finish()
            except BaseException as failure:
                self._whole.__exit__(type(failure), failure, failure.__traceback__)
                raise
        elif self._video is not None:
            self._video.close()
        self._whole.__exit__(kind, error, trace)
        return self.interrupted

    def _finish(self) -> None:
        if self.count == 0:
            raise StyleclipError("The video has no frames: nothing was written.")
        if self._video is not None:
            self._video.close()
        else:
            save_animation(self._kept, self._partial, fps=min(max(self.fps, 1), 50))


def _opened_animation(path: Path) -> Video:
    try:
        picture = open_animation(path)
        picture.load()  # a .webp says only then how long its first picture is shown
        count = getattr(picture, "n_frames", 1)
    except MemoryError:
        raise
    except Exception as error:  # decoders of broken files raise all kinds
        raise StyleclipError(f"'{path}' is no video that can be read, or its frames are too large: make a smaller .mp4 or .gif file of "
                             "it.") from error
    _check_size(path, *picture.size)
    duration = picture.info.get("duration") or 1000 / FPS
    return Video(path, picture.width, picture.height, min(max(1000 / duration, 1), 50), count, False, None)


def _check_size(path: Path, width: int, height: int) -> None:
    """Raises StyleclipError for frames that are too large, or none."""
    if width < 1 or height < 1:
        raise StyleclipError(f"'{path}' is a video without pictures: choose another one.")
    if width * height > MOST_PIXELS:
        raise StyleclipError(f"The frames of '{path}' are too large ({width} x {height} pixels): make the video smaller than "
                             f"{MOST_PIXELS // 10**6} megapixels first.")


def _opened_video(path: Path, reader: str) -> Video:
    frames = _read_frames(path, reader)
    try:
        facts = next(frames)
        width, height = facts["size"]
        fps, seconds = float(facts["fps"]), float(facts.get("duration") or 0)
    except Exception as error:  # what imageio-ffmpeg makes of ffmpeg's words raises all kinds
        raise StyleclipError(f"'{path}' is no video that can be read, or it has no frames, or too large ones: get a whole copy of it, or a "
                             "smaller one.") from error
    finally:
        frames.close()
    _check_size(path, width, height)
    if not 0 < fps <= 1000:
        raise StyleclipError(f"'{path}' is a video without pictures: choose another one.")
    return Video(path, width, height, fps, round(fps * seconds) or None, bool(facts.get("audio_codec")), reader)


