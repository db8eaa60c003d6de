"""Writes small models as people save them with PyTorch, and what PyTorch itself computes with them.

    python3 test/witness/torch_models.py FOLDER

FOLDER gets the files and cases.json, a list of cases:
  file     the file's name
  ids      ids that the network reads from a zero state
  logits   the network's logits after each of them
  give     true where the vocabulary has to be given (else the file holds it)
  refused  instead of logits: a regular expression of the refusal
SYMBOLS is the vocabulary of all of them.
"""
import argparse
import collections
import datetime
import enum
import json
import pathlib
import random
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
FOLDER = sys.argv[1]
SYMBOLS = ["\n", " ", "a", "b", "c", "d", "é", "温", "😀"]
V, E, H = len(SYMBOLS), 5, 6
IDS = [2, 3, 1, 0, 8, 7, 5, 5, 6, 4, 2]
CASES = []


class CharRNN(nn.Module):
    """Embedding or one-hot, recurrent layers, a Linear head."""

    def __init__(self, cell=nn.LSTM, embedding=True, layers=2, head_bias=True, width=E, **more):
        super().__init__()
        self.embedding = nn.Embedding(V, width) if embedding else None
        self.dropout = nn.Dropout(0.5)
        self.lstm = cell(width if embedding else V, H, layers, **more)
        self.fc = nn.Linear(more.get("proj_size") or H, V, bias=head_bias)

    def forward(self, ids):
        x = self.embedding(ids) if self.embedding is not None else nn.functional.one_hot(ids, V).to(self.fc.weight.dtype)
        if self.lstm.batch_first:
            return self.fc(self.dropout(self.lstm(x.unsqueeze(0))[0]))[0]
        return self.fc(self.dropout(self.lstm(x.unsqueeze(1))[0]))[:, 0]


class Cells(nn.Module):
    """nn.LSTMCell or nn.GRUCell, one above the other."""

    def __init__(self, cell, as_list):
        super().__init__()
        self.encoder = nn.Embedding(V, E)
        cells = [cell(E, H), cell(H, H)]
        if as_list:
            self.cells = nn.ModuleList(cells)
        else:
            self.cell1, self.cell2 = cells
        self.decoder = nn.Linear(H, V)
        self.as_list = as_list

    def forward(self, ids):
        cells = self.cells if self.as_list else [self.cell1, self.cell2]
        states, logits = [None] * len(cells), []
        for id in ids:
            x = self.encoder(id.unsqueeze(0))
            for k, cell in enumerate(cells):
                states[k] = cell(x, states[k])
                x = states[k][0] if isinstance(states[k], tuple) else states[k]
            logits.append(self.decoder(x)[0])
        return torch.stack(logits)


