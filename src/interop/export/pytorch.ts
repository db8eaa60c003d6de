/**
 * PyTorch: the model file, which is a state_dict in safetensors, and a Python program that loads it. The
 * cells that torch.nn has are its own modules; all others are written out as in src/model/*.reference.ts.
 */
import { asHalves } from '../../file/identity.js'
import { encodeModel, type Model } from '../../file/index.js'
import { GATE_SLOPES, type ModelConfig } from '../../model/config.js'
import { type ExportForm, textFile } from './form.js'
import { notExpressed } from './onnx-network.js'
import { refusal } from './symbols.js'

const WEIGHTS = 'model.safetensors'
const PROGRAM = 'model.py'

/** A text as a literal of Python in ASCII; JSON's escapes are Python's, but for pairs of surrogates. */
const literal = (text: string): string =>
  JSON.stringify(text).replaceAll(/[^\x20-\x7e]/gu, letter => {
    const code = letter.codePointAt(0) as number
    const [mark, digits] = code > 0xffff ? ['U', 8] : ['u', 4]
    return `\\${mark}${code.toString(16).padStart(digits, '0')}`
  })

const isStandard = ({ cell, reset, gates, window, restart, skip }: ModelConfig): boolean =>
  !(cell === 'gru' && reset === 'before') &&
  !gates &&
  !skip &&
  window === undefined &&
  restart === undefined

const LOAD = `        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            weights = {name: file.get_tensor(name).float() for name in file.keys()}
        self.symbols = json.loads(metadata["tokenizer"]).get("symbols")`

function standardModel({
  cell,
  vocabulary: V,
  embedding: E,
  hidden,
  layers,
  activation,
}: ModelConfig) {
  const module = { rnn: 'RNN', gru: 'GRU', lstm: 'LSTM' }[cell]
  const kind = cell === 'rnn' ? `, nonlinearity="${activation}"` : ''
  const embedded = E > 0 ? 'self.embedding(ids)' : `torch.nn.functional.one_hot(ids, ${V}).float()`
  return `class Model(torch.nn.Module):
    def __init__(self, path):
        super().__init__()
${LOAD}
${E > 0 ? `        self.embedding = torch.nn.Embedding(${V}, ${E})\n` : ''}\
        self.rnn = torch.nn.${module}(${E || V}, ${hidden}, ${layers}, batch_first=True${kind})
        self.head = torch.nn.Linear(${hidden}, ${V})
        self.load_state_dict(weights)

    def forward(self, ids, state=None):
        """ids [B, T] to logits [B, T, V] and the state after them."""
        hidden, state = self.rnn(${embedded}, state)
        return self.head(hidden), state
`
}

/** The equations of one layer: from x and h (and c) to the next h (and c). */
function cellLines({
  cell,
  activation,
  reset,
  gates = 'sigmoid',
  hidden: H,
}: ModelConfig): string[] {
  const gate =
    gates === 'sigmoid'
      ? 'torch.sigmoid'
      : `(lambda a: torch.clamp(a * ${GATE_SLOPES[gates]} + 0.5, 0, 1))`
  const weights = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map(
    name => `w["rnn.${name}_l%d" % k]`,
  )
  const read = [`w_ih, w_hh, b_ih, b_hh = ${weights.join(', ')}`, 'a = x @ w_ih.T + b_ih']
  if (cell === 'rnn') return [...read, `h = torch.${activation}(a + h @ w_hh.T + b_hh)`]
  if (cell === 'lstm') {
    return [
      `gate = ${gate}`,
      ...read,
      'i, f, g, o = (a + h @ w_hh.T + b_hh).chunk(4, -1)',
      'c = gate(f) * c + gate(i) * torch.tanh(g)',
      'h = gate(o) * torch.tanh(c)',
    ]
  }
  const candidate = reset === 'after' ? 'r * b[2]' : `(r * h) @ w_hh[${2 * H}:].T + b_hh[${2 * H}:]`
  return [
    `gate = ${gate}`,
    ...read,
    'a, b = a.chunk(3, -1), (h @ w_hh.T + b_hh).chunk(3, -1)',
    'r, z = gate(a[0] + b[0]), gate(a[1] + b[1])',
    `n = torch.tanh(a[2] + ${candidate})`,
    'h = (1 - z) * n + z * h',
  ]
}

