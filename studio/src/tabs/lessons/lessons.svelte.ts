/** What has been done of the lessons: watched in the page itself, whatever part of it is shown. */
import { untrack } from 'svelte'
import type { Studio } from '../../app/studio.svelte.js'
import { keep, kept } from '../../settings/local-storage.js'
import { LESSONS } from '../../share/address.js'

const NAME = 'lessons'

/** One task: looks at the page whenever something in it changes. @returns whether it is done */
type Watch = (studio: Studio) => boolean

/** Each lesson's watch, made anew when it is opened: what it has seen so far is its own. */
const WATCHES: Readonly<Record<(typeof LESSONS)[number], () => Watch>> = {
  logit: () => studio =>
    !studio.playing && studio.selected !== undefined && studio.selected < studio.count,
  temperature: () => {
    const seen = { cold: false, hot: false }
    return ({ temperature }) => {
      seen.cold ||= temperature <= 0.3
      seen.hot ||= seen.cold && temperature >= 2
      return seen.hot
    }
  },
  coin: () => {
    const seen: string[] = []
    return ({ model, origin: { seed } }) => {
      // Before there is a model there is no text with that luck.
      if (model && seen.at(-1) !== seed) seen.push(seed)
      return seen.indexOf(seed) < seen.length - 1
    }
  },
  surprise: () => studio =>
    studio.settings.tint === 'surprise' && studio.playing && studio.temperature >= 1.3,
  branch: () => {
    let before: number | undefined
    return studio => {
      void studio.version
      const chosen = studio.draft.branches.filter(({ reason }) => reason === 'choice').length
      before ??= chosen
      return chosen > before
    }
  },
  loop: () => {
    let looped = false
    return ({ loop, temperature }) => {
      looped ||= loop !== undefined && temperature <= 0.1
      return looped && temperature >= 0.5
    }
  },
}

export class Lessons {
  /** Ever done on this machine. */
  done = $state.raw<readonly boolean[]>([])
  /** The task of the open lesson was done since it was opened. */
  finished = $state(false)
  /** Lessons whose words were shown in the tab: they need not be told again over the text. */
  readonly read = new Set<number>()
  /** Of the game. */
  right = $state(0)
  rounds = $state(0)

  constructor(studio: Studio) {
    const before = kept(NAME) ?? ''
    this.done = LESSONS.map((_, i) => before[i] === '1')
    $effect.root(() => {
      $effect(() => {
        const { lesson } = studio.shell
        this.finished = false
        if (lesson === undefined) return
        const watch = WATCHES[LESSONS[lesson]]()
        $effect(() => {
          if (watch(studio)) untrack(() => this.finish(lesson))
        })
      })
    })
  }

  private finish(lesson: number): void {
    if (this.finished) return
    this.finished = true
    this.done = this.done.map((was, i) => was || i === lesson)
    keep(NAME, this.done.map(Number).join(''))
  }
}

export const lessonsOf = (studio: Studio): Lessons =>
  studio.lasting('lessons', () => new Lessons(studio))
