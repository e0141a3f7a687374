"""Edits faces with an exported domain: a photo in, an edited face out, by NumPy and onnxruntime alone.

`styleclip export` puts a copy of this file, as `run.py`, beside the networks, where it needs nothing else of this library:

    python run.py photo.png face.png --text "a smiling face"
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
import onnxruntime

FORMAT = 1

PICTURES = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""The formats that are read, whatever a file is called. Pillow knows many more, and hands PostScript to another program that runs it."""

MOST_PIXELS = 65_000_000


class EdgeEditor:
    """The networks of a folder that `styleclip export` has made.

    texts    what a face can become;  faces: how many invented faces there are;  size: pixels of a picture's side
    threads  how many each network may use

    Raises ValueError for a folder that is no such export.
    """

    def __init__(self, folder: str | Path, threads: int = 1):
        self.folder = Path(folder)
        try:
            facts = json.loads((self.folder / "edge.json").read_text(encoding="utf-8"))
            if facts["format"] != FORMAT:
                raise ValueError(f"'{folder}' was exported by another version: export it again.")
            numbers = np.fromfile(self.folder / "numbers.bin", dtype="<f4")
            self.size, self.texts, self.cap_z, self.longest = facts["size"], facts["texts"], facts["cap_z"], facts["longest"]
            arrays, start = {}, 0
            for name, shape in facts["arrays"].items():
                arrays[name] = numbers[start:start + int(np.prod(shape))].reshape(shape)
                start += int(np.prod(shape))
        except (OSError, AttributeError, KeyError, TypeError, RecursionError, OverflowError, json.JSONDecodeError) as error:
            raise ValueError(f"'{folder}' is not an exported domain ({error}): styleclip export makes one.") from None
        self._deltas, self._vectors, self._means, self._gains = (arrays[name] for name in ("deltas", "vectors", "means", "gains"))
        self._faces = arrays["faces"]
        self.faces = len(self._faces)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._networks = {name: onnxruntime.InferenceSession(str(self.folder / f"{name}.onnx"), options, ["CPUExecutionProvider"])
                          for name in ("encoder", "codes", "steps", "generator")}

    def embed(self, image: np.ndarray) -> np.ndarray:
        """CLIP's vector of a picture [1, 3, size, size] in [-1, 1] -> [1, D]"""
        return self._run("encoder", image)

    def code(self, embedding: np.ndarray) -> np.ndarray:
        """The latent code of what CLIP sees [1, D] -> w_plus [1, num_ws, w_dim]"""
        return self._run("codes", embedding)

    def invented(self, number: int) -> np.ndarray:
        """The latent code of an invented face -> w_plus [1, num_ws, w_dim]"""
        return self._faces[number:number + 1]

    def step(self, embedding: np.ndarray, text: str, c: float | None = None) -> np.ndarray:
        """What leads from a face to the text: f(C Δt), no longer than from one face to another. -> [1, num_ws, w_dim]

        embedding  CLIP's vector of the face;  c: the constant C; None: as far as the text is predicted to become true
        Raises ValueError for a text that was not exported.
        """
        if text not in self.texts:
            raise ValueError(f"'{text}' was not exported; there are: {', '.join(self.texts)}.")
        number = self.texts.index(text)
        if c is None:
            z = float(embedding[0] @ self._vectors[number]) - self._means[number]
            c = max(0.0, (self.cap_z - z) / self._gains[number]) if self._gains[number] > 0 else 0.0
        step = self._run("steps", np.float32(c) * self._deltas[number:number + 1])
        length = np.linalg.norm(step, axis=2).mean()
        return step * min(1.0, self.longest / max(float(length), 1e-8))

    def draw(self, w_plus: np.ndarray) -> np.ndarray:
        """w_plus [1, num_ws, w_dim] -> picture [1, 3, size, size] in [-1, 1]"""
        return self._run("generator", w_plus)

    def edit(self, picture: np.ndarray, text: str, strength: float = 1.0, c: float | None = None) -> np.ndarray:
        """A photo with a face in its middle -> the edited face. picture uint8 [H, W, 3] -> uint8 [size, size, 3]"""
        embedding = self.embed(to_image(picture, self.size))
        return to_picture(self.draw(self.code(embedding) + np.float32(strength) * self.step(embedding, text, c)))

    def edit_invented(self, number: int, text: str, strength: float = 1.0) -> np.ndarray:
        """One of the invented faces, edited -> uint8 [size, size, 3]"""
        w_plus = self.invented(number)
        return to_picture(self.draw(w_plus + np.float32(strength) * self.step(self.embed(self.draw(w_plus)), text)))

    def _run(self, name: str, value: np.ndarray) -> np.ndarray:
        return self._networks[name].run(None, {"x": np.ascontiguousarray(value, dtype=np.float32)})[0]


