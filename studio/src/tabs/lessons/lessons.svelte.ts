/** What has been done of the lessons: watched in the page itself, whatever tab is shown. */
import { findLongestLoop, LEAST_LOOP } from 'ondo'
import { keep, kept } from '../../store.js'
import type { Studio } from '../../studio.svelte.js'

const NAME = 'lessons'
/** Symbols at the end of the text in which a loop is looked for. */
const TAIL = 600

/** One task: looks at the page whenever something in it changes. @returns whether it is done */
type Watch = (studio: Studio) => boolean

/** Each lesson's watch, made anew: what it has seen so far is its own. */
const WATCHES: readonly (() => Watch)[] = [
  () => studio =>
    !studio.playing && studio.selected !== undefined && studio.selected < studio.count,
  () => {
    const seen = { cold: false, hot: false }
    return ({ temperature }) => {
      seen.cold ||= temperature <= 0.3
      seen.hot ||= seen.cold && temperature >= 2
      return seen.hot
    }
  },
  () => {
    const seen: string[] = []
    return ({ origin: { seed } }) => {
      if (seen.at(-1) !== seed) seen.push(seed)
      return seen.length > 2 && seen.indexOf(seed) < seen.length - 1
    }
  },
  () => studio =>
    studio.settings.tint === 'surprise' && studio.playing && studio.temperature >= 1.3,
  () => {
    let before: number | undefined
    return studio => {
      void studio.version
      const chosen = studio.draft.branches.filter(({ reason }) => reason === 'choice').length
      before ??= chosen
      return chosen > before
    }
  },
  () => {
    let looped = false
    return ({ records, count, temperature }) => {
      if (!looped && temperature <= 0.1 && count > 0) {
        const tail = records.ids.subarray(Math.max(0, count - TAIL), count)
        looped = (findLongestLoop(tail)?.length ?? 0) >= LEAST_LOOP
      }
      return looped && temperature >= 0.5
    }
  },
]

export class Lessons {
  done = $state.raw<readonly boolean[]>([])
  open = $state(0)
  /** Of the game. */
  right = $state(0)
  rounds = $state(0)

  constructor(studio: Studio) {
    const before = kept(NAME) ?? ''
    this.done = WATCHES.map((_, i) => before[i] === '1')
    this.open = Math.max(0, this.done.indexOf(false))
    $effect.root(() => {
      $effect(() => {
        const lesson = this.open
        if (this.done[lesson] !== false) return
        const watch = WATCHES[lesson]()
        $effect(() => {
          if (watch(studio)) this.finish(lesson)
        })
      })
    })
  }

  private finish(lesson: number): void {
    if (this.done[lesson]) return
    this.done = this.done.map((was, i) => was || i === lesson)
    keep(NAME, this.done.map(Number).join(''))
  }
}
