"""Makes the pictures of `data/images` again: eight portraits, and the moving picture of the README.

    python tools/make_pictures.py
"""

from pathlib import Path

from styleclip_lib import invert, load_models, optimize_latent, save_animation, save_image
from styleclip_lib.images import from_pil, open_picture
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample

FOLDER = Path(__file__).resolve().parent.parent / "data" / "images"
TEXT = "a smiling face with glasses"
PEOPLE = {  # a name, the seed of the person, and what is set so that there is something left to ask for
    "anna": (11, {"gender": "woman", "hair_style": "bob", "hair_color": "brown", "age": 0.4}),
    "ben": (12, {"gender": "man", "hair_style": "short", "hair_color": "black", "facial_hair": "none", "age": 0.45}),
    "chloe": (13, {"gender": "woman", "hair_style": "long", "hair_color": "blond", "age": 0.35}),
    "david": (14, {"gender": "man", "hair_style": "bald", "facial_hair": "none", "age": 0.6}),
    "emma": (15, {"gender": "woman", "hair_style": "curly", "hair_color": "red", "age": 0.3}),
    "felix": (16, {"gender": "man", "hair_style": "short", "hair_color": "grey", "facial_hair": "beard", "age": 0.85}),
    "grace": (17, {"gender": "woman", "hair_style": "short", "hair_color": "white", "age": 0.9}),
    "hugo": (18, {"gender": "man", "hair_style": "mohawk", "hair_color": "blue", "facial_hair": "none", "age": 0.35}),
}
PLAIN = {"glasses": "none", "headwear": "none", "expression": "neutral", "eyes": "open", "makeup": "none", "yaw": 0.1, "pitch": 0.0,
         "roll": 0.0, "face_size": 0.6, "light": -0.2}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (seed, chosen) in PEOPLE.items():
        save_image(render(sample(1, seed).replace(**PLAIN, **chosen), 128), FOLDER / f"{name}.png")
    models = load_models("portraits")
    face = from_pil(open_picture(FOLDER / "anna.png"))
    start = invert(models, face)
    edit = optimize_latent(models, start.w_plus, TEXT, frames=30)
    animation = [start.image] * 8 + edit.frames + [edit.image] * 12 + edit.frames[::-1]
    save_animation(animation, FOLDER / "first_edit.gif", fps=12)


if __name__ == "__main__":
    main()
