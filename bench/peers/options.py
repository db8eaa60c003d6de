"""One option of training against the same run without it, in PyTorch, before it is built into Ondo.

    python bench/peers/options.py TEXT [name=value ...] >> options.jsonl

Two LSTM layers, truncated BPTT with carried state, AdamW, warm-up and cosine, the tail of the text
held out: Ondo's training, with options that Ondo need not have. Prints one line of JSON with the
validation loss at the end, of the weights and of two running averages of them. One thread.
docs/results.md, "Options that were measured", has the table.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

OPTIONS = {
    "symbols": 0,  # of the text that are used; 0 all
    "holdout": 0.25,
    "seed": 1,
    "H": 80,
    "E": 0,  # 0: one-hot
    "B": 10,
    "T": 50,
    "epochs": 20,
    "rate": 8e-3,
    "floor": 0.02,
    "warmup": 100,
    "schedule": "cosine",  # or const
    "clip": 1.0,
    "decay": 0.01,
    "spare": 0,  # 1: the embedding does not decay
    "dropout": 0.0,  # behind each layer
    "held": 0,  # 1: the same mask at all steps of a stretch (Gal & Ghahramani 2016)
    "weightdrop": 0.0,  # of the recurrent weights (Merity et al. 2018)
    "norm": 0,  # 1: layer normalisation of each layer's output (Ba et al. 2016)
    "input": 1.0,  # the input weights of layer 0 at the start, as a multiple of +-1/sqrt(H)
    "residual": 0,  # 1: the second layer's input is added to its output
    "tied": 0,  # 1: head and embedding share their weights (E = H)
    "initial": 0,  # 1: a learned initial state
    "smooth": 0.0,  # label smoothing
    "noise": 0.0,  # eta of gradient noise (Neelakantan et al. 2015)
    "ar": 0.0,  # activation regularisation, and temporal (Merity et al. 2017)
    "tar": 0.0,
}
AVERAGES = (0.99, 0.998)
LAYERS = 2

o = dict(OPTIONS)
for word in sys.argv[2:]:
    key, value = word.split("=")
    o[key] = type(OPTIONS[key])(value)
H, E, B, T = o["H"], o["E"], o["B"], o["T"]

torch.set_num_threads(1)
torch.manual_seed(o["seed"])
with open(sys.argv[1], encoding="utf8") as file:
    text = file.read()[: o["symbols"] or None]
place = {symbol: i for i, symbol in enumerate(sorted(set(text)))}
V = len(place)
ids = torch.tensor([place[symbol] for symbol in text])
held = int(len(ids) * o["holdout"])
first = len(ids) - held
batches = (first - 1) // (B * T)
starts = torch.arange(B) * (batches * T)
streams = min(50, (held - 1) // (T * 10))
each = (held - 1) // streams
held_starts = first + torch.arange(streams) * each


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        if E:
            self.embedding = nn.Embedding(V, E)
        self.layers = nn.ModuleList([nn.LSTM(H if k else E or V, H) for k in range(LAYERS)])
        self.norms = nn.ModuleList([nn.LayerNorm(H) for _ in range(LAYERS)]) if o["norm"] else None
        self.layers[0].weight_ih_l0.data.mul_(o["input"])
        self.head = nn.Linear(H, V)
        if o["initial"]:
            self.start = nn.Parameter(torch.zeros(2, LAYERS, H))
        if o["tied"]:
            nn.init.normal_(self.embedding.weight, 0, H**-0.5)
            self.head.weight = self.embedding.weight
        else:
            nn.init.uniform_(self.head.weight, -(H**-0.5), H**-0.5)
        self.head.bias.data.zero_()
        for layer in self.layers:
            layer.bias_ih_l0.data.zero_()[H : 2 * H] = 1
            layer.bias_hh_l0.data.zero_()

    def first_state(self, streams):
        at = self.start if o["initial"] else torch.zeros(2, LAYERS, H)
        return [tuple(at[i, k].expand(1, streams, H).contiguous() for i in (0, 1)) for k in range(LAYERS)]

    def dropped(self, x):
        if not self.training or o["dropout"] == 0:
            return x
        mask = torch.rand((1, *x.shape[1:]) if o["held"] else x.shape) >= o["dropout"]
        return x * mask / (1 - o["dropout"])

    def forward(self, x, state):
        below = self.embedding(x) if E else F.one_hot(x, V).float()
        after = []
        for k, layer in enumerate(self.layers):
            if self.training and o["weightdrop"]:
                weights = [
                    layer.weight_ih_l0,
                    F.dropout(layer.weight_hh_l0, o["weightdrop"]),
                    layer.bias_ih_l0,
                    layer.bias_hh_l0,
                ]
                raw, h, c = torch._VF.lstm(below, state[k], weights, True, 1, 0.0, True, False, False)
            else:
                raw, (h, c) = layer(below, state[k])
            out = raw + below if o["residual"] and k else raw
            below = self.dropped(self.norms[k](out) if self.norms else out)
            after.append((h.detach(), c.detach()))
        return self.head(below), after, raw, below


net = Net()
named = list(net.named_parameters())
decays = [p for n, p in named if p.dim() > 1 and n != "start" and not (o["spare"] and n.startswith("embedding"))]
spared = [p for _, p in named if not any(p is q for q in decays)]
optimizer = torch.optim.AdamW(
    [{"params": decays, "weight_decay": o["decay"]}, {"params": spared, "weight_decay": 0.0}],
    lr=o["rate"],
    betas=(0.9, 0.99),
)
params = [p for _, p in named]
averages = {decay: [p.detach().clone() for p in params] for decay in AVERAGES}
steps = batches * o["epochs"]


def rate(step):
    warm = min(1, step / max(1, o["warmup"]))
    wave = 0.5 * (1 + math.cos(math.pi * step / steps)) if o["schedule"] == "cosine" else 1
    return o["rate"] * warm * (o["floor"] + (1 - o["floor"]) * wave)


@torch.no_grad()
def validation(weights=None):
    own = [p.detach().clone() for p in params]
    if weights:
        for p, w in zip(params, weights):
            p.copy_(w)
    net.eval()
    state, total, count = net.first_state(streams), 0.0, 0
    for at in range(0, each, 250):
        rows = held_starts[None] + at + torch.arange(min(250, each - at))[:, None]
        logits, state, _, _ = net(ids[rows], state)
        total += F.cross_entropy(logits.flatten(0, 1), ids[rows + 1].flatten(), reduction="sum").item()
        count += rows.numel()
    net.train()
    for p, w in zip(params, own):
        p.copy_(w)
    return round(total / count, 4)


began = time.time()
curve, smoothed, step = [], None, 0
for _ in range(o["epochs"]):
    state = net.first_state(B)
    for batch in range(batches):
        step += 1
        rows = starts[None] + batch * T + torch.arange(T)[:, None]
        logits, state, raw, top = net(ids[rows], state)
        logits, targets = logits.flatten(0, 1), ids[rows + 1].flatten()
        loss = F.cross_entropy(logits, targets, label_smoothing=o["smooth"])
        plain = F.cross_entropy(logits.detach(), targets).item()
        smoothed = plain if smoothed is None else smoothed + (plain - smoothed) / min(step, batches)
        if o["ar"]:
            loss = loss + o["ar"] * top.pow(2).mean()
        if o["tar"]:
            loss = loss + o["tar"] * (raw[1:] - raw[:-1]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        if o["noise"]:
            for p in params:
                # A learned initial state has a gradient in the first batch of a pass only.
                if p.grad is not None:
                    p.grad.add_(torch.randn_like(p), alpha=(o["noise"] / (1 + step) ** 0.55) ** 0.5)
        nn.utils.clip_grad_norm_(params, o["clip"])
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.step()
        with torch.no_grad():
            for decay, average in averages.items():
                torch._foreach_lerp_(average, params, max(1 - decay, 9 / (step + 9)))
    curve.append(validation())
    print(len(curve), round(smoothed, 4), curve[-1], file=sys.stderr, flush=True)

print(
    json.dumps(
        {
            "options": {key: value for key, value in o.items() if value != OPTIONS[key]},
            "parameters": sum(p.numel() for p in params),
            "updates": steps,
            "validation": curve[-1],
            "averages": {str(decay): validation(average) for decay, average in averages.items()},
            "training": round(smoothed, 4),
            "curve": curve,
            "seconds": round(time.time() - began),
        }
    )
)
