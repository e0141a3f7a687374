"""What lesson 01 claims (see ../lesson_claims.py)."""

# %% cell-13, of the portraits
assert moved["headwear", "coarse"] > 0.5 > moved["headwear", "fine"]
assert moved["background", "fine"] > 0.5 > moved["background", "coarse"]

# %% cell-18, of the portraits
assert list(variety.values()) == sorted(variety.values())

# %% cell-22, of the portraits
assert same > 0.9 > different

# %% cell-24, of the portraits
assert grain["coarse"] < grain["middle"] < grain["fine"]

# %% cell-29
assert off[16] > off[64] > off[256]
assert off[256] < 0.01

# %% cell-31
assert by_measuring < 0.5
assert 0.9 < by_weights < 1.1

# %% cell-35, of the portraits
assert all(0.4 < gain < 2.5 for gain in gains.values())

# %% cell-40, of the portraits
assert in_w < 0.5 * in_z
assert wrong["gender", "man"][0] < wrong["facial_hair", "beard"][0]

# %% cell-51
assert 2 * frechet(real[:500], held_out) < distances[-1] < 0.05 * distances[0]
