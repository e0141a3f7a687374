"""For each task of each assignment wrong answers that students plausibly give, and what they are told.

An answer is the solution with a slip in it, {what stands there: what the student writes}, or the whole body of the function.
"""

from __future__ import annotations

UPHILL = {"loss.backward()": "(-loss).backward()"}

WRONG: dict[str, list[tuple[str | dict[str, str], str]]] = {
    # 01
    "truncate_coarse": [
        ("return w_avg + psi * (w_plus - w_avg)", "All layers are truncated|off by|cutoff"),
        ({"w_avg + psi * (w_plus[:, :cutoff] - w_avg)": "psi * w_plus[:, :cutoff]"}, "distance from w_avg"),
        ("return torch.cat([w_plus[:, :cutoff], w_avg + psi * (w_plus[:, cutoff:] - w_avg)], dim=1)", "wrong layers"),
        ("w_plus[:, :cutoff] = w_avg + psi * (w_plus[:, :cutoff] - w_avg)\nreturn w_plus", "changes a tensor that it was given"),
    ],
    "output_std": [
        ({".sqrt()": ""}, "square root is missing"),
        ({".sum(": ".mean("}, "not the mean"),
        ({".square()": ".abs()", ".sqrt()": ""}, "variances add up"),
        ("return weight.square().sum((1, 2, 3)).sqrt()", "returned shape"),
    ],
    "path_length": [
        ({"/ epsilon**2": "/ epsilon"}, "epsilon squared"),
        ({" / epsilon**2": ""}, "division by epsilon"),
        ({"(t, t + epsilon)": "(0 * t, 0 * t + epsilon)"}, "t has no effect"),
        ({".mean(dim=(1, 2, 3))": ".sum(dim=(1, 2, 3))"}, "not a sum"),
    ],
    "psi_for": [
        ("full = generator.synthesis(w_plus).std(dim=0).mean()\nreturn float(variety / full)", "in proportion"),
        ("return 0.7", "off by"),
        ("return variety", "between 0 and 1"),
    ],
    # 02
    "masked_psnr": [
        ({"mse = error.sum(dim=(1, 2, 3)) / (3 * mask.sum(dim=(1, 2, 3)))": "mse = error.mean((1, 2, 3))"}, "inside the mask"),
        ({"(3 * mask.sum": "(mask.sum"}, "three colours"),
        ({"((a - b) / 2)": "(a - b)"}, "peak is 2"),
    ],
    "similarity": [
        ("return torch.linalg.lstsq(torch.cat([p, torch.ones(len(p), 1)], 1), q).solution.T", "shears and stretches"),
        ("return torch.cat([torch.eye(2), (q - p).mean(0)[:, None]], 1)", "only moves"),
        ({"x, y = p.T": "p, q = q, p\nx, y = p.T"}, "swapped"),
    ],
    "project": [
        ("return w_start, [0.0] * steps", "one at the start"),
        ({"loss.item()": "loss.detach()"}, "plain numbers"),
        ({".square().mean()": ".square().sum()"}, "over all pixels"),
        (UPHILL, "does not fall|one at the start"),
        ({"return best, losses": "return (w + 1).detach(), losses"}, "return the best"),
    ],
    "distance_to_w": [
        ("return w_plus.std(dim=1).mean(dim=1)", "off by"),
        ({"w_plus.mean(dim=1, keepdim=True)": "w_plus[:, :1]"}, "not from the first one"),
        ({".sqrt()": ""}, "root is missing"),
        ({".sum(dim=2)": ".mean(dim=2)"}, "sum over the numbers"),
    ],
    # 03
    "sheet": [
        ({"top =": "u, v = v, u\ntop ="}, "swapped"),
        ("return torch.lerp(corners[0], corners[3], (u + v) / 2)[None]", "off by"),
        ({"top =": "u, v = min(max(u, 0), 1), min(max(v, 0), 1)\ntop ="}, "cut off"),
        ({"[None]": ""}, "returned shape"),
    ],
    "tour": [
        ({"return w[None] / 2": "return torch.lerp(p1, p2, s)[None]"}, "straight"),
        ({"min(max(k, 0), last)": "k % (last + 1)"}, "no circle"),
        ({" / 2": ""}, "factor 1/2"),
    ],
    "shares": [
        ("return torch.linalg.lstsq(codes.T, w[:, None]).solution[:, 0]", "sum to 1"),
        ("a = torch.linalg.lstsq(codes.T, w[:, None]).solution[:, 0]\nreturn a / a.sum()", "afterwards"),
        ("return torch.softmax(codes @ w, 0)", "similarities"),
        ({"return": "a =", "rest])": "rest]).clamp(min=0)\nreturn a / a.sum()"}, "Negative shares"),
    ],
    "even_frames": [
        ("return torch.linspace(0, 1, frames)", "times the smallest"),
        ("return torch.linspace(0, 1, frames) ** 2", "times the smallest"),
        ({"    places =": "    return lengths / steps.sum()\n    places ="}, "times the smallest"),
        ("return torch.full((frames,), 1 / frames)", "first weight is 0"),
    ],
    # 04
    "texts_loss": [
        ({"F.normalize(views, dim=1) @ F.normalize(texts, dim=1).T": "views @ texts.T"}, "length one"),
        ({" / weights.sum()": ""}, "by their sum"),
        ({" * weights / weights.sum()).sum(dim=1)": ")"}, "weights have no effect"),
        ({"(1 - cosines)": "cosines"}, "has to fall"),
    ],
    "directional_loss": [
        ("return (1 - after @ target).mean()", "Nothing is subtracted"),
        ("return (1 - (after - before) @ (target - source)).mean()", "length one"),
        ({"target - source": "source - target"}, "wrong way"),
    ],
    "optimise": [
        ("return w_s, [1.0] * steps", "one at the start"),
        ({" + lambda_l2 * (w - w_s).square().sum()": ""}, "too little effect|distance"),
        ({".square().sum()": ".square().mean()"}, "sum of squares|too little effect"),
        (UPHILL, "does not fall|one at the start"),
        ({"(w - w_s)": "w"}, "at w_s the distance is 0"),
    ],
    "choose": [
        ('return max(rows, key=lambda r: r["success"])["lambda_l2"]', "does not keep"),
        ('return max(rows, key=lambda r: r["identity"])["lambda_l2"]', "higher success"),
        ({'(row["success"], row["identity"])': 'row["success"]'}, "higher identity"),
        ({">= least": "> least"}, "exactly"),
    ],
    # 05
    "moved": [
        ({"0.1 * offset": "offset"}, "factor 0.1"),
        ({"w_plus.clone()": "torch.zeros_like(w_plus)", "+= 0.1 * offset": "= w_plus[:, layers] + 0.1 * offset"}, "switched off"),
        ("return w_plus + 0.1 * torch.cat([coarse, middle, fine], dim=1)", "stopped with TypeError"),
        ({"w_plus.clone()": "w_plus"}, "changes a tensor"),
    ],
    "common_share": [
        ({"return": "share =", ".mean()": ".mean()\nreturn share.sqrt()"}, "no root"),
        ({".sum(dim=(1, 2)).mean()": ".sum()"}, "not by their sum"),
        ("u = torch.nn.functional.normalize(offsets.flatten(1), dim=1)\nreturn u.mean(0).square().sum()", "length one"),
    ],
    "train": [
        ("return mapper(unseen).detach()", "untrained"),
        ({"lambda_l2 * offset.square().mean()": "0.0"}, "too little effect"),
        (UPHILL, "does the loss fall"),
        ({"w + 0.1 * offset": "w"}, "stopped with|untrained|is possible"),
    ],
    "break_even": [
        ("return math.ceil(training / (optimisation - mapper))", "from 11 on"),
        ("return math.floor(training / optimisation) + 1", "from 11 on"),
        ({"if optimisation <= mapper:\n    return math.inf\n": ""}, "never pays|stopped with ZeroDivisionError"),
    ],
    # 06
    "direction": [
        ("return F.normalize(target.mean(0) - neutral.mean(0), dim=0)", "every phrasing"),
        ({"F.normalize(means[0] - means[1], dim=0)": "means[0] - means[1]"}, "length one at the end"),
        ({"means[0] - means[1]": "means[0]"}, "not subtracted"),
        ({"means[0] - means[1]": "means[1] - means[0]"}, "not back"),
    ],
    "beta_for": [
        ({".abs()": ""}, "negative relevance"),
        ("return float(relevance.abs().sort(descending=True).values[channels])", "two are kept|keeps|stopped"),
        ("return 0.1", "two are kept"),
    ],
    "home": [
        ("return channel // widths[0], channel % widths[0]", "same width"),
        ({"channel < width": "channel <= width"}, "< or <="),
        ({"return layer, channel": "return layer + 1, channel + 1"}, "number 1 of layer 1"),
    ],
    "scan": [
        ({"append(before - critic(": "append(critic(", ".mean())": ".mean() - before)"}, "sign is wrong"),
        ({"styles.clone()": "styles"}, "not put back"),
        ({"generator.styles(w_plus)": "generator.styles(w_plus[:1])"}, "Only the first face"),
        ({"+= by": "-= by"}, "do not lower"),
    ],
    "my_edit": [
        ({"3.0": "0.0"}, "came nearer"),
        ({"0.15": "0.999"}, "take a smaller beta"),
        ({"3.0": "-4.0", "0.15": "0.1"}, "came nearer"),
        ({"a face with glasses": "a face", "0.15": "0.1"}, "target"),
        ('return {"text": "a face with glasses"}', "keys"),
    ],
    # 08
    "codes": [
        ("return base[:, None] + torch.cat([torch.zeros_like(base)[:, None], offsets], 1)", "All offsets are in use"),
        ({"[:, 1:stage + 1]": "[:, :stage]"}, "belongs to the second"),
        ({"[:, 1:stage + 1]": "[:, 1:stage]", ":stage]\n": ":max(0, stage - 1)]\n"}, "too few"),
        ({"return": "w_plus[:, stage + 1:] = 0\nreturn"}, "not 0"),
    ],
    "near_w": [
        ({"-logits": "logits"}, "sign of D"),
        ({"1:stage + 1] -": "1:] -"}, "offsets in use"),
        ({"[:, :stage + 1]).mean()": "[:, :stage + 1]).mean(0).sum()"}, "averaged over the s"),
        ({".norm(dim=2)": ".square().sum(2)"}, "root"),
    ],
    "tell_apart": [
        ("return discriminator(unseen).detach()", "untrained"),
        ({"(-logits)": "(logits)", "(discriminator(made))": "(-discriminator(made))"}, "the opposite"),
        ({"gamma / 2 * slope.square().sum(dim=1).mean()": "0.0"}, "too little effect"),
        ({"    optimizer.zero_grad()\n": "    (-loss).backward(retain_graph=True)\n"}, "untrained"),
        ({"create_graph=True": "retain_graph=True"}, "too little effect"),
    ],
    "trend": [
        ({"return": "slope = (losses[-1] - losses[0]) / (len(losses) - 1)\nreturn"}, "first row and the last"),
        ({"(len(losses) - 2)": "len(losses)"}, "divide by n - 2"),
        ({"2 * error": "error"}, "not one"),
        ({" / t.square().sum()).sqrt()": ").sqrt()"}, "standard error is"),
    ],
    # 09
    "patches_loss": [
        ({"torch.where(terms < tau, 0.0, terms)": "terms"}, "tau has no effect"),
        ({"F.normalize(patches, dim=1) - F.normalize(before, dim=0)": "patches - before"}, "pictures' vectors to length one"),
        ({"F.normalize(target.mean(0), dim=0) - F.normalize(source.mean(0), dim=0)": "target.mean(0) - source.mean(0)"},
         "means of the texts"),
        ({"torch.where(terms < tau, 0.0, terms)": "terms[terms >= tau]"}, "over all patches"),
    ],
    "corners": [
        ("rng = torch.Generator().manual_seed(seed)\n"
         "return torch.stack([torch.randint(side - size + 1, (count,), generator=rng) for side in mask.shape], 1)", "out of the mask"),
        ({"inside.nonzero()": "mask.nonzero()"}, "leaves the picture|out of the mask"),
        ({"inside.nonzero()": "inside[:-1, :-1].nonzero()"}, "never drawn"),
        ({"manual_seed(seed)": "manual_seed(0)"}, "Another seed"),
        ({"return": "rows, found = inside.any(1).nonzero()[:, 0], []\nfor row in rows[torch.randint(len(rows), (count,), generator=rng)]:\n"
                    "    columns = inside[row].nonzero()[:, 0]\n"
                    "    found.append(torch.stack([row, columns[torch.randint(len(columns), (1,), generator=rng)][0]]))\n"
                    "return torch.stack(found)\n#"}, "much more often"),
    ],
    "stylise": [
        ("with torch.no_grad():\n    return painter(content)", "untrained"),
        ({" + lambda_c * (y - content).square().mean()": ""}, "lambda_c has too little effect"),
        ({"lambda_tv * (across + down)": "0.0"}, "lambda_tv has too little effect"),
        ({"critic(y).mean()": "-critic(y).mean()"}, "Does the loss"),
        ({"(y - content).square().mean()": "(y - content).square().sum()"}, "a mean, not a sum"),
    ],
    "flicker": [
        ("return (frames[1:] - frames[:-1].roll((down, right), (2, 3))).square().mean()", "roll brings back"),
        ("return (frames[1:] - frames[:-1]).square().mean()", "motion has no effect"),
        ("return (frames[1:] - frames[:-1].roll((-down, -right), (2, 3))).square().mean()", "other way"),
        ({".square()": ".abs()"}, "not absolute"),
    ],
    # 10
    "centred_cosines": [
        ("return F.normalize(images, dim=1) @ F.normalize(texts, dim=1).T", "Nothing is subtracted"),
        ({"F.normalize(F.normalize(vectors, dim=1) - mean, dim=1)": "F.normalize(vectors, dim=1) - mean"}, "length one again"),
        ({"F.normalize(others, dim=1)": "F.normalize(torch.cat([other_images, other_texts]), dim=1)"}, "a mean of its own"),
        ({"F.normalize(others, dim=1)": "others", "F.normalize(vectors, dim=1)": "vectors"}, "length one first"),
    ],
    "codes_for": [
        ({"w_mean = v.mean(dim=0), w.mean(dim=0)": "w_mean = torch.zeros(v.shape[1]), torch.zeros(w.shape[1])"}, "Nothing is centred"),
        ({"ridge * covariance.diagonal().mean()": "ridge"}, "in units of m"),
        ({"return w_mean + ": "return "}, "mean code is missing"),
        ({"(unseen - v_mean)": "unseen"}, "from the unseen ones"),
    ],
    "strength": [
        ({"return high": "return low"}, "upper end"),
        ({"if not true_at(largest):\n    return largest\n": "", "(low, middle) if": "(middle, high) if",
          "else (middle, high)": "else (low, middle)"}, "return `largest`|upper end|farther"),
        ("return largest", "no edit is needed"),
        ({"range(steps)": "range(3)"}, "farther than needed"),
        ({"for _ in range(steps):": "for c in torch.linspace(0, largest, steps + 1).tolist():\n    if true_at(c):\n        return c\n"
                                    "for _ in range(0):"}, "farther than needed"),
        ("for i in range(2 ** steps):\n    if critic(generator.synthesis(w_plus + largest * i / 2 ** steps * offset)) <= goal:\n"
         "        return largest * i / 2 ** steps\nreturn largest", "10 pictures at most"),
    ],
    "share_left": [
        ("return sum((kernel ** 2 * i + i * o) / (kernel ** 2 * i * o) for i, o, h, w in layers) / len(layers)", "large ones count more"),
        ({" * h * w": ""}, "multiplied by its pixels"),
        ({"(kernel**2 * i + i * o)": "i * o"}, "depthwise part is missing"),
    ],
    # 11
    "gap": [
        ("a, b = success[group == 0], success[group == 1]\np, q = a.mean(), b.mean()\n"
         "half = 1.96 * (p * (1 - p) / len(a) + q * (1 - q) / len(b)).sqrt()\nreturn torch.stack([p - q, p - q - half, p - q + half])",
         "textbook's interval"),
        ({"return": "low, high = p - lp + uq - q, up - p + q - lq\nreturn"}, "too far"),
        ({"return": "low, high = ((p - lp)**2 + (q - lq)**2).sqrt(), ((up - p)**2 + (uq - q)**2).sqrt()\nreturn"}, "goes with B's upper"),
        ({"1.96": "1.0"}, "1.96 is missing"),
    ],
    "rake": [
        ("w = torch.ones(len(a))\nfor v in (a, b):\n    w = w / torch.bincount(v)[v]\nreturn w / w.sum()", "balances neither"),
        ({"(a, b)": "(a,)"}, "b has no effect"),
        ({"(a, b)": "(a * (int(b.max()) + 1) + b,)"}, "every combination"),
        ({"range(rounds)": "range(0)"}, "still equal"),
    ],
    "classify": [
        ({"if balanced": "if False"}, "no effect"),
        ({"bincount(group)": "bincount(y)", "[group]": "[y]"}, "not the answers y|should help them|no effect"),
        ({"1 / (counts": "len(x) / (counts"}, "not to N|should help"),
        ({"1 / len(x))": "1.0)"}, "not a sum|more than 85|should help"),
        ({"-= lr": "+= lr"}, "Does the loss fall"),
    ],
    "data_sheet": [
        ({"rarest = min(combinations,": "rarest = min(sorted(c for c in set(here) if None not in c),"}, "nothing is rarer"),
        ({"/ len(known[a])": "/ len(rows)"}, "of the known ones"),
        ({'"n": len(rows)': '"n": min(map(len, known.values()))'}, "n counts all"),
        ({"len(rows) - len(known[a])": "sum(len(rows) - len(k) for k in known.values())"}, "for each attribute"),
        ({"sorted(shares[a])": "sorted(shares[a], reverse=True)"}, "sorted order"),
    ],
    # 12
    "pause": [
        ({"return (retry_after or 0.0) + longest * (1 + u) / 2": "return max(retry_after or 0.0, longest * (1 + u) / 2)"}, "are added"),
        ({" * (1 + u) / 2": ""}, "for u = 0"),
        ({"(1 + u) / 2": "u"}, "half of it"),
        ({"min(looks, 10)": "looks"}, "OverflowError"),
        ({"min(0.1 * 2 ** min(looks, 10), 2.0)": "0.1 * 2 ** min(looks, 10)"}, "beyond 2"),
    ],
    "allow": [
        ({"min(burst, tokens + rate * (now - last))": "tokens + rate * (now - last)"}, "more than burst"),
        ({">= 1": "> 1"}, "exactly one"),
        ("tokens = min(burst, tokens + rate * (now - last))\nreturn tokens >= 1, tokens - 1", "takes no token"),
        ({"(now - last)": "now"}, "time itself"),
        ({"tokens = ": "enough = tokens >= 1\ntokens = ", "if tokens >= 1": "if enough"}, "gains 2"),
    ],
    "receive": [
        ({"(200, number, known) if earlier == request else (422, None, known)": "200, number, known"}, "mistake of the client"),
        ({"known = {name: entry for name, entry in known.items() if now < entry[2]}\n": ""}, "has expired"),
        ({"(200, number, known)": "(200, number, {**known, key: (request, number, now + keep)})"}, "prolong"),
        ("known[key] = (request, job, now + keep)\nreturn 202, job, known", "changes the dictionary"),
    ],
    "serve": [
        ({"len(inside) > queue": "len(inside) >= queue"}, "finds the worker free"),
        ({"        continue\n": ""}, "a wait for each"),
        ({"ends[-1] - now)": "ends[-1] - now - seconds)"}, "of the job itself"),
        ({"end > now": "end >= now"}, "has made room"),
        ({"max([now, *inside])": "now"}, "the second waits"),
        ({"        continue\n": "        ends.append(max([now, *inside]) + seconds)\n        continue\n"}, "takes no worker time"),
    ],
}

MEASURED = {"project", "optimise", "train", "my_edit", "tell_apart", "stylise"}
"""Tasks whose tests train or load something, and take seconds."""
