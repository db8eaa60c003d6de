"""PyTorch, one training step after another: the peer of bench/train.ts.

    python3 torch_train.py JSON

JSON: cell, vocabulary, hidden, layers, batch, steps, threads, weights (a file of raw float32 in the
order of a state dict), ids (a file of raw int32, [batch, length]), rate, beta1, beta2, weightDecay, clip,
clock (wall or cpu).

A step is whole: ids to one-hot rows, forward, loss, backward, clip by norm, AdamW, loss read. Truncated
BPTT: the state is carried, cut from its graph. Prints its version and ways, then answers each line
`WAY N` on standard input with the seconds that N steps took, `WAY losses` with the losses of three steps
from the initial weights, and `peak` with the largest resident memory so far, in MiB.
"""
import json
import resource
import shutil
import sys
import time
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")
ask = json.loads(sys.argv[1])
V, H, L, B, T = (ask[name] for name in ("vocabulary", "hidden", "layers", "batch", "steps"))
clock = time.process_time if ask["clock"] == "cpu" else time.perf_counter
torch.set_num_threads(ask["threads"])
# Moments of seldom seen symbols become denormal numbers, which are slow; Ondo's kernels meet them too.
torch.set_flush_denormal(True)
CELL = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[ask["cell"]]
IDS = torch.from_numpy(np.fromfile(ask["ids"], dtype=np.int32).reshape(B, -1)).long()
BATCHES = (IDS.shape[1] - 1) // T


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = CELL(V, H, L)
        self.head = torch.nn.Linear(H, V)

    def forward(self, x, y, state):
        top, state = self.rnn(torch.nn.functional.one_hot(x, V).float(), state)
        logits = self.head(top)
        return torch.nn.functional.cross_entropy(logits.view(-1, V), y.reshape(-1)), state


class Run:
    """A network in training; `forward` is the network, compiled or as it is."""

    def __init__(self, compiled=False, optimizer="fused"):
        self.net = Network()
        flat, at = np.fromfile(ask["weights"], dtype=np.float32), 0
        with torch.no_grad():
            for tensor in self.net.state_dict().values():
                tensor.copy_(torch.from_numpy(flat[at : at + tensor.numel()].reshape(tensor.shape)))
                at += tensor.numel()
        named = list(self.net.named_parameters())
        groups = [
            {"params": [p for n, p in named if "bias" not in n], "weight_decay": ask["weightDecay"]},
            {"params": [p for n, p in named if "bias" in n], "weight_decay": 0},
        ]
        self.parameters = [p for _, p in named]
        self.optimizer = torch.optim.AdamW(
            groups, lr=ask["rate"], betas=(ask["beta1"], ask["beta2"]), eps=1e-8, **{optimizer: True}
        )
        self.forward = torch.compile(self.net) if compiled else self.net
        self.state, self.index = None, 0

    def step(self):
        if self.index % BATCHES == 0:
            self.state = None
        at = self.index % BATCHES * T
        self.index += 1
        x, y = IDS[:, at : at + T].t(), IDS[:, at + 1 : at + T + 1].t()
        loss, state = self.forward(x, y, self.state)
        cut = lambda tensor: tensor.detach()
        self.state = tuple(map(cut, state)) if isinstance(state, tuple) else cut(state)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, ask["clip"], foreach=True)
        self.optimizer.step()
        return loss.item()


# name: (oneDNN, compiled, optimizer)
WAYS = {
    "onednn": (True, False, "fused"),
    "plain": (False, False, "fused"),
    "foreach": (True, False, "foreach"),
    "compiled": (True, True, "fused"),
}
if not (shutil.which("g++") or shutil.which("clang++")):
    del WAYS["compiled"]
runs = {}


def run_of(way, fresh=False):
    if fresh or way not in runs:
        torch._dynamo.reset()
        runs[way] = Run(*WAYS[way][1:])
    return runs[way]


def answer(way, what):
    with torch.backends.mkldnn.flags(enabled=WAYS[way][0]):
        if what == "losses":
            run = run_of(way, fresh=True)
            return [run.step() for _ in range(3)]
        run = run_of(way)
        start = clock()
        for _ in range(int(what)):
            run.step()
        return clock() - start


print(json.dumps({"torch": torch.__version__, "ways": list(WAYS)}), flush=True)
for line in sys.stdin:
    if line.strip() == "peak":
        print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), flush=True)
        continue
    way, what = line.split()
    try:
        print(json.dumps(answer(way, what)), flush=True)
    except Exception as problem:  # a way that this PyTorch or machine has not
        print(json.dumps({"problem": f"{type(problem).__name__}: {problem}"[:300]}), flush=True)
