/** Ondo's trainer in a worker of the bench's page: so many steps when asked, timed here. */
import { browserEngine } from '../../src/browser/index.js'
import { CharacterTokenizer } from '../../src/text/index.js'
import { type StepEvent, train } from '../../src/train/index.js'
import type { PageMessage, PageRequest } from './page.js'

let steps: AsyncIterator<StepEvent> | undefined

async function* only(request: Extract<PageRequest, { type: 'begin' }>): AsyncGenerator<StepEvent> {
  const { assets, threads, sizes, ids } = request
  const { vocabulary, hidden, layers, batch, seq } = sizes
  const symbols = Array.from({ length: vocabulary }, (_, i) => String.fromCodePoint(48 + i))
  const events = train({
    corpus: { ids, tokenizer: new CharacterTokenizer(symbols), hash: 'bench' },
    engine: await browserEngine({ assets, device: 'wasm', threads }),
    settings: { hidden, layers, batch, seq, epochs: 1_000_000, holdout: 0 },
  })
  for await (const event of events) if (event.type === 'step') yield event
}

const post = (message: PageMessage): void => postMessage(message)

addEventListener('message', async (event: MessageEvent<PageRequest>) => {
  const request = event.data
  try {
    if (request.type === 'begin') steps = only(request)
    const start = performance.now()
    let loss = Number.NaN
    const count = request.type === 'begin' ? 1 : request.count
    for (let i = 0; i < count; i++) loss = (await steps!.next()).value.loss
    post({ milliseconds: performance.now() - start, loss })
  } catch (error) {
    post({ error: String(error) })
  }
})
