import { describe, expect, it, vi } from 'vitest'
import { seededWeights } from '../../test/support/seeded.js'
import { decodeModel, encodeModel, modelFileHash } from '../file/index.js'
import { decodeRun, encodeRun, generateText, optionsOf, type Run } from '../generate/index.js'
import { modelConfig } from '../model/config.js'
import { ByteTokenizer, tokenizerFrom } from '../text/index.js'
import { VERSION } from '../version.js'
import { eventStream } from './completion.js'
import { type AppOptions, type CompletionEvent, createApp, type ModelFile } from './index.js'

const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ...'abcdefg温'] })
const config = modelConfig({
  cell: 'gru',
  vocabulary: tokenizer.size,
  embedding: 4,
  hidden: 16,
  layers: 1,
})
const weights = seededWeights(config, 1, 1)
const bytes = encodeModel({
  config,
  tokenizer,
  weights,
  name: 'Tiny',
  prompt: 'ab',
  training: { validationLoss: 1.5 },
})
const lines = encodeModel({ config, tokenizer, weights, prompt: 'a', stop: ['\n'] })
const model = await decodeModel(bytes)

const files: ModelFile[] = [
  { name: 'tiny', read: async () => bytes },
  { name: 'lines', read: async () => lines },
  { name: 'broken', read: async () => bytes.slice(0, 50) },
]
const app = createApp({ models: files })

const post = (
  body: unknown,
  {
    to = app,
    headers = {},
    signal,
  }: { to?: typeof app; headers?: object; signal?: AbortSignal } = {},
): Promise<Response> =>
  Promise.resolve(
    to.request('/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal,
    }),
  )

interface Event {
  type: string
  [key: string]: unknown
}

/** Parses server-sent events: lines of fields, with a blank line between events. */
function events(text: string): Event[] {
  return text
    .split('\n\n')
    .filter(block => block !== '')
    .map(block => {
      const [name, data, ...rest] = block.split('\n')
      expect([name.slice(0, 7), data.slice(0, 6), rest]).toEqual(['event: ', 'data: ', []])
      const event = JSON.parse(data.slice(6))
      expect(event.type).toBe(name.slice(7))
      return event
    })
}

