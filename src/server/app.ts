/**
 * The server as a function from Request to Response. It opens no port and no file, so it runs
 * wherever hono runs.
 */

import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { FileError, InputError, memoryError, shorten } from '../errors.js'
import { toJson } from '../knob.js'
import { VERSION } from '../version.js'
import { parseBody } from './body.js'
import {
  type CompletionEvent,
  complete,
  describeError,
  eventStream,
  readCompletionRequest,
} from './completion.js'
import { ModelCache, type ModelFile } from './models.js'

export interface AppOptions {
  /** The models to serve. A request without a model name gets the first. */
  readonly models: readonly ModelFile[]
  /** Maximum number of symbols to write for one request. Default 100,000, which takes some seconds. */
  readonly maxLength?: number
  /** Maximum number of symbols in a prompt. Default 100,000, which takes some seconds. */
  readonly maxPrompt?: number
  /** Called with each error of the server itself. The client gets status 500 or 503 in any case. */
  readonly onError?: (error: unknown) => void
}

/** Maximum size of a request body, bytes. */
const BODY_LIMIT = 1 << 20

type Status = 400 | 404 | 405 | 413 | 415 | 500 | 503

const errorResponse = (status: Status, error: { code: string; message: string }): Response =>
  new Response(toJson({ error }), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
  })

const jsonResponse = (value: unknown): Response =>
  new Response(toJson(value), { headers: { 'Content-Type': 'application/json; charset=utf-8' } })

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

/** The list of models. A model whose file cannot be read is listed with its error. */
async function listModels(cache: ModelCache, onError: AppOptions['onError']): Promise<Response> {
  const models = await Promise.all(
    cache.names.map(name =>
      cache.describe(name).catch(error => {
        if (!(error instanceof FileError)) onError?.(error)
        return { name, error: describeError(error) }
      }),
    ),
  )
  return jsonResponse({ models })
}

/** The model file, or 304 when the client has the same bytes. */
async function sendModelFile(cache: ModelCache, context: Context): Promise<Response> {
  const file = context.req.param('file') ?? ''
  const { bytes, fileHash } = await cache.get(file.slice(0, -'.safetensors'.length))
  // The hash of the bytes, not of the model: a changed title makes another file.
  const etag = `"${fileHash}"`
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
}

/** Writes a text for a request: as one JSON object, or as a stream of events. */
async function sendCompletion(
  cache: ModelCache,
  context: Context,
  { maxLength, maxPrompt }: { readonly maxLength: number; readonly maxPrompt: number },
): Promise<Response> {
  // A browser asks for permission before it sends this header to another origin, so pages of other
  // sites cannot use the server.
  if (!/^application\/json\s*(;|$)/i.test(context.req.header('Content-Type') ?? '')) {
    return errorResponse(415, {
      code: 'content-type',
      message: 'The body has another type; expected the header Content-Type: application/json.',
    })
  }
  const request = readCompletionRequest(await readBody(context), maxLength)
  const { model } = await cache.get(request.model ?? cache.names[0]!)
  const abort = new AbortController()
  const { signal } = context.req.raw
  if (signal.aborted) abort.abort()
  else signal.addEventListener('abort', () => abort.abort(), { once: true })
  const events = complete(model, request, maxPrompt, abort.signal)
  // Errors in the request are thrown before the first event, so the status is known from here on.
  const first = await events.next()
  const run = first.done ? undefined : first.value
  if (request.stream) {
    return new Response(eventStream(run, events, abort), {
      headers: {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        // Tells proxies not to buffer the stream.
        'X-Accel-Buffering': 'no',
      },
    })
  }
  let end: CompletionEvent | undefined
  for await (const event of events) end = event
  return jsonResponse({ ...end, type: 'completion', run })
}

const ALLOWED_METHODS: Readonly<Record<string, string>> = {
  '/health': 'GET, HEAD',
  '/models': 'GET, HEAD',
  '/models/:file': 'GET, HEAD',
  '/completions': 'POST',
}

/** Answers every other method of a known path by 405 with the methods that are allowed. */
function refuseOtherMethods(app: Hono): void {
  for (const [path, allowed] of Object.entries(ALLOWED_METHODS)) {
    app.all(path, context => {
      if (path === '/models/:file' && ['GET', 'HEAD'].includes(context.req.method)) {
        return context.notFound()
      }
      const response = errorResponse(405, {
        code: 'method',
        message: `${context.req.method} is not possible here; expected ${allowed}.`,
      })
      response.headers.set('Allow', allowed)
      return response
    })
  }
}

/**
 * GET /health · GET /models · GET /models/NAME.safetensors · POST /completions
 *
 * @example
 * const app = createApp({ models: [{ name: 'mine', read: () => readFile('mine.safetensors') }] })
 * await app.request('/completions', { method: 'POST', headers: { 'Content-Type': 'application/json' },
 *   body: '{"prompt": "ROMEO:", "temperature": 0.8}' })
 * @throws InputError when there is no model, or two have the same name
 */
export function createApp(options: AppOptions): Hono {
  const { models, maxLength = 100_000, maxPrompt = 100_000, onError } = options
  const cache = new ModelCache(models)
  const app = new Hono()

  app.onError(error => {
    // Running out of memory is not the fault of the request: a later one may succeed.
    const memory = memoryError(error) ?? error
    if (memory instanceof InputError && memory.code === 'memory') {
      onError?.(error)
      return errorResponse(503, describeError(memory))
    }
    if (error instanceof InputError) {
      return errorResponse(error.code === 'no-model' ? 404 : 400, describeError(error))
    }
    onError?.(error)
    return errorResponse(500, describeError(error))
  })
  app.notFound(context =>
    errorResponse(404, {
      code: 'not-found',
      message: `There is no ${shorten(context.req.path)}; expected /health, /models or /completions.`,
    }),
  )

  app.get('/health', () => jsonResponse({ status: 'ok', version: VERSION, models: cache.names }))
  app.get('/models', () => listModels(cache, onError))
  app.get('/models/:file{.+\\.safetensors}', context => sendModelFile(cache, context))
  const limit = bodyLimit({
    maxSize: BODY_LIMIT,
    onError: () =>
      errorResponse(413, {
        code: 'body',
        message: `The body is larger than ${BODY_LIMIT} bytes; send a shorter prompt.`,
      }),
  })
  app.post('/completions', limit, context =>
    sendCompletion(cache, context, { maxLength, maxPrompt }),
  )
  refuseOtherMethods(app)
  return app
}
