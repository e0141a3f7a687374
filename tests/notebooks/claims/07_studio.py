"""What lesson 07 claims (see ../lesson_claims.py)."""

# %% cell-09
assert difference < 1e-3

# %% cell-14, of the portraits
assert success[:, 0].sum() == 0
assert success[:, strengths.index(1.0)].any()
assert (identity.mean(0).diff() < 0.02).all()

# %% cell-16
assert studio.session.history.scene.face == Seed(39)
