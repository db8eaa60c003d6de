/** What is computed of the shown text again and again while it grows: its loop, its intervals, its speed. */
import type { Loop } from 'ondo/text'
import { type Ends, endsOf, loopOf } from './change-points.js'
import type { Records } from './records.js'
import type { Sampling } from './sampling.svelte.js'
import { type ReachNote, reachNote } from './schedule-reach.js'
import { SpeedMeter } from './speed-meter.js'

/** The shortest time between two surveys, ms. */
const EVERY = 120

export interface SurveySource {
  readonly records: Records
  /** Symbols shown. */
  readonly count: number
  readonly playing: boolean
  readonly sampling: Pick<Sampling, 'schedule' | 'chain'>
}

export class Survey {
  /** The temperatures at which the text changes. */
  ends = $state.raw<Ends>()
  /** The loop in which the text ends, and the temperature above which a choice in it would differ. */
  loop = $state.raw<Loop & { readonly leave: number }>()
  /** Why the schedule does not meet its goal, where it can't. */
  unreached = $state.raw<ReachNote>()
  /** Symbols a second, while the text grows. */
  speed = $state<number>()

  /** The first symbol that the present schedule draws. */
  scheduledFrom = 0

  private readonly source: SurveySource
  private readonly meter = new SpeedMeter()
  private last = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(source: SurveySource) {
    this.source = source
  }

  /** The text has grown. */
  soon(): void {
    const wait = Math.max(0, this.last + EVERY - performance.now())
    this.timer ??= setTimeout(() => this.now(), wait)
  }

  now(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.last = performance.now()
    const { records, count, playing, sampling } = this.source
    this.meter.note(this.last, count)
    this.speed = playing ? this.meter.perSecond : undefined
    this.loop = loopOf(records)
    this.unreached = reachNote(sampling.schedule, records, this.scheduledFrom)
    // A schedule has not one temperature to move.
    const oneT = sampling.schedule === undefined && sampling.chain === undefined
    this.ends = oneT ? endsOf(records, records.count) : undefined
  }

  /** A schedule counts from here on. */
  startSchedule(): void {
    this.scheduledFrom = this.source.count
    this.unreached = undefined
  }

  /** The writing was paused, or goes on: the speed is measured anew. */
  restartSpeed(): void {
    this.meter.forget()
    if (!this.source.playing) this.speed = undefined
  }
}
