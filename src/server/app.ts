/**
 * The server as a function from Request to Response: it knows no port and no files, and runs
 * wherever hono does.
 */
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { FileError, InputError, memoryError, shorten } from '../errors.js'
import { VERSION } from '../version.js'
import { parseBody } from './body.js'
import {
  type CompletionEvent,
  complete,
  describeError,
  eventStream,
  json,
  readCompletionRequest,
} from './completion.js'
import { ModelCache, type ModelFile } from './models.js'

export interface AppOptions {
  /** The models offered; requests that name none get the first. */
  readonly models: readonly ModelFile[]
  /** Most symbols written for one request. Default 100,000: some seconds of work. */
  readonly maxLength?: number
  /** Most symbols of the prompt of one request. Default 100,000: some seconds of reading. */
  readonly maxPrompt?: number
  /** Called with errors that are the server's fault; by default they are only answered by 500. */
  readonly onError?: (error: unknown) => void
}

/** Bytes of a request's body: far above any prompt. */
const BODY_LIMIT = 1 << 20

type Status = 400 | 404 | 405 | 413 | 415 | 500 | 503

const answer = (status: Status, error: { code: string; message: string }): Response =>
  new Response(json({ error }), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
  })

const ok = (value: unknown): Response =>
  new Response(json(value), { headers: { 'Content-Type': 'application/json; charset=utf-8' } })

async function readBody(context: Context): Promise<unknown> {
  try {
    return parseBody(await context.req.text())
  } catch (cause) {
    throw new InputError(
      'body',
      'The body is not valid JSON; expected an object such as {"prompt": "ROMEO:"}.',
      { cause },
    )
  }
}

/**
 * GET /health · GET /models · GET /models/NAME.safetensors · POST /completions
 *
 * @example
 * const app = createApp({ models: [{ name: 'mine', read: () => readFile('mine.safetensors') }] })
 * await app.request('/completions', { method: 'POST', headers: { 'Content-Type': 'application/json' },
 *   body: '{"prompt": "ROMEO:", "temperature": 0.8}' })
 */
export function createApp(options: AppOptions): Hono {
  const shelf = new ModelCache(options.models)
  const { maxLength = 100_000, maxPrompt = 100_000 } = options
  const app = new Hono()

  app.onError(error => {
    if (error instanceof InputError) {
      return answer(error.code === 'no-model' ? 404 : 400, describeError(error))
    }
    options.onError?.(error)
    // No fault of the request, and the next one may have more.
    const memory = memoryError(error)
    if (memory) return answer(503, describeError(memory))
    return answer(500, describeError(error))
  })
  app.notFound(context =>
    answer(404, {
      code: 'not-found',
      message: `There is no ${shorten(context.req.path)}; expected /health, /models or /completions.`,
    }),
  )

  app.get('/health', () => ok({ status: 'ok', version: VERSION, models: shelf.names }))

  app.get('/models', async () => {
    const models = await Promise.all(
      shelf.names.map(name =>
        // One bad file must not hide the others.
        shelf.describe(name).catch(error => {
          if (!(error instanceof FileError)) options.onError?.(error)
          return { name, error: describeError(error) }
        }),
      ),
    )
    return ok({ models })
  })

  app.get('/models/:file{.+\\.safetensors}', async context => {
    const { bytes, fileHash } = await shelf.get(
      context.req.param('file').slice(0, -'.safetensors'.length),
    )
    const etag = `"${fileHash}"` // of the bytes: a new title is another file
    const headers = { ETag: etag, 'Cache-Control': 'no-cache' }
    const known = context.req.header('If-None-Match')?.split(',') ?? []
    if (known.some(tag => ['*', etag, `W/${etag}`].includes(tag.trim()))) {
      return new Response(null, { status: 304, headers })
    }
    return new Response(new Uint8Array(bytes), {
      headers: {
        ...headers,
        'Content-Type': 'application/octet-stream',
        'Content-Length': String(bytes.length),
      },
    })
  })

  const limit = bodyLimit({
    maxSize: BODY_LIMIT,
    onError: () =>
      answer(413, {
        code: 'body',
        message: `The body is larger than ${BODY_LIMIT} bytes; send a shorter prompt.`,
      }),
  })
  app.post('/completions', limit, async context => {
    // Also keeps other sites' pages out: without this header a browser would not ask first.
    if (!/^application\/json\s*(;|$)/i.test(context.req.header('Content-Type') ?? '')) {
      return answer(415, {
        code: 'content-type',
        message: 'The body has another type; expected the header Content-Type: application/json.',
      })
    }
    const request = readCompletionRequest(await readBody(context), maxLength)
    const { model } = await shelf.get(request.model ?? shelf.names[0])
    const abort = new AbortController()
    const { signal } = context.req.raw
    if (signal.aborted) abort.abort()
    else signal.addEventListener('abort', () => abort.abort(), { once: true })
    const events = complete(model, request, maxPrompt, abort.signal)
    // The first event decides the status: what is wrong with the request is found before it.
    const first = await events.next()
    const run = first.done ? undefined : first.value
    if (request.stream) {
      return new Response(eventStream(run, events, abort), {
        headers: {
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-store',
          // Proxies that gather would undo the streaming.
          'X-Accel-Buffering': 'no',
        },
      })
    }
    let end: CompletionEvent | undefined
    for await (const event of events) end = event
    return ok({ ...end, type: 'completion', run })
  })

  for (const path of ['/health', '/models', '/models/:file', '/completions']) {
    const allowed = path === '/completions' ? 'POST' : 'GET, HEAD'
    app.all(path, context => {
      if (path === '/models/:file' && ['GET', 'HEAD'].includes(context.req.method)) {
        return context.notFound()
      }
      const response = answer(405, {
        code: 'method',
        message: `${context.req.method} is not possible here; expected ${allowed}.`,
      })
      response.headers.set('Allow', allowed)
      return response
    })
  }
  return app
}
