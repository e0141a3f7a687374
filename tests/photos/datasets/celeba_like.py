"""A small folder in CelebA's layout: smooth coloured pictures whose landmarks are known, and whatever may be wrong among them."""

import numpy as np
from PIL import Image

FIVE = ((40, 45), (60, 45), (50, 55), (43, 66), (57, 66))
"""Eyes, nose, corners of the mouth, in pictures of 100 pixels."""

COLUMNS = "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y"


def picture(seed, size=100):
    """Coloured clouds, unlike those of any other seed."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC)


def write_list(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([str(len(rows)), header, *rows]) + "\n")


def make_celeba(root, count=10):
    """Pictures 000001.jpg to COUNT with attributes, landmarks and parts, and nothing wrong with them. Returns the root."""
    pictures = root / "img_celeba"
    pictures.mkdir(parents=True)
    names = [f"{number + 1:06d}.jpg" for number in range(count)]
    for number, name in enumerate(names):
        picture(number).save(pictures / name, quality=95)
    write_list(root / "list_attr_celeba.txt", "Male Smiling", [f"{name} {1 if k % 2 else -1} -1" for k, name in enumerate(names)])
    write_list(root / "list_landmarks_celeba.txt", COLUMNS, [f"{name} " + " ".join(f"{v}" for p in FIVE for v in p) for name in names])
    (root / "list_eval_partition.txt").write_text("".join(f"{name} {min(2, k * 3 // count)}\n" for k, name in enumerate(names)))
    return root
