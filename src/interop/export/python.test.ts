/**
 * Exports read by the libraries that they are for, in Python: PyTorch, onnx and onnxruntime, tokenizers.
 * Each part runs where a Python with its packages is found: `python3`, or the one named by ONDO_PYTHON.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pythonWith, runPython } from '../../../test/support/python.js'
import type { Model } from '../../file/index.js'
import { tokenizerFrom } from '../../text/index.js'
import { CONFIGS, expectedOf, furthest, IDS, SYMBOLS, seededModel } from './cases.fixture.js'
import { exportModel } from './export.js'
import { stateSize } from './onnx-network.js'

const folder = mkdtempSync(join(tmpdir(), 'ondo-export-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes the export of a model into a folder of that name. */
function place(model: Model, kind: string, name: string): void {
  for (const file of exportModel(model, kind).files) {
    const path = join(folder, name, file.name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, file.bytes)
  }
}

const placeAll = (kind: string): Promise<Model[]> =>
  Promise.all(
    CONFIGS.map(async ([, config], i) => {
      const model = await seededModel(config, { prompt: '温"\\c', name: '"""\n温' })
      place(model, kind, `${kind}-${i}`)
      return model
    }),
  )

it.each([
  [{ restart: 2 }, 'ab', 'ids = [2] + [model.symbols.index(symbol) for symbol in prompt] or [2]'],
  [{ window: 3, padding: 1 }, '', 'for symbol in prompt] or [1]'],
  [{}, '', 'for symbol in prompt] or [2]'],
] as const)('begins as our own program does: %o', async (config, prompt, line) => {
  const model = await seededModel({ cell: 'gru', ...config }, { prompt })
  const file = exportModel(model, 'pytorch').files.find(({ name }) => name === 'model.py')
  expect(new TextDecoder().decode(file?.bytes)).toContain(line)
})

const torch = pythonWith('torch', 'safetensors')
const runtime = pythonWith('onnx', 'onnxruntime', 'numpy')
const tokenizers = pythonWith('tokenizers')

describe.skipIf(!torch)('PyTorch', { timeout: 180_000 }, () => {
  it('computes our logits with every loader, at once and in two parts', async () => {
    const models = await placeAll('pytorch')
    const got: number[][][] = JSON.parse(
      runPython(
        torch!,
        folder,
        `
import importlib.util, json, torch
out = []
for i in range(${models.length}):
    spec = importlib.util.spec_from_file_location("m%d" % i, "pytorch-%d/model.py" % i)
    module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
    model = module.Model("pytorch-%d/model.safetensors" % i).eval()
    ids = torch.tensor([${JSON.stringify(IDS)}, ${JSON.stringify(IDS.toReversed())}])
    with torch.no_grad():
        whole, _ = model(ids)
        first, state = model(ids[:, :5])
        second, _ = model(ids[:, 5:], state)
    out.append([whole[0].flatten().tolist(), torch.cat([first, second], 1)[0].flatten().tolist(), whole[1].flatten().tolist()])
print(json.dumps(out))`,
      ),
    )
    for (const [i, model] of models.entries()) {
      const { logits } = expectedOf(model)
      const back = expectedOf(model, IDS.toReversed())
      const [name] = CONFIGS[i] as (typeof CONFIGS)[number]
      expect(furthest(got[i]?.[0] ?? [], logits.flat()), name).toBeLessThan(1e-5)
      expect(furthest(got[i]?.[1] ?? [], logits.flat()), name).toBeLessThan(1e-5)
      expect(furthest(got[i]?.[2] ?? [], back.logits.flat()), name).toBeLessThan(1e-5)
    }
  })

  it.each([
    ['character', { kind: 'character', symbols: ['温', '"', '\\', 'c', '\n', '𝄞'] }],
    ['byte', { kind: 'byte' }],
    ['grapheme', { kind: 'grapheme', symbols: ['温', '"', '\\', 'c', 'e\u0301', '\r\n'] }],
    ['word', { kind: 'word', symbols: ['温', '"', '\\', 'the', '.'] }],
  ] as const)('writes text when it is run: %s', async (name, json) => {
    const tokenizer = tokenizerFrom(json)
    place(await seededModel({ cell: 'lstm' }, { tokenizer, prompt: '温"\\c' }), 'pytorch', name)
    const text = runPython(
      torch!,
      folder,
      `import runpy, sys; sys.stdout.reconfigure(encoding="utf-8", newline="\\n"); runpy.run_path("${name}/model.py", run_name="__main__")`,
    )
    if (json.kind === 'byte') expect(text.length).toBeGreaterThan(200)
    else {
      expect(tokenizer.encode(text).unknown).toEqual([])
      expect(text.length).toBeGreaterThanOrEqual(500)
    }
  })
})

