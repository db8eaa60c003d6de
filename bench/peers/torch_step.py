"""PyTorch, one symbol at a time, one thread: the peer of bench/sample.ts.

    python3 torch_step.py CELL V H L WEIGHTS CLOCK

WEIGHTS: raw float32, in the order of a state dict. CLOCK: wall or cpu.

Prints its version, then answers each line `WAY N` on standard input with the seconds that N symbols
took, and `WAY logits` with the logits after ids 1, 2, 3 from a zero state.
"""
import json
import sys
import time

import numpy as np
import torch

cell, V, H, L = sys.argv[1], *map(int, sys.argv[2:5])
clock = time.process_time if sys.argv[6] == "cpu" else time.perf_counter
torch.set_num_threads(1)
net = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](V, H, L)
head = torch.nn.Linear(H, V)
flat, at = np.fromfile(sys.argv[5], dtype=np.float32), 0
with torch.no_grad():
    names = [f"{w}_l{k}" for k in range(L) for w in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    for tensor in [getattr(net, name) for name in names] + [head.weight, head.bias]:
        tensor.copy_(torch.from_numpy(flat[at : at + tensor.numel()].reshape(tensor.shape)))
        at += tensor.numel()
cells = [{"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}[cell](H if k else V, H) for k in range(L)]
with torch.no_grad():
    for k, one in enumerate(cells):
        for w in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(one, w).copy_(getattr(net, f"{w}_l{k}"))

# One-hot inputs [1, 1, V], made once: building them is not what is measured.
symbols = list(torch.eye(V)[:, None, None])


def whole(ids):
    """nn.LSTM or nn.GRU as it comes."""
    state = None
    for i in ids:
        top, state = net(symbols[i], state)
        logits = head(top)
    return logits


def plain(ids):
    """The same without oneDNN, which packs the weights anew at each call."""
    with torch.backends.mkldnn.flags(enabled=False):
        return whole(ids)


def by_cells(ids):
    """nn.LSTMCell or nn.GRUCell, layer by layer."""
    state = [None] * L
    for i in ids:
        x = symbols[i][0]
        for k in range(L):
            state[k] = cells[k](x, state[k])
            x = state[k][0] if cell == "lstm" else state[k]
        logits = head(x)
    return logits


ways = {"whole": whole, "plain": plain, "cells": by_cells}
print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    way, what = line.split()
    with torch.inference_mode():
        if what == "logits":
            print(json.dumps(ways[way]([1, 2, 3]).flatten().tolist()), flush=True)
            continue
        ids = [(7 * i + 3) % V for i in range(int(what))]
        start = clock()
        ways[way](ids)
        print(json.dumps(clock() - start), flush=True)
