"""What lesson 00 claims (see ../lesson_claims.py)."""

# %% cell-04
assert not missing

# %% cell-14, of the portraits
assert report.clip_gain > 0.1
assert report.identity > 0.5

# %% cell-17, of the portraits
assert fits["after"] > fits["before"]
