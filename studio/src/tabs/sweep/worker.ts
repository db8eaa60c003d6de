/** Sweeps a model that it opens itself, one sweep at a time. */

import { decodeModel, type Model, sweep } from 'ondo'
import { errorMessage } from '../../writer/error-message.js'
import { readModelFile } from '../../writer/open-model.js'
import type { FromSweeper, SweepRequest, ToSweeper } from './protocol.js'

const post = (message: FromSweeper): void => postMessage(message)

let opened: { source: string | Blob; model: Promise<Model> } | undefined
let leaving = new AbortController()

async function run({ source, ...options }: SweepRequest): Promise<void> {
  leaving = new AbortController()
  const { signal } = leaving
  try {
    if (opened?.source !== source)
      opened = { source, model: readModelFile(source).then(decodeModel) }
    const model = await opened.model
    for await (const event of sweep(model, { ...options, signal })) {
      if (event.type === 'start') post({ type: 'start', total: event.total, done: event.done })
      else post(event)
    }
  } catch (error) {
    opened = undefined
    post({ type: 'failed', ...errorMessage(error) })
  }
}

addEventListener('message', ({ data }: MessageEvent<ToSweeper>) => {
  if (data.type === 'cancel') leaving.abort(new Error('cancelled'))
  else void run(data.request)
})