class Tied(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.encoder = nn.Embedding(V, H)
        self.rnn = nn.GRU(H, H)
        self.decoder = nn.Linear(H, V, bias=bias)
        self.decoder.weight = self.encoder.weight

    def forward(self, ids):
        return self.decoder(self.rnn(self.encoder(ids).unsqueeze(1))[0])[:, 0]


class Stacked(nn.Module):
    """Modules of their own widths one above the other, as tutorials of Keras' style have them."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(V, E)
        self.lstm1 = nn.LSTM(E, 8, batch_first=True)
        self.lstm2 = nn.LSTM(8, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, ids):
        x = self.lstm1(self.embed(ids).unsqueeze(0))[0]
        return self.out(self.lstm2(x)[0])[0]


class Between(nn.Module):
    """A layer between the recurrent one and the head."""

    def __init__(self, between):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.gru = nn.GRU(E, H)
        self.between = between
        self.fc = nn.Linear(H, V)

    def forward(self, ids):
        return self.fc(self.between(self.gru(self.embedding(ids).unsqueeze(1))[0]))[:, 0]


class Wide(nn.Module):
    """A head with a hidden layer."""

    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.lstm = nn.LSTM(E, H)
        self.fc1 = nn.Linear(H, width)
        self.fc2 = nn.Linear(width, V)

    def forward(self, ids):
        return self.fc2(torch.relu(self.fc1(self.lstm(self.embedding(ids).unsqueeze(1))[0])))[:, 0]


class Lightning(nn.Module):
    """A module around the module."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        return self.model(ids)


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleDict({"embedding": nn.Embedding(V, H), "rnn": nn.GRU(H, H)})
        self.decoder = nn.ModuleDict({"embedding": nn.Embedding(V, H), "rnn": nn.GRU(H, H), "out": nn.Linear(H, V)})


class Kind(enum.Enum):
    LSTM = 1


class Corpus:
    def __init__(self):
        self.char2idx = {symbol: i for i, symbol in enumerate(SYMBOLS)}
        self.data = np.arange(20)


def logits_of(model, ids=IDS):
    model.eval()
    with torch.no_grad():
        return model(torch.tensor(ids)).double().tolist()


def case(name, value, model=None, give=False, refused=None, legacy=False, save=None):
    path = f"{FOLDER}/{name}"
    if save:
        save(path)
    elif legacy:
        torch.save(value, path, _use_new_zipfile_serialization=False)
    else:
        torch.save(value, path)
    one = {"file": name, "ids": IDS, "give": give}
    if refused:
        one["refused"] = refused
    else:
        one["logits"] = logits_of(model)
    CASES.append(one)


def shaken(model):
    """Weights that show: PyTorch's own are small, and the embedding's padding is 0."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape).to(parameter.dtype))
    return model


def prefixed(prefix, state):
    return collections.OrderedDict((prefix + name, tensor) for name, tensor in state.items())


# State dicts of all cells.
KINDS = {
    "lstm": (nn.LSTM, {}),
    "lstm-1": (nn.LSTM, {"layers": 1}),
    "lstm-no-bias": (nn.LSTM, {"bias": False}),
    "lstm-head-without-bias": (nn.LSTM, {"head_bias": False}),
    "lstm-nothing-with-bias": (nn.LSTM, {"head_bias": False, "bias": False}),
    "lstm-batch-first-dropout": (nn.LSTM, {"batch_first": True, "dropout": 0.4, "layers": 3}),
    "lstm-projection": (nn.LSTM, {"proj_size": 3}),
    "lstm-one-hot": (nn.LSTM, {"embedding": False}),
    "gru": (nn.GRU, {}),
    "gru-no-bias": (nn.GRU, {"bias": False}),
    "gru-one-hot": (nn.GRU, {"embedding": False, "layers": 1}),
    "rnn": (nn.RNN, {}),
}
for name, (cell, options) in KINDS.items():
    model = shaken(CharRNN(cell, **options))
    case(f"{name}.pt", model.state_dict(), model, give=True)
    case(f"{name}-legacy.pth", model.state_dict(), model, give=True, legacy=True)
    case(f"{name}-module.pt", model, model, give=True)
    case(f"{name}.safetensors", None, model, give=True, save=lambda path: save_file(model.state_dict(), path))
relu = shaken(CharRNN(nn.RNN, nonlinearity="relu"))
case("relu-module.pt", relu, relu, give=True)
case("relu-module-legacy.pt", relu, relu, give=True, legacy=True)
case("relu-said.pt", {"model": relu.state_dict(), "args": argparse.Namespace(model="RNN_RELU", chars=SYMBOLS)}, relu)
case("relu-said-2.pt", {"state_dict": relu.state_dict(), "config": {"nonlinearity": "relu"}, "itos": SYMBOLS}, relu)
both = CharRNN(nn.LSTM, bidirectional=True)
case("bidirectional.pt", both.state_dict(), refused="both directions")
case("bidirectional-module.pt", both, refused="both directions")

# Cells and stacks.
for cell in (nn.LSTMCell, nn.GRUCell, nn.RNNCell):
    for as_list in (True, False):
        model = shaken(Cells(cell, as_list))
        name = f"{cell.__name__}-{'list' if as_list else 'fields'}"
        case(f"{name}.pt", model.state_dict(), model, give=True)
        case(f"{name}-module.pt", model, model, give=True)
model = shaken(Stacked())
case("stacked.pt", model.state_dict(), model, give=True)
case("stacked-other-order.pt", collections.OrderedDict(sorted(model.state_dict().items(), reverse=True)), model, give=True)
for bias in (True, False):
    model = shaken(Tied(bias))
    case(f"tied-{bias}.pt", model.state_dict(), model, give=True)
    case(f"tied-{bias}-module.pt", model, model, give=True)

# Where the state_dict is.
model = shaken(CharRNN())
state = model.state_dict()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
loss = nn.functional.cross_entropy(model(torch.tensor(IDS[:-1])), torch.tensor(IDS[1:]))
loss.backward()
optimizer.step()
state = model.state_dict()
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
around = {
    "epoch": 3,
    "loss": loss.item(),
    "loss_tensor": loss.detach(),
    "best": np.float64(1.25),
    "history": np.array([1.5, 1.25]),
    "optimizer": optimizer.state_dict(),
    "scheduler": scheduler.state_dict(),
    "rng": torch.get_rng_state(),
    "numpy_rng": np.random.get_state(),
    "python_rng": random.getstate(),
    "when": datetime.datetime(2019, 5, 4, 12, 0),
    "path": pathlib.PurePosixPath("data/input.txt"),
    "queue": collections.deque([1.0, 2.0], maxlen=5),
    "counter": collections.Counter("hello"),
    "device": torch.device("cpu"),
    "dtype": torch.float32,
    "size": torch.Size([3, 4]),
    "none": None,
    "big": 2**70,
    "complex": 1 + 2j,
    "slice": slice(1, 2),
    "range": range(3),
    "frozen": frozenset("abc"),
    "bytes": b"abc",
}
case("checkpoint.pt", {**around, "model_state_dict": state, "chars": SYMBOLS}, model)
case("checkpoint-legacy.pt", {**around, "model": state, "chars": SYMBOLS}, model, legacy=True)
for key in ("model", "net", "network", "state_dict", "model_state_dict", "weights", "params", "whatever"):
    case(f"under-{key}.tar", {key: state, "epoch": 1, "vocab": SYMBOLS}, model)
case("deep.pt", {"a": {"b": [0, {"c": ({"state_dict": state},)}]}, "tokens": tuple(SYMBOLS)}, model)
case("list.pt", [3, state, {"itos": SYMBOLS}], model)
case("module-prefix.pt", {"state_dict": prefixed("module.", state), "itos": SYMBOLS}, model)
case("compiled.pt", {"model": prefixed("_orig_mod.", state), "itos": SYMBOLS}, model)
case("compiled-parallel.pt", {"model": prefixed("module._orig_mod.net.", state), "itos": SYMBOLS}, model)
case("parallel-module.pt", nn.DataParallel(model), model, give=True)
case("wrapped-module.pt", {"network": Lightning(model), "itos": SYMBOLS}, model)
case(
    "lightning.ckpt",
    {
        "epoch": 4,
        "global_step": 100,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": prefixed("model.", state),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_path": "x.ckpt", "best_model_score": torch.tensor(1.5)}},
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"vocab": SYMBOLS, "hidden": H, "args": argparse.Namespace(lr=0.1)},
    },
    model,
)
parts = Lightning(model)
case("lightning-metrics.ckpt", {"state_dict": {**parts.state_dict(), "criterion.weight": torch.ones(V), "train_acc.tp": torch.zeros(1)}, "hyper_parameters": {"idx2char": SYMBOLS}}, model)

# Several networks.
other = shaken(CharRNN())
case("ema.pt", {"model": state, "ema": other.state_dict(), "itos": SYMBOLS}, model)
case("ema-inside.pt", {"state_dict": {**prefixed("model.", state), **prefixed("model_ema.", other.state_dict())}, "itos": SYMBOLS}, model)
# As wide as its embedding, so that one copy would fit above the other.
equal, equal2 = shaken(CharRNN(nn.GRU, width=H)), shaken(CharRNN(nn.GRU, width=H))
case("ema-inside-square.pt", {"state_dict": {**prefixed("net.", equal.state_dict()), **prefixed("ema.", equal2.state_dict())}, "itos": SYMBOLS}, equal)
case("two.pt", {"red": state, "blue": other.state_dict(), "itos": SYMBOLS}, refused='"red".*"blue"')
case("two-known.pt", {"model": state, "net": other.state_dict(), "itos": SYMBOLS}, refused='"model".*"net"')
case("two-inside.pt", {**prefixed("red.", equal.state_dict()), **prefixed("blue.", equal2.state_dict())}, refused='"red".*"blue"')
case("two-modules.pt", {"red": equal, "blue": equal2}, refused='"red".*"blue"')
case("twice-the-same.pt", {"model": model, "state_dict": state, "itos": SYMBOLS}, model)
case("seq2seq.pt", Seq2Seq().state_dict(), refused='"encoder".*"decoder"')
case("moments.pt", {"net": state, "exp_avg": {k: torch.zeros_like(v) for k, v in state.items()}, "itos": SYMBOLS}, model)

# Layers that a recurrent model of ours lacks.
case("layer-norm.pt", Between(nn.LayerNorm(H)).state_dict(), refused="between.weight")
case("layer-norm-module.pt", Between(nn.LayerNorm(H)), refused="between.*LayerNorm")
case("batch-norm.pt", Between(nn.BatchNorm1d(1)).state_dict(), refused="between")
case("relu-between-module.pt", Between(nn.ReLU()), refused="between.*ReLU")
case("dropout-between-module.pt", (m := shaken(Between(nn.Dropout(0.1)))), m, give=True)
case("linear-between.pt", Between(nn.Linear(H, H)).state_dict(), refused="between.weight")
case("attention.pt", Between(nn.MultiheadAttention(H, 1)).state_dict(), refused="between.in_proj_weight")
case("hidden-head.pt", Wide(16).state_dict(), refused="fc1.weight")
case("hidden-head-equal.pt", Wide(H).state_dict(), refused="fc1.weight")
case("hidden-head-module.pt", Wide(V), refused="fc[12].weight")
case("transformer.pt", nn.TransformerEncoderLayer(8, 2).state_dict(), refused="no (recurrent network|nn.LSTM)")
case("linear-only.pt", nn.Linear(3, 4).state_dict(), refused="no recurrent network")
case("tensor.pt", torch.zeros(3), refused="no recurrent network")
case("number.pt", 3, refused="no recurrent network")
case("lstm-alone.pt", nn.LSTM(V, H).state_dict(), refused="no output layer")

# Forms of tensors.
for dtype in (torch.float16, torch.bfloat16, torch.float64):
    name = str(dtype).removeprefix("torch.")
    model16 = shaken(CharRNN(nn.GRU)).to(dtype)
    twin = CharRNN(nn.GRU)
    twin.load_state_dict(model16.state_dict())
    case(f"{name}.pt", {"m": model16.state_dict(), "itos": SYMBOLS}, twin)
    case(f"{name}-legacy.pt", {"m": model16.state_dict(), "itos": SYMBOLS}, twin, legacy=True)
    case(f"{name}.safetensors", None, twin, give=True, save=lambda path: save_file(model16.state_dict(), path))
turned = collections.OrderedDict()
flat = torch.cat([tensor.flatten() for tensor in state.values()])
at = 0
for k, (name, tensor) in enumerate(state.items()):
    if tensor.dim() == 2 and k % 3 == 0:
        turned[name] = tensor.t().contiguous().t()
    elif k % 3 == 1:
        turned[name] = flat[at : at + tensor.numel()].view(tensor.shape)
    else:
        turned[name] = torch.stack([tensor, tensor], -1)[..., 1]
    at += tensor.numel()
case("views.pt", {"model": turned, "itos": SYMBOLS}, model)
case("views-legacy.pt", {"model": turned, "itos": SYMBOLS}, model, legacy=True)
constant = shaken(CharRNN())
with torch.no_grad():
    constant.fc.bias.fill_(0.25)
expanded = constant.state_dict()
expanded["fc.bias"] = torch.tensor([0.25]).expand(V)
case("expanded.pt", {"model": expanded, "itos": SYMBOLS}, constant)
case("parameters.pt", {"model": dict(model.named_parameters()), "itos": SYMBOLS}, model)
case("complex.pt", {"model": {k: v.to(torch.complex64) for k, v in state.items()}}, refused="complex64|ComplexFloat")
case("float8.pt", {"model": {k: v.to(torch.float8_e4m3fn) for k, v in state.items()}}, refused="float8")
case("meta.pt", {"model": {k: v.to("meta") for k, v in state.items()}}, refused="no numbers|meta")
case("sparse.pt", {"model": {k: v.to_sparse() for k, v in state.items()}}, refused="sparse")
case("integers.pt", {"model": {k: v.to(torch.int32) for k, v in state.items()}}, refused="int32")
case("f64.safetensors", None, refused=None, model=(d := shaken(CharRNN()).double()), give=True, save=lambda path: save_file(d.state_dict(), path))
case("i8.safetensors", None, refused="int8", save=lambda path: save_file({k: v.to(torch.int8) for k, v in state.items()}, path))
case("mixed.safetensors", None, model=model, give=True, save=lambda path: save_file({**state, "steps": torch.tensor([3])}, path))
case("quantized.pt", torch.ao.quantization.quantize_dynamic(CharRNN(), {nn.LSTM, nn.Linear}).state_dict(), refused="quantized")
case("quantized-tensor.pt", {"model": {**state, "fc.weight": torch.quantize_per_tensor(state["fc.weight"], 0.1, 0, torch.qint8)}}, refused="quantized")

# Reparametrised weights.
normed = shaken(CharRNN(layers=1))
nn.utils.weight_norm(normed.fc)
nn.utils.weight_norm(normed.lstm, "weight_hh_l0")
case("weight-norm.pt", normed.state_dict(), normed, give=True)
normed = shaken(CharRNN(layers=1))
nn.utils.parametrizations.weight_norm(normed.fc)
nn.utils.parametrizations.weight_norm(normed.lstm, "weight_hh_l0")
nn.utils.parametrizations.weight_norm(normed.lstm, "weight_ih_l0", dim=1)
case("weight-norm-new.pt", normed.state_dict(), normed, give=True)
spectral = CharRNN()
nn.utils.spectral_norm(spectral.fc)
case("spectral-norm.pt", spectral.state_dict(), refused="fc.weight_(orig|u|v)")
orthogonal = CharRNN(layers=1)
nn.utils.parametrizations.orthogonal(orthogonal.lstm, "weight_hh_l0")
case("orthogonal.pt", orthogonal.state_dict(), refused="parametrizations.weight_hh_l0")
dropped = collections.OrderedDict()  # fastai's WeightDropout keeps the true weights as `_raw`
for name, tensor in state.items():
    name = name.replace("lstm.weight_hh_l0", "lstm.weight_hh_l0_raw").replace("lstm.weight_ih", "lstm.module.weight_ih")
    dropped[name.replace("lstm.bias", "lstm.module.bias").replace("lstm.weight_hh_l1", "lstm.module.weight_hh_l1")] = tensor
dropped["lstm.module.weight_hh_l0"] = state["lstm.weight_hh_l0"]
case("weight-drop.pt", dropped, model, give=True)

# Vocabularies under common names.
to_id = {symbol: i for i, symbol in enumerate(SYMBOLS)}
to_symbol = dict(enumerate(SYMBOLS))
VOCABULARIES = {
    "chars": SYMBOLS,
    "chars-tuple": tuple(SYMBOLS),
    "chars-text": "".join(SYMBOLS),
    "char2int": to_id,
    "int2char": to_symbol,
    "itos": SYMBOLS,
    "stoi": to_id,
    "stoi-default": collections.defaultdict(int, to_id),
    "vocab": to_id,
    "tokens": tuple(SYMBOLS),
    "idx_to_char": to_symbol,
    "idx2char": np.array(SYMBOLS),
    "idx2char-numpy-ids": {np.int64(i): symbol for i, symbol in to_symbol.items()},
    "char2idx-numpy-ids": {symbol: np.int64(i) for symbol, i in to_id.items()},
    "dataset": Corpus(),
    "vocab-object": (lambda v: (setattr(v, "itos", SYMBOLS), v)[1])(Corpus()),
    "hparams": argparse.Namespace(rnn_size=H, vocab=SYMBOLS),
    "config": {"data": {"alphabet": "".join(SYMBOLS)}},
    "unordered": None,
}
for name, vocabulary in VOCABULARIES.items():
    key = name.split("-")[0]
    if name == "unordered":
        case("vocabulary-set.pt", {"model": state, "chars": set(SYMBOLS)}, model, give=True)
        continue
    case(f"vocabulary-{name}.pt", {"model": state, key: vocabulary}, model)
    if "numpy" not in name and name != "idx2char":
        case(f"vocabulary-{name}-legacy.pt", {"model": state, key: vocabulary}, model, legacy=True)
holder = shaken(CharRNN())
holder.chars = tuple(SYMBOLS)
holder.int2char = to_symbol
holder.char2int = to_id
holder.kind = nn.functional.relu
case("vocabulary-in-module.pt", holder, holder)
case("pathlib.pt", {"model": state, "p": pathlib.Path("x"), "itos": SYMBOLS}, model)
case("enum.pt", {"model": state, "kind": Kind.LSTM, "itos": SYMBOLS}, refused="__main__.Kind")

# TorchScript keeps the module in another way.
scripted = shaken(CharRNN(batch_first=True))
case("script.pt", None, scripted, give=True, save=lambda path: torch.jit.trace(scripted.eval(), torch.tensor(IDS)).save(path))


class Evil:
    def __reduce__(self):
        return eval, ("1 + 1",)


case("evil.pt", {"model": state, "x": Evil()}, refused='"builtins.eval"')

json.dump(CASES, open(f"{FOLDER}/cases.json", "w"))
