/**
 * Training in a page: Ondo's step (data, forward, backward, clip, update) on WebAssembly in a worker
 * of Chromium, against TensorFlow.js's LSTM of the same size in the same page, on each of its
 * backends that can train at all. `ONDO_TFJS` names the tf.min.js of an npm installation.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededIds } from '../test/support/seeded.js'
import { interleave, median, type Row, rateText, ratio } from './harness.js'
import { BenchPage, findTfjs, type PagePeer, type Sizes } from './peers/page.js'

export const title =
  'Training in a page, characters a second (LSTM 2x128, 65 symbols, B = T = 50, Chromium)'

const SIZES: Sizes = { vocabulary: 65, hidden: 128, layers: 2, batch: 50, seq: 50 }
const CHARACTERS = SIZES.batch * SIZES.seq
const WHAT = 'LSTM 2x128'
const BACKENDS = ['wasm', 'cpu', 'webgl'] as const
/** A peer this many times slower than Ondo is timed over one step only. */
const TOO_SLOW = 20
/** Longest wait for a first step, ms. */
const FIRST_STEP_TIMEOUT = 150_000
/** ln 65: the loss of a uniform prediction. */
const UNIFORM_LOSS = Math.log(SIZES.vocabulary)

const peerVersions: Record<string, string> = {}
export const versions = (): Record<string, string> => peerVersions

/** Starts a peer and takes its first step. @throws Error when it takes too long or its loss is wrong */
async function startPeer(
  page: BenchPage,
  name: string,
  begin: Parameters<BenchPage['peer']>[1],
): Promise<PagePeer> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    const error = new Error(`no step within ${FIRST_STEP_TIMEOUT / 1000} s`)
    timer = setTimeout(() => reject(error), FIRST_STEP_TIMEOUT)
  })
  const peer = await Promise.race([page.peer(name, begin), timeout]).finally(() =>
    clearTimeout(timer),
  )
  if (Math.abs(peer.firstLoss - UNIFORM_LOSS) > 0.2) {
    throw new Error(`${name}: the first loss is ${peer.firstLoss}, not about ${UNIFORM_LOSS}`)
  }
  return peer
}

/** Adds the backends of TensorFlow.js to `peers`; yields rows for those that are too slow or fail. */
async function* addTfjs(
  page: BenchPage,
  peers: PagePeer[],
  ids: Uint8Array<ArrayBuffer>,
  log: (line: string) => void,
): AsyncGenerator<Row> {
  const tfjs = findTfjs()
  if ('missing' in tfjs) {
    yield { what: WHAT, who: 'TensorFlow.js', value: 'skipped', note: tfjs.missing }
    return
  }
  const manifest = readFileSync(join(tfjs.script, '../../package.json'), 'utf8')
  peerVersions.tfjs = JSON.parse(manifest).version
  for (const backend of BACKENDS) {
    const scripts = ['/tfjs/tf.js', ...(backend === 'wasm' ? ['/tfjs/wasm.js'] : [])]
    const name = `TensorFlow.js ${backend}`
    log(`${name}: first step`)
    try {
      const peer = await startPeer(page, name, { sizes: SIZES, ids, threads: 2, backend, scripts })
      const [theirs, ours] = [await peer.run(1), await peers[0].run(1)]
      log(`${name}: ${theirs.toFixed(0)} ms a step, Ondo ${ours.toFixed(0)}`)
      if (theirs < TOO_SLOW * ours) {
        peers.push(peer)
        continue
      }
      const rates = [(CHARACTERS * 1000) / theirs]
      yield {
        what: WHAT,
        who: name,
        value: rateText(rates),
        note: `Ondo is ${(theirs / ours).toFixed(0)}x, by one step each`,
        data: { rates, ratio: theirs / ours },
      }
    } catch (error) {
      await page.giveUp()
      const note = String(error)
        .split('\n')[0]
        .replace(/^(page\.evaluate: )?(Error: )*/, '')
      log(`${name}: ${note}`)
      yield { what: WHAT, who: name, value: 'cannot', note, data: { error: String(error) } }
    }
  }
}

export async function* measure(log: (line: string) => void): AsyncGenerator<Row> {
  const ids = Uint8Array.from(seededIds(200_000, SIZES.vocabulary))
  const page = await new BenchPage().start()
  peerVersions.chromium = page.version
  const peers: PagePeer[] = []
  try {
    for (const threads of [2, 1]) {
      const name = `Ondo, ${threads} thread${threads === 1 ? '' : 's'}`
      log(`${name}: first step`)
      peers.push(await startPeer(page, name, { sizes: SIZES, ids, threads }))
    }
    yield* addTfjs(page, peers, ids, log)
    const rates = await interleave(peers, { rounds: 5, ms: 1500 })
    yield* rates.map((rate, i): Row => {
      const times = ratio(rates[0], rate)
      const characters = rate.rates.map(steps => steps * CHARACTERS)
      return {
        what: WHAT,
        who: rate.name,
        value: rateText(characters),
        note: i === 0 ? '' : `Ondo is ${times.toFixed(1)}x`,
        data: { rates: characters, ratio: times },
      }
    })
    const idle = await page.frames(() => new Promise(resolve => setTimeout(resolve, 3000)))
    const steps = Math.max(3, Math.round(3 * median(rates[0].rates)))
    const frames = await page.frames(async () => peers[0].run(steps))
    yield {
      what: 'frames a second',
      who: 'while training',
      value: frames.toFixed(1),
      note: `idle ${idle.toFixed(1)}`,
      data: { frames, idle },
    }
  } finally {
    await page.close()
  }
}
