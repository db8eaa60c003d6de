/** Training on a made-up machine with a clock of its own, and the text that it trains on. */
import { buildTokenizer } from '../../text/index.js'
import type { Engine } from '../engine.js'
import type { BudgetEvent, EndEvent, TrainEvent } from '../events.js'
import { type TrainOptions, train } from '../trainer.js'
import { trainingCorpus } from '../training-corpus.js'
import { FORWARD_COST } from './validation-cost.js'

/** A made-up machine: a cost function says how long a step takes, and nothing is learned. */
export class Machine {
  now = 0
  /** Multiplies every cost; may change while it runs. */
  slowness = 1
  private readonly cost: (weights: number) => number
  readonly clock = (): number => this.now

  /** @param cost milliseconds of a training step of a network with this many weights */
  constructor(cost: (weights: number) => number) {
    this.cost = cost
  }

  readonly engine: Engine = {
    threads: 1,
    compile: async ({ bytes, inputs }) => {
      this.now += 400
      const trains = new TextDecoder('latin1').decode(bytes).includes('gradient.head')
      const sizes = new Map<string, number>()
      for (const [name, { dims }] of inputs) {
        sizes.set(
          name,
          dims.reduce((a, b) => a * b, 1),
        )
      }
      const weights = [...sizes].filter(([name]) => /^(rnn|head|embedding)\./.test(name))
      const count = weights.reduce((sum, [, size]) => sum + size, 0)
      return {
        run: async () => {
          this.now += this.cost(count) * this.slowness * (trains ? 1 : FORWARD_COST)
          // All losses are 1; every other output is 0.
          return new Proxy<Record<string, Float32Array>>(
            {},
            {
              get: (_, name) => {
                const key = String(name)
                if (key === 'losses') return new Float32Array(sizes.get('y') ?? 0).fill(1)
                return new Float32Array(sizes.get(key.replace(/^(gradient|next)\./, '')) ?? 0)
              },
            },
          )
        },
        dispose: async () => {},
      }
    },
  }
}

const TEXT = Array.from({ length: 20_000 }, (_, i) => 'abcdefgh '[(i * i * 7 + (i >> 5)) % 9]).join(
  '',
)
const corpus = await trainingCorpus({ content: TEXT }, buildTokenizer('character', TEXT).tokenizer)

export async function run(
  machine: Machine,
  options: Partial<TrainOptions> & { readonly during?: (event: TrainEvent) => void },
): Promise<{ events: TrainEvent[]; end: EndEvent }> {
  const events: TrainEvent[] = []
  const { during, ...rest } = options
  const { engine, clock } = machine
  for await (const event of train({ corpus, engine, clock, ...rest })) {
    events.push(event)
    during?.(event)
  }
  return { events, end: events.at(-1) as EndEvent }
}

/** Half a second, and one for each 15,000 weights: slow, so that the tests take few real steps. */
export const usual = (): Machine => new Machine(weights => 500 + weights / 15)
/** A hundred times as fast. */
export const quick = (): Machine => new Machine(weights => 5 + weights / 1500)
export const chosen = (events: readonly TrainEvent[]): BudgetEvent =>
  events.find(event => event.type === 'budget')!