const indent = (count: number, lines: readonly string[]): string =>
  lines.map(line => `${' '.repeat(count)}${line}\n`).join('')

/** One step of all layers. */
function stepLines(config: ModelConfig): string[] {
  const { cell, vocabulary: V, embedding: E, hidden: H, layers: L, skip, restart, window } = config
  const lstm = cell === 'lstm'
  const input =
    E > 0 ? 'w["embedding.weight"][ids]' : `torch.nn.functional.one_hot(ids, ${V}).float()`
  return [
    'w = self.weights',
    `state = [torch.zeros(len(ids), ${H})] * ${lstm ? 2 * L : L} if state is None else list(state)`,
    ...(restart === undefined || window !== undefined
      ? []
      : [`state = [(ids != ${restart})[:, None] * s for s in state]`]),
    `x = ${input}`,
    ...(skip ? [`outputs = [${E > 0 ? 'x' : ''}]`] : []),
    `for k in range(${L}):`,
    `    h${lstm ? `, c = state[k], state[${L} + k]` : ' = state[k]'}`,
    ...cellLines(config).map(line => `    ${line}`),
    `    state[k]${lstm ? `, state[${L} + k]` : ''} = h${lstm ? ', c' : ''}`,
    '    x = h',
    ...(skip ? ['    outputs.append(h)'] : []),
    `return ${skip ? 'torch.cat(outputs, -1)' : 'x'}, state`,
  ]
}

/** What the output layer reads of the last N ids [B, N], read from a zero state. */
function windowLines({ padding, attention }: ModelConfig): string[] {
  const known = padding === undefined
  return [
    ...(known ? [] : [`ids = torch.where(ids < 0, ${padding}, ids)`]),
    'state, outputs = None, []',
    'for column in ids.unbind(1):',
    '    output, state = self.step(column.clamp(min=0), state)',
    ...(known ? ['    state = [(column >= 0)[:, None] * s for s in state]'] : []),
    '    outputs.append(output)',
    ...(attention
      ? [
          'outputs = torch.stack(outputs, 1)',
          'scores = (outputs @ self.weights["attention.weight"].T)',
          'scores = scores.masked_fill((ids < 0)[:, :, None], -torch.inf)',
          'a = torch.exp(scores - scores.amax(1, keepdim=True))',
          'return (a / (a.sum(1, keepdim=True) + 1e-7) * outputs).sum(1)',
        ]
      : ['return outputs[-1]']),
  ]
}

function writtenOutModel(config: ModelConfig): string {
  const { cell, window: N, restart } = config
  const state = `h of each layer${cell === 'lstm' ? ', then c' : ''}, [B, H] each`
  const forward =
    N === undefined
      ? ['output, state = self.step(column, state)']
      : [
          ...(restart === undefined
            ? []
            : [`state = torch.where((column == ${restart})[:, None], -1, state)`]),
          'state = torch.cat([state[:, 1:], column[:, None]], 1)',
          'output = self.read(state)',
        ]
  return `class Model(torch.nn.Module):
    def __init__(self, path):
        super().__init__()
${LOAD}
        self.weights = weights

    def step(self, ids, state):
        """ids [B] to what the output layer reads and the next state: ${state}."""
${indent(8, stepLines(config))}${
  N === undefined
    ? ''
    : `
    def read(self, ids):
        """The last ${N} ids [B, ${N}], -1 where there is none, to what the output layer reads."""
${indent(8, windowLines(config))}`
}
    def forward(self, ids, state=None):
        """ids [B, T] to logits [B, T, V] and the state after them${N === undefined ? '' : `: the last ${N} ids`}."""
        outputs = []
${N === undefined ? '' : `        state = torch.full((len(ids), ${N}), -1) if state is None else state\n`}\
        for column in ids.unbind(1):
${indent(12, forward)}            outputs.append(output)
        w = self.weights
        return torch.stack(outputs, 1) @ w["head.weight"].T + w["head.bias"], state
`
}

