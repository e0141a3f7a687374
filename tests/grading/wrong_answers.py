"""For each task of each assignment wrong answers that students plausibly give, as bodies of the function, and what they are told."""

from __future__ import annotations

OPTIMISED = """\
w = w_s.clone().requires_grad_()
optimizer = torch.optim.Adam([w], lr=lr)
losses, best = [], w_s
for _ in range(steps):
    loss = critic(generator.synthesis(w)).mean() + lambda_l2 * (w - w_s).square().sum()
    losses.append(loss.item())
    if losses[-1] == min(losses):
        best = w.detach().clone()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
return best, losses"""

PROJECTED = OPTIMISED.replace("w_s", "w_start").replace(
    "critic(generator.synthesis(w)).mean() + lambda_l2 * (w - w_start).square().sum()", "(generator.synthesis(w) - target).square().mean()")

TRAINED = """\
rng = torch.Generator().manual_seed(seed)
optimizer = torch.optim.Adam(mapper.parameters(), lr=lr)
for _ in range(steps):
    w = faces[torch.randint(len(faces), (batch,), generator=rng)]
    offset = mapper(w)
    loss = critic(generator.synthesis(w + 0.1 * offset)).mean() + lambda_l2 * offset.square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    return mapper(unseen)"""

SCANNED = """\
scores = []
with torch.no_grad():
    styles, rgb_styles = generator.styles(w_plus)
    before = critic(generator.from_styles(styles, rgb_styles)).mean()
    for channel in range(styles.shape[1]):
        tried = styles.clone()
        tried[:, channel] += by
        scores.append(before - critic(generator.from_styles(tried, rgb_styles)).mean())
return torch.stack(scores)"""

TOLD_APART = """\
rng = torch.Generator().manual_seed(seed)
optimizer = torch.optim.Adam(discriminator.parameters(), lr=lr)
for _ in range(steps):
    w = real[torch.randint(len(real), (batch,), generator=rng)].clone().requires_grad_()
    made = fake[torch.randint(len(fake), (batch,), generator=rng)]
    logits = discriminator(w)
    slope, = torch.autograd.grad(logits.sum(), w, create_graph=True)
    loss = F.softplus(-logits).mean() + F.softplus(discriminator(made)).mean() + gamma / 2 * slope.square().sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    return discriminator(unseen)"""

SERVED = """\
waits, ends = [], []
for now in arrivals:
    inside = [end for end in ends if end > now]
    if len(inside) > queue:
        waits.append(math.inf)
        continue
    ends.append(max([now, *inside]) + seconds)
    waits.append(ends[-1] - now)
return waits"""

PAINTED = """\
optimizer = torch.optim.Adam(painter.parameters(), lr=lr)
for _ in range(steps):
    y = painter(content)
    tv = (y[..., 1:] - y[..., :-1]).abs().mean() + (y[..., 1:, :] - y[..., :-1, :]).abs().mean()
    loss = critic(y).mean() + lambda_c * (y - content).square().mean() + lambda_tv * tv
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    return painter(content)"""

HALVED = """\
def true_at(c):
    with torch.no_grad():
        return float(critic(generator.synthesis(w_plus + c * offset)).mean()) <= goal
if true_at(0.0):
    return 0.0
if not true_at(largest):
    return largest
low, high = 0.0, largest
for _ in range(steps):
    middle = (low + high) / 2
    low, high = (low, middle) if true_at(middle) else (middle, high)
return high"""

NEWCOMBE = """\
z, found = 1.96, []
for which in (0, 1):
    mine = success[group == which]
    n, p = len(mine), mine.mean()
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2)).sqrt()
    found.append((p, (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)))
(p, lp, up), (q, lq, uq) = found
return torch.stack([p - q, p - q - ((p - lp)**2 + (uq - q)**2).sqrt(), p - q + ((up - p)**2 + (q - lq)**2).sqrt()])"""

CLASSIFIED = """\
n = torch.bincount(group).float()
weights = 1 / (n * len(n))[group] if balanced else torch.full((len(x),), 1 / len(x))
w, b = torch.zeros(x.shape[1], 2, requires_grad=True), torch.zeros(2, requires_grad=True)
for _ in range(steps):
    loss = (weights * F.cross_entropy(x @ w + b, y, reduction="none")).sum()
    for parameter, slope in zip((w, b), torch.autograd.grad(loss, (w, b))):
        parameter.data -= lr * slope
return (unseen @ w + b).detach()"""

