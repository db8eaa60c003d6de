"""PyTorch as a witness of the forward pass: logits [V] after 20 ids, for every cell, 1..3 layers,
odd sizes, one-hot and learned embedding. Weights as in test/seeded.ts.

    python3 test/witness/forward.py > test/witness/forward.json     (made with PyTorch 2.15, CPU)
"""
import json
import sys

import numpy as np
import torch

torch.set_num_threads(1)
V, E, T = 7, 5, 20
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def seeded(shapes, seed, scale):
    state, tensors = seed, {}
    for name, shape in shapes:
        values = np.empty(int(np.prod(shape)), dtype=np.float32)
        for i in range(values.size):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            values[i] = (state / 4294967296 - 0.5) * 2 * scale
        tensors[name] = torch.from_numpy(values.reshape(shape))
    return tensors


def shapes_of(cell, E, H, L):
    rows = GATES[cell] * H
    if E:
        yield "embedding.weight", (V, E)
    for k in range(L):
        yield f"rnn.weight_ih_l{k}", (rows, H if k else (E or V))
        yield f"rnn.weight_hh_l{k}", (rows, H)
        yield f"rnn.bias_ih_l{k}", (rows,)
        yield f"rnn.bias_hh_l{k}", (rows,)
    yield "head.weight", (V, H)
    yield "head.bias", (V,)


def gru_reset_before(x, w, L, H):
    """torch.nn.GRU has no reset before the product; written out after Cho et al. 2014."""
    h = [torch.zeros(H) for _ in range(L)]
    for t in range(x.shape[0]):
        a = x[t]
        for k in range(L):
            Wx, Wh = w[f"rnn.weight_ih_l{k}"], w[f"rnn.weight_hh_l{k}"]
            bx, bh = w[f"rnn.bias_ih_l{k}"], w[f"rnn.bias_hh_l{k}"]
            gx = Wx @ a + bx
            r, z = torch.sigmoid(gx[: 2 * H] + Wh[: 2 * H] @ h[k] + bh[: 2 * H]).split(H)
            n = torch.tanh(gx[2 * H :] + Wh[2 * H :] @ (r * h[k]) + bh[2 * H :])
            h[k] = a = (1 - z) * n + z * h[k]
    return a


@torch.no_grad()
def logits_of(name, E, H, L):
    cell = name.split()[0]
    w = seeded(shapes_of(cell, E, H, L), 1, 1 / H**0.5)
    ids = torch.tensor([(5 * t * t + 3 * t + 1) % V for t in range(T)])
    x = w["embedding.weight"][ids] if E else torch.nn.functional.one_hot(ids, V).float()
    if name == "gru reset before":
        top = gru_reset_before(x, w, L, H)
    else:
        kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
        options = {"nonlinearity": name.split()[1]} if cell == "rnn" else {}
        net = kind(x.shape[1], H, L, **options)
        net.load_state_dict({key[4:]: value for key, value in w.items() if key.startswith("rnn.")})
        top = net(x[:, None])[0][-1, 0]
    return (w["head.weight"] @ top + w["head.bias"]).tolist()


cases = [
    {"cell": name, "embedding": E_, "hidden": H, "layers": L, "logits": [float(f"{v:.9g}") for v in logits_of(name, E_, H, L)]}
    for name in ("rnn tanh", "rnn relu", "gru reset after", "gru reset before", "lstm")
    for E_ in (0, E)
    for H in (1, 5, 65, 100)
    for L in (1, 2, 3)
]
json.dump({"vocabulary": V, "steps": T, "seed": 1, "cases": cases}, sys.stdout)