/** Writes some text; the state holds what was read before. */
function program({ config, prompt = '', tokenizer }: Model): string {
  const { smoothing, padding, restart } = config
  const bytes = tokenizer.kind === 'byte'
  // A prompt of other systems may hold symbols that the model lacks.
  const { ids } = tokenizer.encode(prompt, 'skip')
  const encode = {
    byte: 'list(prompt.encode())',
    character: '[model.symbols.index(symbol) for symbol in prompt]',
    // Python's standard library has no segmentation into graphemes, nor the rules for words.
    grapheme: `[${ids.join(', ')}]`,
    word: `[${ids.join(', ')}]`,
  }[tokenizer.kind]
  // What `idsToRead` of src/generate says: a text begins with the id that begins one, if there is one.
  const before = restart === undefined ? '' : `[${restart}] + `
  const lineEnd = tokenizer.encode('\n', 'skip').ids[0]
  const show = bytes
    ? 'sys.stdout.buffer.write(bytes([ids.item()]))'
    : `print(model.symbols[ids.item()], end="${tokenizer.kind === 'word' ? ' ' : ''}", flush=True)`
  return `if __name__ == "__main__":
    model = Model(Path(__file__).with_name("${WEIGHTS}")).eval()
    prompt, temperature = ${literal(tokenizer.decode(ids))}, 0.8
    ids = ${before}${encode} or [${padding ?? lineEnd ?? 0}]
    ids, state = torch.tensor([ids]), None
    with torch.no_grad():
        for _ in range(500):
            logits, state = model(ids, state)
            logits = logits[:, -1]
${indent(12, [
  ...(smoothing === undefined
    ? []
    : [`logits = torch.log(torch.softmax(logits, -1) + ${smoothing})`]),
  ...(padding === undefined ? [] : [`logits[:, ${padding}] = -torch.inf`]),
])}            ids = torch.multinomial(torch.softmax(logits / temperature, -1), 1)
            ${show}
`
}

function loader(model: Model): string {
  const { config, name, tokenizer } = model
  return `"""${literal(name ?? 'A model').slice(1, -1)} of Ondo in PyTorch: pip install torch safetensors"""
import json
${tokenizer.kind === 'byte' ? 'import sys\n' : ''}from pathlib import Path

import torch
from safetensors import safe_open


${isStandard(config) ? standardModel(config) : writtenOutModel(config)}

${program(model)}`
}

export const pytorch: ExportForm = {
  kind: 'pytorch',
  about: {
    en: 'the model file and a Python program that loads it in PyTorch',
    ja: 'モデルファイルと、それをPyTorchで読み込むPythonプログラム',
  },

  write(model) {
    const missing = notExpressed(model.config)
    if (missing.length > 0) {
      throw refusal(
        `The model has ${missing.join(', ')}, which the PyTorch export does not write; export it as page, or sample it here.`,
        `このモデルの ${missing.join('、')} はPyTorchの書き出しに対応していません。pageで書き出すか、Ondoで使ってください。`,
      )
    }
    // Half the size where that loses nothing, as in the files that training writes.
    const exact = [...model.weights.values()].every(data => asHalves(data) !== undefined)
    const bytes = encodeModel(model, { dtype: exact ? 'F16' : 'F32' })
    return {
      files: [{ name: WEIGHTS, bytes }, textFile(PROGRAM, loader(model))],
      notes: [],
    }
  },
}
