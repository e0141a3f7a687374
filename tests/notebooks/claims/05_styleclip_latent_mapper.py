"""What lesson 05 claims (see ../lesson_claims.py)."""

# %% cell-08, of the portraits
assert differ > 0.2

# %% cell-17, of the portraits
assert min(mapper.history["held_out"]) < mapper.history["held_out"][0] - 0.05

# %% cell-22, of the portraits
assert told(measured["fresh"])["success rate"] > 0.8
assert told(measured["fresh"])["identity"] > 0.5

# %% cell-24, of the portraits
assert seconds_mapper < 0.5 * seconds_each

# %% cell-26, of the portraits
assert nearer[-1] > max(0.02, 0.8 * max(nearer[1:3]))
assert nearer[2] > 2 * nearer[1]

# %% cell-28, of the portraits
assert cosines.mean() > between_faces.mean() + 0.2

# %% cell-30, of the portraits
assert gain["mean offset"] > 0.9 * gain["mapper"] > 0
assert told(comparison["mean offset"])["success rate"] > told(comparison["mapper"])["success rate"] - 0.1

# %% saved-and-loaded, of the portraits
assert difference < 2
