"""What lesson 04 claims (see ../lesson_claims.py)."""

# %% cell-11, of the portraits
assert report.successes["glasses"]
assert report.clip_gain > 0.2

# %% cell-14, of the portraits
assert same[0.005, 1.0] > same[0.0, 0.0]
assert all(same[l2, 1.0] > same[l2, 0.0] for l2 in L2S)
assert reports[0.0, 0.0].perceptual > reports[0.005, 1.0].perceptual

# %% cell-19, of the portraits
assert cosines(drift.image, HARD)[0] > 0.14
assert lost["no regularisers"] > lost["regularised"]
assert changed["drift"] > changed["tame"]

# %% cell-21, of the portraits
assert scored["all of them"].success
assert scored["no regularisers"].identity < scored["all of them"].identity

# %% cell-24, of the portraits
assert sum(bool(report.success) for report in done) >= len(done) // 2

# %% cell-29, of the portraits
assert max(sum(len(r.side_effects) for r in reports) for reports in by_space.values()) == sum(len(r.side_effects) for r in by_space["w+"])
assert by_space["styles"][0].perceptual + by_space["styles"][1].perceptual < by_space["w+"][0].perceptual + by_space["w+"][1].perceptual

# %% cell-26, of the portraits
assert scored["ours"].true_before
assert not scored["ours"].side_effects
assert scored["ours"].perceptual < scored["paper"].perceptual