describe('GET', () => {
  it('/health reports the status, the version and the models', async () => {
    const response = await app.request('/health')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'ok',
      version: VERSION,
      models: ['tiny', 'lines', 'broken'],
    })
  })

  it('/models describes each model, and reports a broken one without hiding the others', async () => {
    const response = await app.request('/models')
    expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8')
    const { models } = await response.json()
    expect(models[0]).toEqual({
      name: 'tiny',
      title: 'Tiny',
      hash: model.hash,
      fileHash: await modelFileHash(model),
      size: bytes.length,
      dtypes: ['F32'],
      parameters: [...weights.values()].reduce((sum, tensor) => sum + tensor.length, 0),
      config: { ...config },
      tokenizer: { kind: 'character', size: 9 },
      training: { validationLoss: 1.5 },
      prompt: 'ab',
    })
    expect(models[1]).toMatchObject({ name: 'lines', stop: ['\n'] })
    expect(models[2]).toEqual({
      name: 'broken',
      error: { code: 'truncated', message: expect.stringContaining('cut off') },
    })
  })

  it('/models/NAME.safetensors sends the file with its hash as ETag, and 304 to a client that has it', async () => {
    const response = await app.request('/models/tiny.safetensors')
    expect(response.headers.get('ETag')).toBe(`"${await modelFileHash(model)}"`)
    expect(response.headers.get('Content-Length')).toBe(String(bytes.length))
    expect(response.headers.get('Content-Type')).toBe('application/octet-stream')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
    for (const [tag, status] of [
      [`"${await modelFileHash(model)}"`, 304],
      [`"x", W/"${await modelFileHash(model)}"`, 304],
      ['*', 304],
      ['"x"', 200],
    ] as const) {
      const again = await app.request('/models/tiny.safetensors', {
        headers: { 'If-None-Match': tag },
      })
      expect([tag, again.status]).toEqual([tag, status])
      expect((await again.arrayBuffer()).byteLength).toBe(status === 304 ? 0 : bytes.length)
    }
    const head = await app.request('/models/tiny.safetensors', { method: 'HEAD' })
    expect([head.status, head.headers.get('Content-Length'), await head.text()]).toEqual([
      200,
      String(bytes.length),
      '',
    ])
  })

  it.each([
    ['/models/tinny.safetensors', 404, /no model "tinny".*Did you mean "tiny"/],
    ['/models/..%2f..%2fpackage.safetensors', 404, /no model "\.\.\/\.\.\/package"/],
    ['/models/__proto__.safetensors', 404, /no model "__proto__"/],
    ['/models/tiny', 404, /There is no \/models\/tiny/],
    ['/nothing', 404, /expected \/health, \/models or \/completions/],
    ['/completions', 405, /GET is not possible here; expected POST/],
    ['/models/broken.safetensors', 500, /cut off/],
  ])('%s is answered %i', async (path, status, sentence) => {
    const response = await app.request(path)
    expect(response.status).toBe(status)
    expect((await response.json()).error.message).toMatch(sentence)
  })

  it('answers other methods by 405 with the allowed ones', async () => {
    const response = await app.request('/health', { method: 'POST' })
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('POST /completions', () => {
  it('writes the same text as generate()', async () => {
    const options = { prompt: 'ga', temperature: 1.3, seed: 7, length: 40 }
    const response = await post({ model: 'tiny', ...options })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      type: 'completion',
      text: await generateText(model, options),
      stop: 'length',
      symbols: 40,
      bitsPerSymbol: expect.any(Number),
      run: expect.objectContaining({
        type: 'run',
        model: model.hash,
        prompt: 'ga',
        seed: '7',
        temperature: '1.3',
      }),
    })
  })

  it('uses the first model, its prompt and the default settings for an empty request', async () => {
    const response = await (await post({})).json()
    expect(response.text).toBe(await generateText(model))
    expect(response.run).toMatchObject({ prompt: 'ab', temperature: '0.8', seed: '42' })
  })

  it('accepts schedules and chains, and returns a run that writes the same text', async () => {
    const chain = 'dry 0.8, top-k 5'
    for (const temperature of ['0.4@0 1.6@30', { kind: 'cycle', temperatures: [1, 'inf', 0] }]) {
      const response = await post({ prompt: 'ab', temperature, chain, length: 40, seed: 5 })
      const { run, text } = (await response.json()) as { run: Run; text: string }
      expect(run).toMatchObject({ length: 40, chain: 'dry 0.8, temperature, top-k 5' })
      expect(await generateText(model, optionsOf(decodeRun(encodeRun(run))))).toBe(text)
    }
  })

  it('streams the same text: the run, each step with its record, and the end', async () => {
    const body = { prompt: '温', temperature: 'inf', seed: 3, length: 30 }
    const whole = await (await post(body)).json()
    const response = await post({ ...body, stream: true })
    expect(response.headers.get('Content-Type')).toBe('text/event-stream; charset=utf-8')
    const list = events(await response.text())
    expect(list.map(event => event.type)).toEqual(['run', ...Array(30).fill('step'), 'end'])
    const steps = list.slice(1, -1)
    expect(steps.map(step => step.text).join('')).toBe(whole.text)
    expect(steps[0]).toMatchObject({ index: 0, temperature: 'inf', pT: 1 / 9 })
    expect(list.at(-1)).toMatchObject({ text: whole.text, stop: 'length', symbols: 30 })
  })
})

describe('the fields of POST /completions', () => {
  it('has only fields that change the text', async () => {
    const base = { prompt: 'abc', temperature: 1, seed: 1, length: 60 }
    const text = async (change: object): Promise<string> =>
      (await (await post({ ...base, ...change })).json()).text
    const plain = await text({})
    for (const change of [
      { prompt: 'cba' },
      { temperature: 0.3 },
      { temperature: 0 },
      { temperature: 'inf' },
      { seed: 2 },
      { seed: '18446744073709551615' },
      { length: 59 },
      { stop: plain[20] },
      { stop: ['zzz', plain.slice(20, 22)] },
      { prompt: 'abcx', unknown: 'skip', seed: 9 },
    ]) {
      expect([change, await text(change)]).not.toEqual([change, plain])
    }
    expect(await text({ prompt: 'abcxyz', unknown: 'skip' })).toBe(plain)
    expect(await text({ seed: '1' })).toBe(plain)
    // A JSON number above 2^53 keeps all its digits as a seed.
    const wide = '9007199254740993'
    const raw = (json: string) => post(json).then(response => response.json())
    const number = await raw(
      `{"seed" : ${wide}, "length":20, "unknown":"skip","prompt":"\\"seed\\":1,{ab"}`,
    )
    expect(number).toMatchObject({ run: { seed: wide } })
    expect(number.text).toBe(
      (await raw(`{"seed":"${wide}","length":20,"unknown":"skip","prompt":"eed1ab"}`)).text,
    )
    expect((await raw('{"seed":18446744073709551615,"length":1}')).run.seed).toBe(
      '18446744073709551615',
    )
    const over = await post('{"seed":18446744073709551616}')
    expect([over.status, await over.text()]).toEqual([400, expect.stringMatching(/2\^64 - 1/)])
    expect(await text({ temperature: '1' })).toBe(plain)
    expect(await text({ length: 0 })).toBe('')
    const stopped = await (await post({ ...base, stop: plain.slice(20, 22) })).json()
    expect(stopped).toMatchObject({ stop: 'stop', stopString: plain.slice(20, 22) })
    expect(plain.startsWith(stopped.text)).toBe(true)
  })
})

