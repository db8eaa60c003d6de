/** One prompt and one seed, written at several temperatures with the same coins. */

import type { Models } from '../../models/models.svelte.js'
import type { Editor } from '../../text/editor.svelte.js'
import { Records } from '../../text/records.js'
import type { SideTexts } from '../../text/side-texts.js'
import type { Origin } from '../../writer/protocol.js'

export const LENGTHS = [150, 400, 1000] as const
export const MOST = 5
export const LEAST = 2
const FIRST = [0.2, 0.5, 0.8, 1.2]

export interface SameSeedParts {
  readonly editor: Editor
  readonly models: Models
  readonly sideTexts: SideTexts
}

export class SameSeedTexts {
  temperatures = $state<number[]>(FIRST)
  length = $state<number>(LENGTHS[1])
  /** The texts, with the temperatures that they were written at. */
  written = $state.raw<readonly { temperature: number; origin: Origin; records: Records }[]>([])
  /** Texts that are still being written. */
  missing = $state(0)
  /** Why they could not be written. */
  failed = $state<string>()
  private readonly parts: SameSeedParts
  private request = ''

  constructor(parts: SameSeedParts) {
    this.parts = parts
    const now = parts.editor.sampling.temperature
    if (parts.editor.count > 0 && !FIRST.includes(now)) {
      this.temperatures = [0.2, 0.5, now, 1.2].sort((a, b) => a - b)
    }
  }

  /** Writes the texts, unless they are written already. */
  write(): void {
    const { editor, models, sideTexts } = this.parts
    const { origin, sampling } = editor
    const { chain } = sampling
    const { current: model } = models
    if (!model) return
    const { temperatures, length } = this
    const request = JSON.stringify([model.hash, origin, chain, temperatures.map(String), length])
    if (request === this.request) return
    this.request = request
    this.missing = temperatures.length
    this.written = []
    this.failed = undefined
    sideTexts.write(
      temperatures.map(temperature => ({
        ...{ ...origin, temperature, length },
        ...(chain !== undefined && { chain }),
      })),
      (column, { text, columns }) => {
        const records = new Records()
        records.append(text, columns)
        this.written = [...this.written, { temperature: temperatures[column], origin, records }]
        this.missing--
      },
      {
        channel: 'luck',
        failed: message => {
          this.failed = message
          this.missing = 0
          // The same request may be tried again.
          this.request = ''
        },
      },
    )
  }

  set(column: number, temperature: number): void {
    this.temperatures = this.temperatures.with(column, temperature)
  }

  add(): void {
    if (this.temperatures.length >= MOST) return
    const last = this.temperatures[this.temperatures.length - 1]
    this.temperatures = [...this.temperatures, last < 5 ? Math.round(last * 150) / 100 || 0.5 : 10]
  }

  remove(column: number): void {
    if (this.temperatures.length > LEAST) {
      this.temperatures = this.temperatures.filter((_, i) => i !== column)
    }
  }
}
