"""What lesson 09 claims (see ../lesson_claims.py)."""

# %% nearest, of the portraits
assert by_global.share < 0.5

# %% directions, of the portraits
assert by_direction.share > 0.8

# %% both-losses, of the portraits
assert l_dir["direction alone"] < l_dir["true sketch"] + 0.1
assert changed["direction alone"] < 0.5 * changed["true sketch"]
assert changed["global loss"] > 0.6 * changed["true sketch"]
by_l_global = [1 - (clip.encode_image(x) @ t_style.T).item() for x in (pictures["true sketch"], torch.ones_like(face), face)]
assert by_l_global == sorted(by_l_global)

# %% history, of the portraits
assert history[-1, 2] > history[0, 2]

# %% left-out, of the portraits
assert table["no patches"][1] < 0.5 * table["all"][1]
assert table["no content"][1] > 1.3 * table["true sketch"][1]

# %% threshold, of the portraits
assert table["true sketch"][0] > 0.7
assert models.perceptual(stopped, face).item() < 0.8 * table["all"][1]

# %% region
assert outside == 0

# %% night, of the portraits
assert between > 0.95
assert all(to["night"].mean() > to[style].mean() for to in cosines.values() for style in STYLES if style != "night")

# %% flicker, of the portraits
assert sum(values["with"]) < sum(values["without"])