def read_picture(path: str) -> np.ndarray:
    """A picture out of a file -> uint8 [H, W, 3]. Raises ValueError for what is none, or too large, before it is decoded."""
    from PIL import Image

    if not os.path.isfile(path):  # a pipe or a device may have no end
        raise ValueError(f"there is no file '{path}'.")
    try:
        with Image.open(path, formats=PICTURES) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError("it is too large")
            return np.asarray(picture.convert("RGB"))
    except Exception as error:  # decoders of broken files raise all kinds
        raise ValueError(f"'{path}' is not a picture that can be read ({error}): give a PNG or JPEG file.") from error


def to_image(picture: np.ndarray, size: int) -> np.ndarray:
    """The square in the middle of a picture uint8 [H, W, 3], resized -> float32 [1, 3, size, size] in [-1, 1]"""
    if picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 2:
        raise ValueError(f"A picture must be [H, W, 3], red, green and blue, not {list(picture.shape)}.")
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    square = picture[top:top + side, left:left + side].astype(np.float32) / 127.5 - 1
    shares = _shares(side, size)
    return np.einsum("yh,hwc,xw->cyx", shares, square, shares, optimize=True)[None].clip(-1, 1)


def to_picture(image: np.ndarray) -> np.ndarray:
    """float [1, 3, H, W] in [-1, 1] -> uint8 [H, W, 3]"""
    return ((image[0].transpose(1, 2, 0) + 1) * 127.5).round().clip(0, 255).astype(np.uint8)


def _shares(old: int, new: int) -> np.ndarray:
    """How much of each new pixel each old one makes up: a triangle as wide as the larger of the two. -> [new, old], rows with the sum 1"""
    scale = old / new
    centres = (np.arange(new)[:, None] + 0.5) * scale - 0.5
    weights = np.maximum(0, 1 - np.abs(np.arange(old)[None] - centres) / max(scale, 1.0))
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def main(arguments: list[str] | None = None, folder: Path | None = None) -> int:
    """The command line. folder: of the export; None: the one that this file lies in. Returns 0, or 2 for what the user can mend."""
    parser = argparse.ArgumentParser(description="Edit the face in a photo by an exported domain, without PyTorch.")
    parser.add_argument("photo", help="a picture with a face in its middle, or the number of an invented face")
    parser.add_argument("output", help="where to write the edited face")
    parser.add_argument("--text", required=True, help="what the face should become")
    parser.add_argument("--strength", type=float, default=1.0, help="0 changes nothing, 1 is the edit, more exaggerates")
    given = parser.parse_args(arguments)
    try:
        from PIL import Image

        editor = EdgeEditor(folder or Path(__file__).parent)
        if given.photo.isascii() and given.photo.isdigit() and int(given.photo) < editor.faces:
            edited = editor.edit_invented(int(given.photo), given.text, given.strength)
        else:
            edited = editor.edit(read_picture(given.photo), given.text, given.strength)
        Image.fromarray(edited).save(given.output)
    except (ValueError, OSError) as error:
        print("run.py:", "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(error)), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
