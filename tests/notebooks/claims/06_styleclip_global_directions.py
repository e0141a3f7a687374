"""What lesson 06 claims (see ../lesson_claims.py)."""

# %% cell-06, of the portraits
assert torch.allclose(std, directions.std, rtol=0.15, atol=1e-3)

# %% cell-12, of the portraits
assert effect @ by_library > 0.97

# %% cell-20, of the portraits
assert counts[0] > counts[1] > counts[2]

# %% cell-29, of the portraits
assert share[47] > 0.9

# %% cell-31, of the portraits
assert overlap(estimate, relevance) > overlap(gradient, relevance)

# %% cell-33, of the portraits
assert sum(agreement.values()) / len(agreement) > 0.4

# %% cell-39, of the portraits
assert alike[0, 1:3].min() > alike[0, 3:].max()
assert alike[3, 4] > alike[3, :3].max()

# %% cell-41
assert F.normalize(E.T @ together(wish, 3.0), dim=0) @ wish > F.normalize(E.T @ (E @ wish), dim=0) @ wish

# %% cell-43
assert F.cosine_similarity(directions.relevance(WISH), together(wish, 3.0), dim=0) > 0.999

# %% colours-of-hair, of the portraits
assert sum(r.success for r in blue["toRGB too"]) > sum(r.success for r in blue["convolutions"])

# %% cell-46, of the portraits
assert sum(r.clip_gain > 0 for r in asked) > 0.8 * len(asked)
assert sum(r.success for r in asked) > 0.6 * len(asked)