describe('the checks of POST /completions', () => {
  it('ends at the stop strings of the model unless the request has its own', async () => {
    const own = await (await post({ model: 'lines', temperature: 'inf', length: 500 })).json()
    expect(own).toMatchObject({ stop: 'stop', stopString: '\n' })
    expect(own.text).not.toContain('\n')
    const told = await post({ model: 'lines', temperature: 'inf', length: 500, stop: [] })
    expect(await told.json()).toMatchObject({ stop: 'length', symbols: 500 })
  })

  it.each<[unknown, number, RegExp]>([
    ['{"prompt":', 400, /not valid JSON/],
    ['[]', 400, /not a JSON object/],
    ['null', 400, /not a JSON object/],
    ['7', 400, /not a JSON object/],
    [{ temprature: 1 }, 400, /no field "temprature".*Did you mean "temperature"/],
    [{ __proto__: 1, constructor: 1 }, 400, /no field "constructor"/],
    [{ temperature: -1 }, 400, /temperature is -1; expected a number from 0 to inf/],
    [{ temperature: 'warm' }, 400, /temperature is "warm"/],
    [{ temperature: [1] }, 400, /temperature is \[1\]/],
    [{ length: -1 }, 400, /length is -1; expected a whole number from 0 to 100000/],
    [{ length: 100_001 }, 400, /length is 100001/],
    [{ length: 1.5 }, 400, /length is 1\.5/],
    [{ seed: -1 }, 400, /seed is -1/],
    [{ seed: '18446744073709551616' }, 400, /seed is "18446744073709551616"/],
    [{ stop: '' }, 400, /stop string is ""/],
    [{ stop: [7] }, 400, /stop string is 7/],
    [{ prompt: 7 }, 400, /prompt is 7; expected text/],
    [{ prompt: 'axbyz' }, 400, /x/],
    [{ stream: 'maybe' }, 400, /stream is "maybe"/],
    [{ unknown: 'skipp' }, 400, /Did you mean "skip"/],
    [{ model: 'lnies' }, 404, /no model "lnies".*Did you mean "lines"/],
    [{ model: 7 }, 400, /model is 7; expected text/],
    [{ model: 'broken' }, 500, /cut off/],
    [{ prompt: 'a'.repeat(1 << 20) }, 413, /larger than 1048576 bytes/],
  ])('answers %j by %i', async (body, status, sentence) => {
    for (const stream of [false, true]) {
      const plain = typeof body === 'object' && body !== null && !('stream' in body)
      const response = await post(plain ? { ...body, stream } : body)
      expect(response.status).toBe(status)
      const { error } = await response.json()
      expect(error.message).toMatch(sentence)
      expect(error.code).toMatch(/^[a-z-]+$/i)
    }
  })

  it('refuses bodies that are not declared as JSON, so that forms of other sites do not work', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
      const response = await post('{}', { headers: { 'Content-Type': type } })
      expect([type, response.status]).toEqual([type, 415])
    }
    const charset = await post('{"length":1}', {
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
    })
    expect(charset.status).toBe(200)
    const preflight = await app.request('/completions', {
      method: 'OPTIONS',
      headers: { Origin: 'https://elsewhere.example' },
    })
    expect(preflight.headers.get('Access-Control-Allow-Origin')).toBeNull()
  })
})

