"""What lesson 03 claims (see ../lesson_claims.py)."""

# %% cell-10
for one, other in combinations(names, 2):  # the parallelogram law
    faded, ends = edges((faces[one] + faces[other]) / 2), (edges(faces[one]) + edges(faces[other])) / 2
    assert abs(faded - (ends - edges(faces[one] - faces[other]) / 4)) < 1e-3 * ends

# %% cell-11, of the portraits
assert edge["pictures mixed"] < 0.8 * edge["codes mixed"]
assert odd["pictures mixed"] > 1.2 * odd["codes mixed"]

# %% cell-13, of the portraits
assert middles.norm(dim=1).quantile(0.99) < z.norm(dim=1).quantile(0.01)

# %% cell-15
assert kinds["line"][20].norm() < 0.85 * z_A.norm()
assert torch.allclose(kinds["arc (slerp)"].norm(dim=1), z_A.norm(), rtol=1e-3)

# %% cell-17
assert share[10] < 0.24
assert abs(share[20] - 0.5) < 0.01

# %% cell-21, of the portraits
assert relative_lengths["z"] > 1.3
assert abs(relative_lengths["w"] - 1) < 1e-3
assert lengths["w"] < 0.95 * lengths["z"]
assert jumps["w"] < jumps["z"]

# %% cell-23
assert max(gap[0.3, 0.7], gap[-0.5, 1.5]) < 1e-3 < 0.1 < gap[0.8, 0.8]

# %% extrapolation-curves, of the portraits
assert same[1] > 0.7
assert same[-1] < same[1] - 0.2
assert odd[-1] > 1.3 * odd[0]
assert curves["attributes changed"][-1] > 2

# %% cell-35
assert all((steps.sum() >= models.perceptual(X, Y).sqrt()).item() for _, steps in rounds)

# %% cell-35, of the portraits
assert torch.allclose(animation.weights, rounds[-1][0], atol=0.02)
assert animation.unevenness < 0.5 * unevenness[0]

# %% cell-41, of the portraits
assert central["w"] > central["z"] + 0.03
