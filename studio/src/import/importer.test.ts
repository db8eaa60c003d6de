import { describe, expect, it } from 'vitest'
import { decodeModel } from '../../../src/index.js'
import { modelConfig } from '../../../src/model/index.js'
import { smallModel } from '../../../test/support/studio-site.js'
import { Importer, isOndoModel, isTextLike } from './importer.js'
import type { FromImporter, GivenFile, ToImporter } from './protocol.js'

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const file = (name: string, content: Uint8Array<ArrayBuffer> | string): GivenFile => ({
  name,
  file: new Blob([content]),
})

async function answerTo(message: ToImporter): Promise<FromImporter> {
  const told: FromImporter[] = []
  await new Importer(answer => told.push(answer)).handle(message)
  expect(told).toHaveLength(1)
  return told[0]
}

const open = (files: GivenFile[]): Promise<FromImporter> =>
  answerTo({ type: 'open', job: 1, given: { title: 'x', files } })

describe('what files are', () => {
  it('is seen by their content: a model of Ondo under any name, cut off or whole', async () => {
    const bytes = smallModel()
    expect(isOndoModel(bytes)).toBe(true)
    expect(isOndoModel(bytes.subarray(0, 3000))).toBe(true)
    expect(await open([file('a.txt', bytes)])).toMatchObject({ type: 'models' })
    const both = await open([file('.DS_Store', 'x'), file('best.safetensors', bytes)])
    expect(both).toMatchObject({ type: 'models', models: [{ name: 'best' }] })
    for (const hostile of [utf8(''), utf8('\xff'.repeat(40)), new Uint8Array(64).fill(0x7b)]) {
      expect(isOndoModel(hostile)).toBe(false)
    }
  })

  it('is text in any encoding, and not JSON that nothing knows', async () => {
    const utf16 = new Uint8Array([0xff, 0xfe, 0x61, 0, 0x62, 0])
    expect(isTextLike(utf16)).toBe(true)
    expect(isTextLike(new Uint8Array([0x93, 0xfa, 0x96, 0x7b]))).toBe(true)
    expect(isTextLike(new Uint8Array([1, 0, 2]))).toBe(false)
    expect(await open([file('a.txt', 'Once'), file('b.txt', utf16)])).toMatchObject({
      type: 'text',
    })
    const data = await open([file('a.json', '{"x": 1}')])
    expect(data).toMatchObject({ type: 'failed', code: 'import' })
    // The sentence exists in both languages, and its quotes are short.
    const long = await open([file(`${'n'.repeat(500)}.bin`, new Uint8Array(9))])
    if (long.type !== 'failed') throw new Error('opened')
    expect(long.message.length).toBeLessThan(700)
    expect(long.ja).toContain('知らない形式')
  })

  it('is a session or not at all', async () => {
    const session = '{"format":"ondo-session","version":2}'
    expect(await open([file('s.json', session)])).toMatchObject({ type: 'saved', json: session })
    expect(await open([])).toMatchObject({ type: 'failed', code: 'empty' })
  })
})

describe('a changed model', () => {
  it('has the same weights under another name and prompt, and another identity with a window', async () => {
    const bytes = smallModel()
    const before = await decodeModel(bytes)
    const change = async (edit: Extract<ToImporter, { type: 'edit' }>['edit']) => {
      const answer = await answerTo({ type: 'edit', job: 2, file: new Blob([bytes]), edit })
      if (answer.type !== 'edited') throw new Error(JSON.stringify(answer))
      return decodeModel(answer.bytes)
    }
    const named = await change({ name: '別名', prompt: 'Oh' })
    expect([named.name, named.prompt, named.hash]).toEqual(['別名', 'Oh', before.hash])
    expect(named.training).toEqual(before.training)
    const windowed = await change({ window: 40 })
    expect(windowed.config).toEqual(modelConfig({ ...before.config, window: 40 }))
    expect(windowed.hash).not.toBe(before.hash)
    expect([...windowed.weights]).toEqual([...before.weights])
  })
})
