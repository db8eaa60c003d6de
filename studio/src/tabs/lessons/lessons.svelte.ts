/** Progress in the lessons. Tasks are checked on the page itself, whichever part of it is shown. */
import { untrack } from 'svelte'
import type { Layout } from '../../layout/layout.svelte.js'
import type { PanelStates } from '../../layout/panel-states.js'
import type { Models } from '../../models/models.svelte.js'
import { keep, kept } from '../../settings/local-storage.js'
import type { Settings } from '../../settings/settings.svelte.js'
import { LESSONS } from '../../share/address.js'
import type { Editor } from '../../text/editor.svelte.js'

const NAME = 'lessons'

/** The parts of the page in which tasks are done. */
export interface LessonParts {
  readonly settings: Settings
  readonly layout: Layout
  readonly models: Models
  readonly editor: Editor
}

/** Checks a task; called whenever the page changes. @returns whether it is done */
type TaskCheck = (parts: LessonParts) => boolean

/** Makes the check of each lesson's task, with a state of its own, when the lesson is opened. */
const TASK_CHECKS: Readonly<Record<(typeof LESSONS)[number], () => TaskCheck>> = {
  logit:
    () =>
    ({ editor }) =>
      !editor.playing && editor.selected !== undefined && editor.selected < editor.count,
  temperature: () => {
    const seen = { cold: false, hot: false }
    return ({ editor }) => {
      const { temperature } = editor.sampling
      seen.cold ||= temperature <= 0.3
      seen.hot ||= seen.cold && temperature >= 2
      return seen.hot
    }
  },
  coin: () => {
    const seen: string[] = []
    return ({ models, editor }) => {
      const { seed } = editor.origin
      // Before there is a model there is no text with that seed.
      if (models.current && seen.at(-1) !== seed) seen.push(seed)
      return seen.indexOf(seed) < seen.length - 1
    }
  },
  surprise:
    () =>
    ({ settings, editor }) =>
      settings.tint === 'surprise' && editor.playing && editor.sampling.temperature >= 1.3,
  branch: () => {
    let before: number | undefined
    return ({ editor }) => {
      void editor.version
      const chosen = editor.tree.branches.filter(({ reason }) => reason === 'choice').length
      before ??= chosen
      return chosen > before
    }
  },
  loop: () => {
    let looped = false
    return ({ editor }) => {
      const { temperature } = editor.sampling
      looped ||= editor.survey.loop !== undefined && temperature <= 0.1
      return looped && temperature >= 0.5
    }
  },
}

export class Lessons {
  /** Which lessons were ever done in this browser. */
  done = $state.raw<readonly boolean[]>([])
  /** The task of the open lesson was done since it was opened. */
  finished = $state(false)
  /** Lessons that were read in the tab: the bar over the text shows them folded. */
  readonly read = new Set<number>()
  /** Right guesses in the game, of `rounds`. */
  right = $state(0)
  rounds = $state(0)

  constructor(parts: LessonParts) {
    const before = kept(NAME) ?? ''
    this.done = LESSONS.map((_, i) => before[i] === '1')
    $effect.root(() => {
      $effect(() => {
        const { lesson } = parts.layout
        this.finished = false
        if (lesson === undefined) return
        const watch = TASK_CHECKS[LESSONS[lesson]]()
        $effect(() => {
          if (watch(parts)) untrack(() => this.finish(lesson))
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

export const lessonsOf = (states: PanelStates, parts: LessonParts): Lessons =>
  states.of('lessons', () => new Lessons(parts))
