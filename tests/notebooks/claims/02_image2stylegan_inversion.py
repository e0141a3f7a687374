"""What lesson 02 claims (see ../lesson_claims.py)."""

# %% cell-06, of the portraits
assert inversion.psnr > 17

# %% cell-11, of the portraits
assert F.mse_loss(moved, x) > F.mse_loss(blurred, x)
assert models.perceptual(moved, x) < models.perceptual(blurred, x)

# %% cell-13, of the portraits
assert losses["pixel only"].psnr > losses["perceptual only"].psnr
assert models.perceptual(losses["perceptual only"].image, x) < models.perceptual(losses["pixel only"].image, x)

# %% cell-16, of the portraits
assert spaces["W+"].psnr > spaces["W"].psnr
assert spaces["W+"].psnr > spaces["Z"].psnr
assert spaces["W+ from the mean"].psnr < spaces["W"].psnr + 0.5
assert edits["W"].success_rate > edits["W+ from the mean"].success_rate

# %% cell-18, of the portraits
assert inversion.history["loss"][0] < from_mean.history["loss"][0]
assert inversion.psnr > from_mean.psnr

# %% cell-21, of the portraits
assert inversion.psnr == max(one.psnr for one in recipes.values())

# %% cell-30, of the portraits
assert sum(outside) / len(outside) < sum(inside) / len(inside) - 0.5
assert trials["turned 75°"].identity.mean() < trials["plain"].identity.mean() - 0.1

# %% cell-33, of the portraits
assert photo_found.psnr < inversion.psnr