describe.skipIf(!runtime)('onnx and onnxruntime', { timeout: 180_000 }, () => {
  it('accept every graph and compute our logits', async () => {
    const models = await placeAll('onnx')
    const got: number[][][] = JSON.parse(
      runPython(
        runtime!,
        folder,
        `
import json, numpy, onnx, onnxruntime
options = onnxruntime.SessionOptions(); options.intra_op_num_threads = 1
ids = ${JSON.stringify(IDS)}
out = []
for i, size in enumerate(${JSON.stringify(models.map(({ config }) => stateSize(config)))}):
    for name in ["step.onnx", "scan.onnx", "onnx/model.onnx"]:
        onnx.checker.check_model("onnx-%d/%s" % (i, name), full_check=True)
        assert {node.domain for node in onnx.load("onnx-%d/%s" % (i, name)).graph.node} == {""}
    open = lambda name: onnxruntime.InferenceSession("onnx-%d/%s" % (i, name), options)
    step, scan = open("step.onnx"), open("scan.onnx")
    state, single = numpy.zeros((3, size), numpy.float32), []
    for id in ids:
        logits, state = step.run(["logits", "next_state"], {"ids": numpy.full(3, id), "state": state})
        single += logits[2].tolist()
    whole, _ = scan.run(["logits", "next_state"], {"ids": numpy.array([ids]), "state": numpy.zeros((1, size), numpy.float32)})
    out.append([single, whole.flatten().tolist()])
print(json.dumps(out))`,
      ),
    )
    for (const [i, model] of models.entries()) {
      const { logits } = expectedOf(model)
      const [name] = CONFIGS[i] as (typeof CONFIGS)[number]
      for (const each of got[i] ?? [])
        expect(furthest(each, logits.flat()), name).toBeLessThan(1e-5)
      expect(got[i]).toHaveLength(2)
    }
  })
})

describe.skipIf(!tokenizers)('tokenizers', { timeout: 60_000 }, () => {
  it.each([
    [
      { kind: 'character', symbols: ['\n', ' ', 'a', '0', '温', '𝄞', '\u0308', '"'] },
      'a 0温𝄞\n\u0308" a',
    ],
    [{ kind: 'byte' }, 'naïve 温\n\t 𝄞  <x>'],
    [
      { kind: 'grapheme', symbols: ['a', 'e\u0301', '\r\n', '👩‍👩‍👧', ' '] },
      'ae\u0301\r\n👩‍👩‍👧 a',
    ],
  ] as const)('read and write a text as ours do: %o', async (json, text) => {
    const tokenizer = tokenizerFrom(json)
    place(await seededModel({ cell: 'gru', hidden: 2 }, { tokenizer }), 'onnx', 'tokens')
    const [ids, back, filled] = JSON.parse(
      runPython(
        tokenizers!,
        folder,
        `
import json
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file("tokens/tokenizer.json")
text = json.loads(${JSON.stringify(JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`))})
ids = tokenizer.encode(text).ids
filler = json.load(open("tokens/tokenizer_config.json"))["pad_token"]
print(json.dumps([ids, tokenizer.decode(ids), tokenizer.token_to_id(filler)]))`,
      ),
    )
    expect(ids).toEqual([...tokenizer.encode(text).ids])
    expect(back).toBe(text)
    expect(filled).toBe(tokenizer.size)
  })

  it('put the token that begins a text before it', async () => {
    place(await seededModel({ cell: 'gru', restart: 2 }), 'onnx', 'begins')
    const ids = runPython(
      tokenizers!,
      folder,
      'from tokenizers import Tokenizer; print(Tokenizer.from_file("begins/tokenizer.json").encode("ab").ids)',
    )
    expect(JSON.parse(ids)).toEqual([SYMBOLS.length + 1, 0, 1])
  })
})