describe('a stream of POST /completions', () => {
  it('makes a step only when it is read, and stops when the client disconnects', async () => {
    let made = 0
    let closed = false
    async function* steps(): AsyncGenerator<CompletionEvent, void, void> {
      try {
        while (true) yield { type: 'error', code: 'test', message: String(made++) }
      } finally {
        closed = true
      }
    }
    const abort = new AbortController()
    const reader = eventStream(undefined, steps(), abort).getReader()
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(made).toBeLessThanOrEqual(2)
    for (let n = 1; n <= 10; n++) {
      await reader.read()
      expect(made).toBeLessThanOrEqual(n + 2)
    }
    await reader.cancel()
    expect([closed, abort.signal.aborted]).toEqual([true, true])
  })

  it('reports an error in the middle of a stream as an event', async () => {
    async function* steps(): AsyncGenerator<CompletionEvent, void, void> {
      yield { type: 'error', code: 'first', message: '' }
      throw new Error('a private detail')
    }
    const body = eventStream(undefined, steps(), new AbortController())
    const text = await new Response(body).text()
    expect(events(text)[1]).toMatchObject({ type: 'error', code: 'internal' })
    expect(text).not.toContain('private')
  })

  it('stops writing when the request is aborted, with stop: interrupted', async () => {
    const abort = new AbortController()
    const promise = post({ length: 100_000, temperature: 1 }, { signal: abort.signal })
    setTimeout(() => abort.abort(), 20)
    const body = await (await promise).json()
    expect(body.stop).toBe('interrupted')
    expect(body.symbols).toBeLessThan(100_000)
  })
})

describe('completions of a byte model', () => {
  it('contain all bytes up to a stop string, streamed or not', async () => {
    const tokenizer = new ByteTokenizer()
    const config = modelConfig({ cell: 'gru', vocabulary: 256, hidden: 16, layers: 1 })
    const file = encodeModel({ config, tokenizer, weights: seededWeights(config, 2, 1) })
    const own = createApp({ models: [{ name: 'bytes', read: async () => file }] })
    const body = { temperature: 1, length: 200, seed: 5, stop: [] as string[] }
    const whole = await (await post(body, { to: own })).json()
    const raw = Buffer.from(whole.bytes, 'base64')
    expect(raw.length).toBe(200)
    expect(whole.text).toBe(raw.toString())
    const streamed = await (await post({ ...body, stream: true }, { to: own })).text()
    const all = events(streamed)
    const ids = all.filter(event => event.type === 'step').map(event => event.id)
    expect(ids).toEqual([...raw])
    expect(all.at(-1)).toMatchObject({ type: 'end', bytes: whole.bytes })
    // Any ASCII character of the text can be the stop string.
    const place = raw.findIndex((byte, i) => i > 20 && byte > 0x20 && byte < 0x7f)
    const stop = String.fromCharCode(raw[place])
    const cut = await (await post({ ...body, stop }, { to: own })).json()
    const kept = raw.subarray(0, raw.indexOf(stop))
    expect(Buffer.from(cut.bytes, 'base64').equals(kept)).toBe(true)
  })
})

describe('the models of a server', () => {
  it('are read once, at the first request, and again only after a failure', async () => {
    const read = vi.fn(async () => bytes)
    const flaky = vi.fn(async () => bytes).mockRejectedValueOnce(new Error('no disk'))
    const onError = vi.fn()
    const own = createApp({
      models: [
        { name: 'a', read },
        { name: 'b', read: flaky },
      ],
      onError,
    })
    await Promise.all([1, 2, 3].map(seed => post({ seed, length: 1 }, { to: own })))
    expect(read).toHaveBeenCalledTimes(1)
    const failed = await post({ model: 'b', length: 1 }, { to: own })
    expect(failed.status).toBe(500)
    // The cause of the error stays on the server.
    expect(await failed.text()).not.toContain('no disk')
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('no disk'))
    expect((await post({ model: 'b', length: 1 }, { to: own })).status).toBe(200)
  })

  it('must be at least one, each with its own name', () => {
    expect(() => createApp({ models: [] })).toThrow(/given 0 models/)
    expect(() => createApp({ models: [files[0], files[0]] } satisfies AppOptions)).toThrow(
      /2 models with 1 name;/,
    )
  })

  it('can have a lower limit of length', async () => {
    const own = createApp({ models: files, maxLength: 10 })
    expect(await (await post({}, { to: own })).json()).toMatchObject({ symbols: 10 })
    expect((await post({ length: 11 }, { to: own })).status).toBe(400)
  })
})