SHEET = """\
from itertools import product
known = {a: [r[a] for r in rows if r[a] is not None] for a in attributes}
shares = {a: {v: known[a].count(v) / len(known[a]) for v in set(known[a])} for a in attributes}
here = [tuple(r[a] for a in attributes) for r in rows]
rarest = min(product(*(sorted(shares[a]) for a in attributes)), key=here.count)
return {"n": len(rows), "unknown": {a: len(rows) - len(known[a]) for a in attributes}, "shares": shares,
        "rarest": (rarest, here.count(rarest))}"""

FRAMES = "return torch.linspace(0, 1, frames)"

WRONG: dict[str, list[tuple[str, str]]] = {
    # 01
    "truncate_coarse": [
        ("return w_avg + psi * (w_plus - w_avg)", "All layers are truncated|off by|cutoff"),
        ("return torch.cat([psi * w_plus[:, :cutoff], w_plus[:, cutoff:]], dim=1)", "distance from w_avg"),
        ("return torch.cat([w_plus[:, :cutoff], w_avg + psi * (w_plus[:, cutoff:] - w_avg)], dim=1)", "wrong layers"),
        ("w_plus[:, :cutoff] = w_avg + psi * (w_plus[:, :cutoff] - w_avg)\nreturn w_plus", "changes a tensor that it was given"),
    ],
    "output_std": [
        ("return (styles[:, None, :, None, None] * weight).square().sum((2, 3, 4))", "square root is missing"),
        ("return (styles[:, None, :, None, None] * weight).square().mean((2, 3, 4)).sqrt()", "not the mean"),
        ("return (styles[:, None, :, None, None] * weight).abs().sum((2, 3, 4))", "variances add up"),
        ("return weight.square().sum((1, 2, 3)).sqrt()", "returned shape"),
    ],
    "path_length": [
        ("at = t[:, None, None]\na_, b_ = (generator.synthesis(torch.lerp(a, b, x)) for x in (at, at + epsilon))\n"
         "return (a_ - b_).square().mean() / epsilon", "epsilon squared"),
        ("at = t[:, None, None]\na_, b_ = (generator.synthesis(torch.lerp(a, b, x)) for x in (at, at + epsilon))\n"
         "return (a_ - b_).square().mean()", "division by epsilon"),
        ("e = torch.full_like(t, epsilon)[:, None, None]\na_, b_ = generator.synthesis(a), generator.synthesis(torch.lerp(a, b, e))\n"
         "return (a_ - b_).square().mean() / epsilon ** 2", "t has no effect"),
        ("at = t[:, None, None]\na_, b_ = (generator.synthesis(torch.lerp(a, b, x)) for x in (at, at + epsilon))\n"
         "return (a_ - b_).square().sum((1, 2, 3)).mean() / epsilon ** 2", "not a sum"),
    ],
    "psi_for": [
        ("full = generator.synthesis(w_plus).std(dim=0).mean()\nreturn float(variety / full)", "in proportion"),
        ("return 0.7", "off by"),
        ("return variety", "between 0 and 1"),
    ],
    # 02
    "masked_psnr": [
        ("return -10 * (((a - b) / 2).square() * mask).mean((1, 2, 3)).log10()", "inside the mask"),
        ("return -10 * ((((a - b) / 2).square() * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3))).log10()", "three colours"),
        ("return -10 * (((a - b).square() * mask).sum((1, 2, 3)) / (3 * mask.sum((1, 2, 3)))).log10()", "peak is 2"),
    ],
    "similarity": [
        ("return torch.linalg.lstsq(torch.cat([p, torch.ones(len(p), 1)], 1), q).solution.T", "shears and stretches"),
        ("return torch.cat([torch.eye(2), (q - p).mean(0)[:, None]], 1)", "only moves"),
        ("x, y = q.T\no, z = torch.ones_like(x), torch.zeros_like(x)\n"
         "r = torch.cat([torch.stack([x, -y, o, z], 1), torch.stack([y, x, z, o], 1)])\n"
         "a, b, s, t = torch.linalg.lstsq(r, p.T.reshape(-1, 1)).solution[:, 0]\n"
         "return torch.stack([torch.stack([a, -b, s]), torch.stack([b, a, t])])", "swapped"),
    ],
    "project": [
        ("return w_start, [0.0] * steps", "one at the start"),
        (PROJECTED.replace("loss.item()", "loss.detach()"), "plain numbers"),
        (PROJECTED.replace(".square().mean()", ".square().sum()"), "over all pixels"),
        (PROJECTED.replace("    loss.backward()", "    (-loss).backward()"), "does not fall|one at the start"),
        (PROJECTED.replace("return best, losses", "return (w + 1).detach(), losses"), "return the best"),
    ],
    "distance_to_w": [
        ("return w_plus.std(dim=1).mean(dim=1)", "off by"),
        ("return (w_plus - w_plus[:, :1]).square().sum(2).mean(1).sqrt()", "not from the first one"),
        ("return (w_plus - w_plus.mean(1, keepdim=True)).square().sum(2).mean(1)", "root is missing"),
        ("return (w_plus - w_plus.mean(1, keepdim=True)).square().mean((1, 2)).sqrt()", "sum over the numbers"),
    ],
    # 03
    "sheet": [
        ("return torch.lerp(torch.lerp(corners[0], corners[1], v), torch.lerp(corners[2], corners[3], v), u)[None]", "swapped"),
        ("return torch.lerp(corners[0], corners[3], (u + v) / 2)[None]", "off by"),
        ("u, v = min(max(u, 0), 1), min(max(v, 0), 1)\n"
         "return torch.lerp(torch.lerp(corners[0], corners[1], u), torch.lerp(corners[2], corners[3], u), v)[None]", "cut off"),
        ("return torch.lerp(torch.lerp(corners[0], corners[1], u), torch.lerp(corners[2], corners[3], u), v)", "returned shape"),
    ],
    "tour": [
        ("i = min(int(t), len(codes) - 2)\nreturn torch.lerp(codes[i], codes[i + 1], t - i)[None]", "straight"),
        ("n = len(codes)\ni = min(int(t), n - 2)\ns = t - i\np0, p1, p2, p3 = (codes[k % n] for k in (i - 1, i, i + 1, i + 2))\n"
         "return (2*p1 + (p2-p0)*s + (2*p0-5*p1+4*p2-p3)*s**2 + (3*p1-p0-3*p2+p3)*s**3)[None] / 2", "no circle"),
        ("n = len(codes)\ni = int(t)\ns = t - i\np0, p1, p2, p3 = (codes[min(max(k, 0), n - 1)] for k in (i - 1, i, i + 1, i + 2))\n"
         "return (2*p1 + (p2-p0)*s + (2*p0-5*p1+4*p2-p3)*s**2 + (3*p1-p0-3*p2+p3)*s**3)[None]", "factor 1/2"),
    ],
    "shares": [
        ("return torch.linalg.lstsq(codes.T, w[:, None]).solution[:, 0]", "sum to 1"),
        ("a = torch.linalg.lstsq(codes.T, w[:, None]).solution[:, 0]\nreturn a / a.sum()", "afterwards"),
        ("return torch.softmax(codes @ w, 0)", "similarities"),
        ("r = torch.linalg.lstsq((codes[1:] - codes[0]).T, (w - codes[0])[:, None]).solution[:, 0]\n"
         "a = torch.cat([1 - r.sum()[None], r]).clamp(min=0)\nreturn a / a.sum()", "Negative shares"),
    ],
    "even_frames": [
        (FRAMES, "times the smallest"),
        ("return torch.linspace(0, 1, frames) ** 2", "times the smallest"),
        ("w = torch.linspace(0, 1, frames)\nx = generator.synthesis(torch.lerp(w_a, w_b, w[:, None, None]))\n"
         "s = x.diff(dim=0).square().mean((1, 2, 3)).sqrt()\nreturn torch.cat([torch.zeros(1), s.cumsum(0)]) / s.sum()",
         "times the smallest"),
        ("return torch.full((frames,), 1 / frames)", "first weight is 0"),
    ],
    # 04
    "texts_loss": [
        ("return ((1 - views @ texts.T) * weights / weights.sum()).sum(1).mean()", "length one"),
        ("c = F.normalize(views, dim=1) @ F.normalize(texts, dim=1).T\nreturn ((1 - c) * weights).sum(1).mean()", "by their sum"),
        ("c = F.normalize(views, dim=1) @ F.normalize(texts, dim=1).T\nreturn (1 - c).mean()", "weights have no effect"),
        ("c = F.normalize(views, dim=1) @ F.normalize(texts, dim=1).T\nreturn (c * weights / weights.sum()).sum(1).mean()", "has to fall"),
    ],
    "directional_loss": [
        ("return (1 - after @ target).mean()", "Nothing is subtracted"),
        ("return (1 - (after - before) @ (target - source)).mean()", "length one"),
        ("return (1 - F.cosine_similarity(after - before, (source - target)[None], dim=1)).mean()", "wrong way"),
    ],
    "optimise": [
        ("return w_s, [1.0] * steps", "one at the start"),
        (OPTIMISED.replace(" + lambda_l2 * (w - w_s).square().sum()", ""), "too little effect|distance"),
        (OPTIMISED.replace(".square().sum()", ".square().mean()"), "sum of squares|too little effect"),
        (OPTIMISED.replace("    loss.backward()", "    (-loss).backward()"), "does not fall|one at the start"),
        (OPTIMISED.replace("(w - w_s)", "w"), "at w_s the distance is 0"),
    ],
    "choose": [
        ('return max(rows, key=lambda r: r["success"])["lambda_l2"]', "does not keep"),
        ('return max(rows, key=lambda r: r["identity"])["lambda_l2"]', "higher success"),
        ('return max((r for r in rows if r["identity"] >= least), key=lambda r: r["success"])["lambda_l2"]', "higher identity|stopped"),
        ('k = [r for r in rows if r["identity"] > least] or rows\nreturn max(k, key=lambda r: (r["success"], r["identity"]))["lambda_l2"]',
         "exactly"),
    ],
    # 05
    "moved": [
        ("x = w_plus.clone()\nfor o, s in ((coarse, slice(0, 4)), (middle, slice(4, 8)), (fine, slice(8, None))):\n"
         "    if o is not None: x[:, s] += o\nreturn x", "factor 0.1"),
        ("x = torch.zeros_like(w_plus)\nfor o, s in ((coarse, slice(0, 4)), (middle, slice(4, 8)), (fine, slice(8, None))):\n"
         "    if o is not None: x[:, s] = w_plus[:, s] + 0.1 * o\nreturn x", "switched off"),
        ("return w_plus + 0.1 * torch.cat([coarse, middle, fine], dim=1)", "stopped with TypeError"),
        ("for o, s in ((coarse, slice(0, 4)), (middle, slice(4, 8)), (fine, slice(8, None))):\n"
         "    if o is not None: w_plus[:, s] += 0.1 * o\nreturn w_plus", "changes a tensor"),
    ],
    "common_share": [
        ("return (offsets.mean(0).square().sum() / offsets.square().sum((1, 2)).mean()).sqrt()", "no root"),
        ("return offsets.mean(0).square().sum() / offsets.square().sum()", "not by their sum"),
        ("u = torch.nn.functional.normalize(offsets.flatten(1), dim=1)\nreturn u.mean(0).square().sum()", "length one"),
    ],
    "train": [
        ("return mapper(unseen).detach()", "untrained"),
        (TRAINED.replace(" + lambda_l2 * offset.square().mean()", ""), "too little effect"),
        (TRAINED.replace("    loss.backward()", "    (-loss).backward()"), "does the loss fall"),
        (TRAINED.replace("w + 0.1 * offset", "w"), "stopped with|untrained|is possible"),
    ],
    "break_even": [
        ("return math.ceil(training / (optimisation - mapper))", "from 11 on"),
        ("return math.floor(training / optimisation) + 1", "from 11 on"),
        ("return math.floor(training / (optimisation - mapper)) + 1", "never pays|stopped with ZeroDivisionError"),
    ],
    # 06
    "direction": [
        ("return F.normalize(target.mean(0) - neutral.mean(0), dim=0)", "every phrasing"),
        ("x, y = (F.normalize(F.normalize(v, dim=1).mean(0), dim=0) for v in (target, neutral))\nreturn x - y",
         "length one at the end"),
        ("return F.normalize(F.normalize(target, dim=1).mean(0), dim=0)", "not subtracted"),
        ("x, y = (F.normalize(F.normalize(v, dim=1).mean(0), dim=0) for v in (target, neutral))\nreturn F.normalize(y - x, dim=0)",
         "not back"),
    ],
    "beta_for": [
        ("return float(relevance.sort(descending=True).values[channels - 1])", "negative relevance"),
        ("return float(relevance.abs().sort(descending=True).values[channels])", "two are kept|keeps|stopped"),
        ("return 0.1", "two are kept"),
    ],
    "home": [
        ("return channel // widths[0], channel % widths[0]", "same width"),
        ("for i, w in enumerate(widths):\n    if channel <= w: return i, channel\n    channel -= w", "< or <="),
        ("for i, w in enumerate(widths):\n    if channel < w: return i + 1, channel + 1\n    channel -= w", "number 1 of layer 1"),
    ],
    "scan": [
        (SCANNED.replace("before - critic(generator.from_styles(tried, rgb_styles)).mean()",
                         "critic(generator.from_styles(tried, rgb_styles)).mean() - before"), "sign is wrong"),
        (SCANNED.replace("tried = styles.clone()", "tried = styles"), "not put back"),
        (SCANNED.replace("generator.styles(w_plus)", "generator.styles(w_plus[:1])"), "Only the first face"),
        (SCANNED.replace("+= by", "-= by"), "do not lower"),
    ],
    "my_edit": [
        ('return {"target": "a face with glasses", "neutral": "a face", "alpha": 0.0, "beta": 0.15}', "came nearer"),
        ('return {"target": "a face with glasses", "neutral": "a face", "alpha": 3.0, "beta": 0.999}', "take a smaller beta"),
        ('return {"target": "a face with glasses", "neutral": "a face", "alpha": -4.0, "beta": 0.1}', "came nearer"),
        ('return {"target": "a face", "neutral": "a face", "alpha": 3.0, "beta": 0.1}', "target"),
        ('return {"text": "a face with glasses"}', "keys"),
    ],
    # 08
    "codes": [
        ("return base[:, None] + torch.cat([torch.zeros_like(base)[:, None], offsets], 1)", "All offsets are in use"),
        ("w = base[:, None].repeat(1, offsets.shape[1] + 1, 1)\nw[:, :stage] += offsets[:, :stage]\nreturn w", "belongs to the second"),
        ("w = base[:, None].repeat(1, offsets.shape[1] + 1, 1)\nw[:, 1:stage] += offsets[:, :max(0, stage - 1)]\nreturn w", "too few"),
        ("w = torch.zeros(len(base), offsets.shape[1] + 1, base.shape[1])\nw[:, 0] = base\n"
         "w[:, 1:stage + 1] = base[:, None] + offsets[:, :stage]\nreturn w", "not 0"),
    ],
    "near_w": [
        ("d = (w_plus[:, 1:stage + 1] - w_plus[:, :1]).norm(dim=2).mean(0).sum()\n"
         "return lambda_delta * d + lambda_adv * F.softplus(logits[:, :stage + 1]).mean()", "sign of D"),
        ("d = (w_plus[:, 1:] - w_plus[:, :1]).norm(dim=2).mean(0).sum()\n"
         "return lambda_delta * d + lambda_adv * F.softplus(-logits[:, :stage + 1]).mean()", "offsets in use"),
        ("d = (w_plus[:, 1:stage + 1] - w_plus[:, :1]).norm(dim=2).mean(0).sum()\n"
         "return lambda_delta * d + lambda_adv * F.softplus(-logits[:, :stage + 1]).mean(0).sum()", "averaged over the s"),
        ("d = (w_plus[:, 1:stage + 1] - w_plus[:, :1]).square().sum(2).mean(0).sum()\n"
         "return lambda_delta * d + lambda_adv * F.softplus(-logits[:, :stage + 1]).mean()", "root"),
    ],
    "tell_apart": [
        ("return discriminator(unseen).detach()", "untrained"),
        (TOLD_APART.replace("(-logits)", "(logits)").replace("(discriminator(made))", "(-discriminator(made))"), "the opposite"),
        (TOLD_APART.replace(" + gamma / 2 * slope.square().sum(1).mean()", ""), "too little effect"),
        (TOLD_APART.replace("    optimizer.zero_grad()\n", "    (-loss).backward(retain_graph=True)\n"), "untrained"),
        (TOLD_APART.replace("create_graph=True", "retain_graph=True"), "too little effect"),
    ],
    "trend": [
        ("b = (losses[-1] - losses[0]) / (len(losses) - 1)\nt = torch.arange(len(losses)) - (len(losses) - 1) / 2\n"
         "c = (t * losses).sum() / t.square().sum()\n"
         "s = ((losses - losses.mean() - c * t).square().sum() / (len(losses) - 2) / t.square().sum()).sqrt()\n"
         "return torch.stack([b, b - 2 * s, b + 2 * s])", "from the first row to the last"),
        ("t = torch.arange(len(losses)) - (len(losses) - 1) / 2\nb = (t * losses).sum() / t.square().sum()\n"
         "s = ((losses - losses.mean() - b * t).square().sum() / len(losses) / t.square().sum()).sqrt()\n"
         "return torch.stack([b, b - 2 * s, b + 2 * s])", "divide by n - 2"),
        ("t = torch.arange(len(losses)) - (len(losses) - 1) / 2\nb = (t * losses).sum() / t.square().sum()\n"
         "s = ((losses - losses.mean() - b * t).square().sum() / (len(losses) - 2) / t.square().sum()).sqrt()\n"
         "return torch.stack([b, b - s, b + s])", "not one"),
        ("t = torch.arange(len(losses)) - (len(losses) - 1) / 2\nb = (t * losses).sum() / t.square().sum()\n"
         "s = ((losses - losses.mean() - b * t).square().sum() / (len(losses) - 2)).sqrt()\n"
         "return torch.stack([b, b - 2 * s, b + 2 * s])", "standard error is"),
    ],
    # 09
    "patches_loss": [
        ("wanted = F.normalize(target.mean(0), dim=0) - F.normalize(source.mean(0), dim=0)\n"
         "moved = F.normalize(patches, dim=1) - F.normalize(before, dim=0)\n"
         "return (1 - F.cosine_similarity(moved, wanted[None], dim=1)).mean()", "tau has no effect"),
        ("wanted = F.normalize(target.mean(0), dim=0) - F.normalize(source.mean(0), dim=0)\n"
         "terms = 1 - F.cosine_similarity(patches - before, wanted[None], dim=1)\n"
         "return torch.where(terms < tau, 0.0, terms).mean()", "pictures' vectors to length one"),
        ("wanted = target.mean(0) - source.mean(0)\nmoved = F.normalize(patches, dim=1) - F.normalize(before, dim=0)\n"
         "terms = 1 - F.cosine_similarity(moved, wanted[None], dim=1)\nreturn torch.where(terms < tau, 0.0, terms).mean()",
         "means of the texts"),
        ("wanted = F.normalize(target.mean(0), dim=0) - F.normalize(source.mean(0), dim=0)\n"
         "moved = F.normalize(patches, dim=1) - F.normalize(before, dim=0)\n"
         "terms = 1 - F.cosine_similarity(moved, wanted[None], dim=1)\nreturn terms[terms >= tau].mean()", "over all patches"),
    ],
    "corners": [
        ("rng = torch.Generator().manual_seed(seed)\nh, w = mask.shape\n"
         "return torch.stack([torch.randint(side - size + 1, (count,), generator=rng) for side in (h, w)], 1)",
         "out of the mask"),
        ("places = mask.nonzero()\nrng = torch.Generator().manual_seed(seed)\n"
         "return places[torch.randint(len(places), (count,), generator=rng)]", "leaves the picture|out of the mask"),
        ("inside = F.avg_pool2d(mask[None, None], size, stride=1)[0, 0] > 0.99\nplaces = inside[:-1, :-1].nonzero()\n"
         "rng = torch.Generator().manual_seed(seed)\nreturn places[torch.randint(len(places), (count,), generator=rng)]", "never drawn"),
        ("inside = F.avg_pool2d(mask[None, None], size, stride=1)[0, 0] > 0.99\nplaces = inside.nonzero()\n"
         "rng = torch.Generator().manual_seed(0)\nreturn places[torch.randint(len(places), (count,), generator=rng)]", "Another seed"),
        ("inside = F.avg_pool2d(mask[None, None], size, stride=1)[0, 0] > 0.99\nrng = torch.Generator().manual_seed(seed)\n"
         "rows = inside.any(1).nonzero()[:, 0]\nfound = []\nfor _ in range(count):\n"
         "    row = rows[torch.randint(len(rows), (1,), generator=rng)]\n    columns = inside[row[0]].nonzero()[:, 0]\n"
         "    found.append(torch.stack([row[0], columns[torch.randint(len(columns), (1,), generator=rng)][0]]))\n"
         "return torch.stack(found)", "much more often"),
    ],
    "stylise": [
        ("with torch.no_grad():\n    return painter(content)", "untrained"),
        (PAINTED.replace(" + lambda_c * (y - content).square().mean()", ""), "lambda_c has too little effect"),
        (PAINTED.replace(" + lambda_tv * tv", ""), "lambda_tv has too little effect"),
        (PAINTED.replace("critic(y).mean()", "-critic(y).mean()"), "Does the loss"),
        (PAINTED.replace("(y - content).square().mean()", "(y - content).square().sum()"), "a mean, not a sum"),
    ],
    "flicker": [
        ("return (frames[1:] - frames[:-1].roll((down, right), (2, 3))).square().mean()", "roll brings back"),
        ("return (frames[1:] - frames[:-1]).square().mean()", "motion has no effect"),
        ("return (frames[1:] - frames[:-1].roll((-down, -right), (2, 3))).square().mean()", "other way"),
        ("h, w = frames.shape[2:]\nd, r = down, right\n"
         "a = frames[:-1, :, max(0, -d):h - max(0, d), max(0, -r):w - max(0, r)]\n"
         "b = frames[1:, :, max(0, d):h - max(0, -d), max(0, r):w - max(0, -r)]\nreturn (a - b).abs().mean()", "not absolute"),
    ],
    # 10
    "centred_cosines": [
        ("return F.normalize(images, dim=1) @ F.normalize(texts, dim=1).T", "Nothing is subtracted"),
        ("x, y, xs, ys = (F.normalize(v, dim=1) for v in (images, texts, other_images, other_texts))\n"
         "return (x - xs.mean(0)) @ (y - ys.mean(0)).T", "length one again"),
        ("m = F.normalize(torch.cat([other_images, other_texts]), dim=1).mean(0)\n"
         "x, y = (F.normalize(F.normalize(v, dim=1) - m, dim=1) for v in (images, texts))\nreturn x @ y.T", "a mean of its own"),
        ("x, y = F.normalize(images - other_images.mean(0), dim=1), F.normalize(texts - other_texts.mean(0), dim=1)\nreturn x @ y.T",
         "length one first"),
    ],
    "codes_for": [
        ("a = torch.linalg.solve(v.T @ v + ridge * (v.T @ v).diagonal().mean() * torch.eye(v.shape[1]), v.T @ w)\nreturn unseen @ a",
         "Nothing is centred"),
        ("x, y = v - v.mean(0), w - w.mean(0)\nc = x.T @ x\n"
         "return w.mean(0) + (unseen - v.mean(0)) @ torch.linalg.solve(c / len(v) + ridge * torch.eye(v.shape[1]), x.T @ y / len(v))",
         "in units of m"),
        ("x, y = v - v.mean(0), w - w.mean(0)\nc = x.T @ x\nc = c + ridge * c.diagonal().mean() * torch.eye(v.shape[1])\n"
         "return (unseen - v.mean(0)) @ torch.linalg.solve(c, x.T @ y)", "mean code is missing"),
        ("x, y = v - v.mean(0), w - w.mean(0)\nc = x.T @ x\nc = c + ridge * c.diagonal().mean() * torch.eye(v.shape[1])\n"
         "return w.mean(0) + unseen @ torch.linalg.solve(c, x.T @ y)", "from the unseen ones"),
    ],
    "strength": [
        (HALVED.replace("return high", "return low"), "upper end"),
        (HALVED.replace("if not true_at(largest):\n    return largest\n", "").replace("(low, middle) if", "(middle, high) if").replace(
            "else (middle, high)", "else (low, middle)"), "return `largest`|upper end|farther"),
        ("return largest", "needs no edit"),
        (HALVED.replace("range(steps)", "range(3)"), "farther than needed"),
        (HALVED.replace("low, high = 0.0, largest\nfor _ in range(steps):\n    middle = (low + high) / 2\n"
                        "    low, high = (low, middle) if true_at(middle) else (middle, high)\nreturn high",
                        "for i in range(1, steps + 1):\n    if true_at(largest * i / steps):\n        return largest * i / steps"),
         "farther than needed"),
        ("for i in range(2 ** steps):\n    if critic(generator.synthesis(w_plus + largest * i / 2 ** steps * offset)) <= goal:\n"
         "        return largest * i / 2 ** steps\nreturn largest", "10 pictures at most"),
    ],
    "share_left": [
        ("return sum((kernel ** 2 * i + i * o) / (kernel ** 2 * i * o) for i, o, h, w in layers) / len(layers)", "large ones count more"),
        ("return sum(kernel ** 2 * i + i * o for i, o, h, w in layers) / sum(kernel ** 2 * i * o for i, o, h, w in layers)",
         "multiplied by its pixels"),
        ("return sum(i * o * h * w for i, o, h, w in layers) / sum(kernel ** 2 * i * o * h * w for i, o, h, w in layers)",
         "depthwise part is missing"),
    ],
    # 11
    "gap": [
        ("a, b = success[group == 0], success[group == 1]\np, q = a.mean(), b.mean()\n"
         "half = 1.96 * (p * (1 - p) / len(a) + q * (1 - q) / len(b)).sqrt()\nreturn torch.stack([p - q, p - q - half, p - q + half])",
         "textbook's interval"),
        (NEWCOMBE.replace("((p - lp)**2 + (uq - q)**2).sqrt()", "(p - lp) - (uq - q)").replace("((up - p)**2 + (q - lq)**2).sqrt()",
                                                                                            "(up - p) + (q - lq)"), "too far"),
        (NEWCOMBE.replace("(p - lp)**2 + (uq - q)**2", "(p - lp)**2 + (q - lq)**2").replace("(up - p)**2 + (q - lq)**2).sqrt()])",
                                                                                           "(up - p)**2 + (uq - q)**2).sqrt()])"),
         "goes with B's upper"),
        (NEWCOMBE.replace("z, found = 1.96", "z, found = 1.0"), "1.96 is missing"),
    ],
    "rake": [
        ("w = torch.ones(len(a))\nfor v in (a, b):\n    w = w / torch.bincount(v)[v]\nreturn w / w.sum()", "balances neither"),
        ("w = torch.full((len(a),), 1 / len(a))\nt = torch.bincount(a)\nreturn 1 / (t * len(t))[a]", "b has no effect"),
        ("pair = a * (int(b.max()) + 1) + b\nw = 1 / torch.bincount(pair)[pair]\nreturn w / w.sum()", "every combination"),
        ("return torch.full((len(a),), 1 / len(a))", "still equal"),
    ],
    "classify": [
        (CLASSIFIED.replace("if balanced else torch.full((len(x),), 1 / len(x))", "if False else torch.full((len(x),), 1 / len(x))"),
         "no effect"),
        (CLASSIFIED.replace("n = torch.bincount(group)", "n = torch.bincount(y)").replace("(n * len(n))[group]", "(n * len(n))[y]"),
         "not the answers y|should help them|no effect"),
        (CLASSIFIED.replace("1 / (n * len(n))[group] if", "len(x) / (n * len(n))[group] if"), "not to N|should help"),
        (CLASSIFIED.replace("torch.full((len(x),), 1 / len(x))", "torch.ones(len(x))"), "not a sum|more than 85|should help"),
        (CLASSIFIED.replace("-= lr", "+= lr"), "Does the loss fall"),
    ],
    "data_sheet": [
        (SHEET.replace("product(*(sorted(shares[a]) for a in attributes))", "sorted(c for c in set(here) if None not in c)"),
         "nobody is rarer"),
        (SHEET.replace("len(known[a]) for v", "len(rows) for v"), "of those that are known"),
        (SHEET.replace('"n": len(rows)', '"n": min(map(len, known.values()))'), "n counts all"),
        (SHEET.replace("len(rows) - len(known[a])", "sum(len(rows) - len(k) for k in known.values())"), "attribute by"),
        (SHEET.replace("sorted(shares[a])", "sorted(shares[a], reverse=True)"), "order of sorting"),
    ],
    # 12
    "pause": [
        ("return max(retry_after or 0.0, min(0.1 * 2 ** min(looks, 10), 2.0) * (1 + u) / 2)", "are added"),
        ("return (retry_after or 0.0) + min(0.1 * 2 ** looks, 2.0)", "for u = 0"),
        ("return (retry_after or 0.0) + min(0.1 * 2 ** min(looks, 10), 2.0) * u", "half of it"),
        ("return (retry_after or 0.0) + min(0.1 * 2 ** looks, 2.0) * (1 + u) / 2", "OverflowError"),
        ("return (retry_after or 0.0) + 0.1 * 2 ** min(looks, 10) * (1 + u) / 2", "beyond 2"),
    ],
    "allow": [
        ("tokens += rate * (now - last)\nreturn (True, tokens - 1) if tokens >= 1 else (False, tokens)", "more than burst"),
        ("tokens = min(burst, tokens + rate * (now - last))\nreturn tokens > 1, tokens - 1 if tokens > 1 else tokens", "exactly one"),
        ("tokens = min(burst, tokens + rate * (now - last))\nreturn tokens >= 1, tokens - 1", "keeps the tokens"),
        ("tokens = min(burst, tokens + rate * now)\nreturn (True, tokens - 1) if tokens >= 1 else (False, tokens)", "time itself"),
        ("if tokens < 1:\n    return False, min(burst, tokens + rate * (now - last))\n"
         "return True, min(burst, tokens + rate * (now - last)) - 1", "gains 2"),
    ],
    "receive": [
        ("if key in known:\n    return 200, known[key][1], known\nreturn 202, job, {**known, key: (request, job, now + keep)}",
         "mistake of the client"),
        ("if key not in known:\n    return 202, job, {**known, key: (request, job, now + keep)}\n"
         "return (200, known[key][1], known) if known[key][0] == request else (422, None, known)", "has ended"),
        ("k = {n: e for n, e in known.items() if now < e[2]}\nold = k.get(key)\nk[key] = (request, old[1] if old else job, now + keep)\n"
         "if old and old[0] != request: return 422, None, {**k, key: old}\nreturn (200 if old else 202), k[key][1], k", "prolong"),
        ("known[key] = (request, job, now + keep)\nreturn 202, job, known", "changes the dictionary"),
    ],
    "serve": [
        (SERVED.replace("len(inside) > queue", "len(inside) >= queue"), "finds the worker free"),
        (SERVED.replace("        continue\n", ""), "a wait for each"),
        (SERVED.replace("ends[-1] - now)", "ends[-1] - now - seconds)"), "for the job itself"),
        (SERVED.replace("end > now", "end >= now"), "has made room"),
        (SERVED.replace("max([now, *inside])", "now"), "the second waits"),
        (SERVED.replace("        continue\n", "        ends.append(max([now, *inside]) + seconds)\n        continue\n"), "takes no time"),
    ],
}

MEASURED = {"project", "optimise", "train", "my_edit", "tell_apart", "stylise"}
"""Tasks whose tests train or load something, and take seconds."""
