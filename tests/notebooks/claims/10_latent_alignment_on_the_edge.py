"""What lesson 10 claims (see ../lesson_claims.py)."""

# %% gap, of the portraits
assert likeness["a picture and a text"] < min(likeness["two pictures"], likeness["two texts"])

# %% gap-plot, of the portraits
along = {name: (vectors - v_avg) @ axes[0] for name, vectors in (("pictures", v), ("texts", t), ("neutral", t_0))}
assert along["texts"].min() > along["pictures"].max() > along["neutral"].max()

# %% lambda, of the portraits
on_new = [explained(new_v, new_w, A) for lam, A in zip(LAMBDAS, maps) if 0.009 < lam < 1.1]
assert max(on_new) - min(on_new) < 0.1 and max(on_new) < 0.5
assert ((t - t_0) @ A).norm(dim=1).mean() > alignment.longest > ((t - t_0) @ A_text).norm(dim=1).mean()

# %% one-pass, of the portraits
assert same["closed form"].mean() > max(same["encoder"].mean(), same["mean face"].mean() + 0.3)
near = {name: sum(psnr(*both) for both in zip(y.split(1), x.split(1))) for name, y in drawn.items()}
assert near["encoder"] > near["closed form"] > near["mean face"]

# %% turns, of the portraits
turned = [sign * (models.attributes(pictures[text])[name] - models.attributes(before)[name]) for text, (name, sign) in TURNS.items()]
assert torch.cat(turned).gt(0).float().mean() > 0.9

# %% curve, of the portraits
assert own[-1] < own[0] - 0.02 and new[-1] > new[0] + 0.01 and min(new[2:]) > new[0]

# %% table, of the portraits
assert table["likeness 0.7, solved"]["C"] > table["search"]["C"] + 0.2
assert max(table[name]["success"] for name in ("likeness 0.7, solved", "likeness 0.7, layer")) < table["search"]["success"] - 0.2
assert table["search"]["success"] >= max(row["success"] for name, row in table.items() if name.startswith(("best", "C =")))
assert table["search"]["success"] < next(row["success"] for name, row in table.items() if name.startswith("best")) + 0.2
assert table["predicted"]["success"] > table["search"]["success"] - 0.15 and table["predicted"]["C"] > table["search"]["C"]
assert table["oracle"]["identity"] > max(row["identity"] for row in table.values() if row["success"] > 0.9 and row is not table["oracle"])

# %% mobile, of the portraits
assert 0.08 < counted["mobile"][1] / counted["StyleGAN2"][1] < 0.13

# %% hybrid, of the portraits
assert 24 < mean_db[1] < mean_db[2]

# %% bits, of the portraits
def quantised_in_channels(weight, bits):
    channel_step = weight.abs().amax((1, 2, 3), keepdim=True) / (2 ** (bits - 1) - 1)
    return (weight / channel_step).round() * channel_step


per_channel = with_bits(4, quantised_in_channels)
finer = sum(psnr(*both) for both in zip(per_channel(codes).clamp(-1, 1).split(1), teacher.split(1))) / len(codes)
assert quality[8] > 42 and quality[4] < 30 and 1.5 < finer - quality[4] < 5
assert 5 < (quality[8] - quality[4]) / 4 < 7.5
