/**
 * Files that PyTorch and Python's safetensors write (test/witness/torch_models.py), read here: the same
 * logits as PyTorch's, or one sentence that names what is in the way. Runs where a Python with torch and
 * safetensors is found: `python3`, or the one named by ONDO_PYTHON.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { loadNetwork } from '../runtime/network.js'
import { importModel } from './import.js'

const python = [process.env.ONDO_PYTHON, 'python3'].find(command => {
  if (!command) return false
  const probe =
    'import importlib.util as u, sys; sys.exit(not all(u.find_spec(m) for m in ("torch", "safetensors", "numpy")))'
  try {
    execFileSync(command, ['-c', probe], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

interface Case {
  readonly file: string
  readonly ids: readonly number[]
  readonly logits?: readonly (readonly number[])[]
  readonly give: boolean
  readonly refused?: string
}

/** SYMBOLS of the script. */
const SYMBOLS = ['\n', ' ', 'a', 'b', 'c', 'd', 'é', '温', '😀']

describe.skipIf(!python)('files that PyTorch writes', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-torch-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  let cases: readonly Case[] = []

  beforeAll(() => {
    const script = fileURLToPath(new URL('../../test/witness/torch_models.py', import.meta.url))
    execFileSync(python as string, ['-W', 'ignore', script, folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    })
    cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'))
  }, 300_000)

  const open = ({ file, give }: Case) =>
    importModel(
      [{ name: file, bytes: new Uint8Array(readFileSync(join(folder, file))) }],
      give ? { vocabulary: { symbols: SYMBOLS } } : {},
    )

  it('gives the logits of PyTorch', async () => {
    const wrong: string[] = []
    const readable = cases.filter(({ refused }) => refused === undefined)
    expect(readable.length).toBeGreaterThan(100)
    for (const one of readable) {
      try {
        const { model } = await open(one)
        const session = (await loadNetwork(model.config, model.weights)).session()
        let worst = 0
        for (const [t, id] of one.ids.entries()) {
          for (const [v, logit] of session.step(id).entries()) {
            worst = Math.max(worst, Math.abs(logit - (one.logits?.[t]?.[v] as number)))
          }
        }
        if (!(worst < 2e-5)) wrong.push(`${one.file}: logits differ by ${worst}`)
        const symbols = one.ids.map(id => model.tokenizer.symbol(id))
        if (symbols.join() !== one.ids.map(id => SYMBOLS[id]).join()) {
          wrong.push(`${one.file}: the symbols are ${symbols.join(' ')}`)
        }
      } catch (error) {
        wrong.push(`${one.file}: ${error instanceof Error ? error.message : error}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('asks for a vocabulary that the file lacks, and for no other', async () => {
    const wrong: string[] = []
    for (const one of cases.filter(({ give, refused }) => give && refused === undefined)) {
      const error = await open({ ...one, give: false }).catch((thrown: unknown) => thrown)
      if (!(error instanceof InputError && /do not say which/.test(error.message))) {
        wrong.push(`${one.file}: ${error instanceof Error ? error.message : 'nothing is asked'}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('refuses what it cannot run in one sentence that names it', async () => {
    const wrong: string[] = []
    const refused = cases.filter(({ refused }) => refused !== undefined)
    expect(refused.length).toBeGreaterThan(20)
    for (const one of refused) {
      const error = await open(one).catch((thrown: unknown) => thrown)
      const good =
        error instanceof FileError &&
        // The file's name may hold the word that is looked for.
        new RegExp(one.refused as string).test(error.message.replaceAll(one.file, '')) &&
        /^[A-Z][^\n]*\.$/.test(error.message) &&
        error.message.length < 500
      if (!good) wrong.push(`${one.file}: ${error instanceof Error ? error.message : 'it is read'}`)
    }
    expect(wrong).toEqual([])
  })
})
