/** Makes the folder of a small ml5 charRNN with pseudo-random weights, as training-charRNN exports one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Symbols by id; ml5 sorts them by frequency. */
const SYMBOLS = [...' etaoinshrdlucmfw\n.,ypg']
const H = 12

/** Numbers of a linear congruential generator, uniform in [-scale, scale). */
function numbers(count: number, seed: number, scale: number): Float32Array {
  let state = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 4294967296 - 0.5) * 2 * scale
  })
}

export interface Ml5Options {
  /** Leaves this part out: a damaged folder. */
  readonly without?: 'vocab.json' | 'softmax_b'
  /** Leaves the last bytes of a file out. */
  readonly cut?: boolean
}

/** Writes the files into a folder. @returns their paths */
export function writeMl5Folder(folder: string, { without, cut }: Ml5Options = {}): string[] {
  mkdirSync(folder, { recursive: true })
  const V = SYMBOLS.length
  const cell = (k: number) => `rnnlm/multi_rnn_cell/cell_${k}/basic_lstm_cell`
  const tensors: [string, number[]][] = [
    ['embedding', [V, H]],
    [`${cell(0)}/kernel`, [2 * H, 4 * H]],
    [`${cell(0)}/bias`, [4 * H]],
    [`${cell(1)}/kernel`, [2 * H, 4 * H]],
    [`${cell(1)}/bias`, [4 * H]],
    ['rnnlm/softmax_w', [H, V]],
    ['rnnlm/softmax_b', [V]],
    ['Variable', []],
  ]
  const manifest: Record<string, { filename: string; shape: number[] }> = {}
  const paths: string[] = []
  const write = (name: string, content: string | Uint8Array): void => {
    paths.push(join(folder, name))
    writeFileSync(join(folder, name), content)
  }
  for (const [at, [name, shape]] of tensors.entries()) {
    const filename = name.replaceAll('/', '_')
    manifest[name] = { filename, shape }
    if (without !== undefined && name.endsWith(without)) continue
    const data = numbers(
      shape.reduce((a, b) => a * b, 1),
      at + 5,
      1.2,
    )
    const bytes = new Uint8Array(data.buffer)
    write(filename, cut && name === 'embedding' ? bytes.subarray(0, bytes.length - 8) : bytes)
  }
  write('manifest.json', JSON.stringify(manifest))
  if (without !== 'vocab.json') {
    write(
      'vocab.json',
      JSON.stringify(Object.fromEntries(SYMBOLS.map((symbol, id) => [symbol, id]))),
    )
  }
  return paths
}
