"""What lesson 11 claims (see ../lesson_claims.py)."""

# %% examiner, of the portraits
assert min(right["plain"].mean(), right["dark skin"].mean()) > 0.95
assert right["far"].mean() < 0.75 and right["far"].mean() + 0.2 < right["plain"].mean()
assert abs(alike["dark skin"].cpu()[others].mean() - alike["plain"].cpu()[others].mean()) < 0.1
assert alike["close"].cpu()[others].mean() > alike["plain"].cpu()[others].mean() + 0.1

# %% paired, of the portraits
below_zero = {name: [what for what, (mean, half) in effect.items() if mean + half < 0] for name, effect in effects.items()}
assert below_zero["dark skin"] == ["score"] and below_zero["turned"] == ["score"] and below_zero["old"] == []
assert below_zero["far"] == ["psnr", "identity"] and below_zero["close"] == ["psnr"]
psnrs = {name: effect["psnr"][0] for name, effect in effects.items()}
assert max(psnrs["far"], psnrs["close"]) < min(psnrs[name] for name in ("dark skin", "turned", "old")) - 2
assert n / 3 < (trials["dark skin"]["score"] <= 0).sum() < 2 * n / 3
assert trials["plain"]["identity"].mean() < min(0.6, alike["plain"].cpu()[others].mean() + 0.25)
mean, half = effects["dark skin"]["psnr"]
assert mean - half < -1 and mean + half > 0
assert ((people.age > 0.74).sum(), n) == (4, 12)

# %% groups, of the portraits
assert (found["success"] == 1).all()

# %% gap, of the portraits
assert abs(by_hand[0]) < by_hand[1]
assert min(len(light), len(dark)) >= 10
assert -effects["dark skin"]["score"][0] > sum(by_hand)

# %% edits, of the portraits
assert BY_NAME["expression"].values[crowd.expression[0]] == "sad"
assert not judges.attributes.read(columns[0])[1].has("expression", "sad")

# %% skewed
mean, half = confidence_interval(skewed["light, ahead"] - skewed["dark"])
assert abs(mean) < half

# %% compared
dark_faces = [changes[name][one] for name in ("other data", "fine-tuned") for one in ("dark", "dark, turned")]
assert all(mean > max(0.5, half) for mean, half in dark_faces)
assert all(mean - half < 0.1 for mean, half in changes["weights"].values())
assert sum(changes["weights"]["light, ahead"]) < 0
assert all(abs(changes[name]["light, ahead"][0]) < changes[name]["light, ahead"][1] for name in ("other data", "fine-tuned"))
balanced = quality(networks["other data"])
assert (balanced["dark"] - balanced["light, ahead"]).mean() > 0.5
