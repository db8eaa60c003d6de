/**
 * A tree of texts: every choice by hand, change of temperature and change of luck begins a branch,
 * and nothing that was written is lost.
 *
 * Going back costs at most `every` steps of the network while the states along the texts fit their
 * memory (then those used longest ago go first, and it may cost up to the text's length), and one
 * pass over the ids for what remembers the text without the network.
 */
import { counted, InputError } from '../../errors.js'
import type { Model } from '../../file/model.js'
import type { Network } from '../../runtime/session.js'
import {
  type Candidates,
  createChain,
  parseSchedule,
  remembers,
  type SamplerInput,
  SEED,
  startSchedule,
  TEMPERATURE,
  type TemperatureAt,
} from '../../temperature/index.js'
import type { Ids, UnknownPolicy } from '../../text/tokenizer.js'
import { networkOf, promptIds } from '../generate.js'
import { readPromptInSlices } from '../prefill.js'
import { RecentStates, STATE_EVERY, StateCache } from '../state-cache.js'
import { type PromptState, readPromptAtOnce, type SymbolRecord, type Writer } from '../writer.js'
import {
  type Alternative,
  type Branch,
  BranchTree,
  samePosition,
  type TreePosition,
} from './branch.js'
import {
  type BranchSettings,
  changeSettings,
  type SettingsChange,
  sameSettings,
} from './settings.js'

export interface TreeOptions extends Omit<SettingsChange, 'chain'> {
  readonly chain?: string | readonly SamplerInput[]
  /** Default: the model's own. */
  readonly prompt?: string
  readonly unknown?: UnknownPolicy
  /** States are kept at every so many positions. Default 16. */
  readonly every?: number
  /** Bytes for them. Default 32 MiB. */
  readonly memory?: number
  /** Find the interval of each choice, where the chain is temperature alone. Default false. */
  readonly intervals?: boolean
}

/** A writer and the place at which it stands. */
interface PlacedWriter {
  readonly writer: Writer
  /** The text up to there. */
  readonly cache: StateCache
  readonly temperatureAt: TemperatureAt
  place: TreePosition
}

const MEMORY = 32 * 1024 * 1024

/**
 * A tree of texts with one prompt.
 * @example
 * const tree = await createTree(model, { prompt: 'ROMEO:', temperature: 0.8, seed: 42 })
 * tree.write(100)
 * tree.rewind(57)
 * tree.choose(tree.candidates(5).top[1].id)
 * tree.write(50)
 * tree.undo()
 * @throws InputError for settings out of range, or symbols that the model does not know
 */
export async function createTree(model: Model, options: TreeOptions = {}): Promise<Tree> {
  const network = await networkOf(model)
  const { prompt = model.prompt ?? '', unknown } = options
  const base = await readPromptInSlices(model, network, promptIds(model, prompt, unknown))
  return new Tree(model, network, options, base)
}

export class Tree extends BranchTree<Branch> {
  readonly model: Model
  readonly prompt: string
  readonly promptIds: Ids
  readonly unknown: UnknownPolicy
  /** Steps of the network that going back has cost so far. */
  replayed = 0
  private readonly network: Network
  private readonly every: number
  private readonly intervals: boolean
  private readonly states: RecentStates
  private readonly base: PromptState
  /**
   * By branch: where its schedule began. A branch that keeps the temperature goes on with its
   * parent's.
   */
  private readonly scheduleFrom: number[] = []
  private current: TreePosition = { branch: 0, position: 0 }
  private past: TreePosition[] = []
  private future: TreePosition[] = []
  /** Was the last move one of writing? Then more of it is the same move. */
  private writing = false
  private active: PlacedWriter | undefined

  /**
   * Use `createTree`.
   * @param network of the model
   * @param base the network after the prompt; left out, the prompt is read here, at once
   */
  constructor(model: Model, network: Network, options: TreeOptions = {}, base?: PromptState) {
    super()
    const { every = STATE_EVERY, memory = MEMORY, unknown = 'error', intervals = false } = options
    if (!Number.isSafeInteger(every) || every < 1) {
      throw new InputError(
        'every',
        `States are to be kept at every ${every} positions; expected a whole number from 1.`,
      )
    }
    if (!(memory >= 0)) {
      throw new InputError(
        'memory',
        `The memory is ${counted(memory, 'byte')}; expected 0 or more.`,
      )
    }
    this.model = model
    this.network = network
    this.every = every
    this.intervals = intervals
    this.states = new RecentStates(memory)
    this.prompt = options.prompt ?? model.prompt ?? ''
    this.unknown = unknown
    this.promptIds = promptIds(model, this.prompt, unknown)
    const usual: BranchSettings = {
      temperature: String(TEMPERATURE.default),
      seed: String(SEED.default),
      stream: 0,
    }
    const settings = changeSettings(usual, options, model.tokenizer)
    this.add({ id: 0, at: 0, settings, steps: [] })
    this.scheduleFrom.push(0)
    this.base = base ?? readPromptAtOnce(model, network, this.promptIds)
  }

  /** Where the next symbol goes. */
  get here(): TreePosition {
    return this.current
  }

  /** The settings of the branch on which one stands. */
  get settings(): BranchSettings {
    return this.all[this.current.branch].settings
  }

  /** How far the branch on which one stands goes. */
  get end(): number {
    return this.lengthOf(this.current.branch)
  }

  /** The records from the beginning to here, or to another place. */
  steps(place: TreePosition = this.current): SymbolRecord[] {
    const { branch: id, position } = place
    const steps: SymbolRecord[] = []
    for (const { branch, from, to } of this.segments(id, 0, position)) {
      for (let n = from; n < to; n++) steps.push(branch.steps[n - branch.at])
    }
    return steps
  }

  /** The text from the beginning to here, without the prompt. */
  get text(): string {
    return this.steps().reduce((text, step) => text + step.text, '')
  }

  /** The likeliest symbols here, before and after temperature and chain. */
  candidates(limit: number): Candidates {
    const { writer } = this.writerAt()
    // A schedule of its own is asked: one that remembers must hear of each moment once.
    return writer.candidates(this.scheduleAt()(writer.scheduleInput()), limit)
  }

  /**
   * Writes symbols from here. What the branch has already is walked over and not written again.
   * @returns the records of those passed
   */
  write(count: number): SymbolRecord[] {
    const passed: SymbolRecord[] = []
    const before = this.current
    try {
      while (passed.length < count) {
        const branch = this.all[this.current.branch]
        const { position } = this.current
        if (position === this.lengthOf(branch.id)) this.draw(branch)
        passed.push(branch.steps[position - branch.at])
        this.current = { branch: branch.id, position: position + 1 }
      }
    } finally {
      if (passed.length > 0) {
        if (!this.writing) this.past.push(before)
        this.future = []
        this.writing = true
      }
    }
    return passed
  }

  /**
   * Goes to a position of the branch on which one stands, or of those that it comes from.
   * @throws InputError beyond its end
   */
  rewind(position: number): void {
    this.goTo({ branch: this.current.branch, position })
  }

  /** Goes to any place of the tree. @throws InputError for one that is not there */
  goTo(place: TreePosition): void {
    const branch = this.all[place.branch]
    if (!branch) {
      throw new InputError(
        'branch',
        `The branch is ${place.branch}; expected a whole number from 0 to ${this.all.length - 1}.`,
      )
    }
    const { position } = place
    if (!Number.isSafeInteger(position) || position < 0 || position > this.lengthOf(branch.id)) {
      throw new InputError(
        'position',
        `The position is ${position}; expected a whole number from 0 to ${this.lengthOf(branch.id)}, the end of branch ${branch.id}.`,
      )
    }
    this.move({ branch: this.ownerOf(branch.id, position), position })
  }

  /**
   * Puts a symbol here by hand, on a branch of its own, and goes behind it. Where it stands already,
   * drawn or chosen under the same settings, it is only gone to.
   * @returns its record
   * @throws InputError for an id that the model does not have, or bans
   */
  choose(id: number): SymbolRecord {
    const { position } = this.current
    const there = this.alternatives().find(
      ({ branch, step }) =>
        step.id === id && sameSettings(this.all[branch].settings, this.settings),
    )
    if (there) {
      this.move({ branch: there.branch, position: position + 1 })
      return there.step
    }
    const branch = this.addBranch(this.current, this.settings, id)
    this.move({ branch: branch.id, position: position + 1 })
    return branch.steps[0]
  }

  /**
   * Goes on from here with other settings, on a branch of its own; the text so far keeps its own.
   * @throws InputError for settings out of range
   */
  change(change: SettingsChange): void {
    const settings = changeSettings(this.settings, change, this.model.tokenizer)
    const { position } = this.current
    // Branches that have written nothing yet are turned away from, not grown upon: a slider that
    // is drawn leaves no staircase.
    const stem = this.stemAt(this.current.branch, position)
    const there = [stem, ...this.childrenOf(stem.id).map(id => this.all[id])].find(
      other =>
        (other === stem || (other.at === position && other.choice === undefined)) &&
        sameSettings(other.settings, settings),
    )
    const next = there ?? this.addBranch({ branch: stem.id, position }, settings)
    this.move({ branch: next.id, position })
  }

  /**
   * What stands at a position in texts that are the same up to there, the one on this path first:
   * what a reader may turn between.
   */
  alternatives(position: number = this.current.position): Alternative[] {
    const own = this.ownerOf(this.current.branch, position)
    const ways = this.waysAt(this.current.branch, position)
    return [own, ...ways.filter(id => id !== own)].flatMap(branch => {
      const { at, steps } = this.all[branch]
      return ways.includes(branch) && position < at + steps.length
        ? [{ branch, step: steps[position - at] }]
        : []
    })
  }

  get canUndo(): boolean {
    return this.past.length > 0
  }

  get canRedo(): boolean {
    return this.future.length > 0
  }

  /** Back to where one was before the last move; nothing is deleted. Writing on is one move. */
  undo(): void {
    const place = this.past.pop()
    if (!place) return
    this.future.push(this.current)
    this.current = place
    this.writing = false
  }

  /** Takes an undo back. */
  redo(): void {
    const place = this.future.pop()
    if (!place) return
    this.past.push(this.current)
    this.current = place
    this.writing = false
  }

  /** Gives back the network's memory. The tree stays, and can be gone on with. */
  dispose(): void {
    this.active?.writer.dispose()
    this.active = undefined
  }

  /** @internal Where one has been, for the file. */
  get history(): {
    readonly past: readonly TreePosition[]
    readonly future: readonly TreePosition[]
  } {
    return { past: this.past, future: this.future }
  }

  /** @internal Stands where the file says. */
  restore(
    place: TreePosition,
    past: readonly TreePosition[],
    future: readonly TreePosition[],
  ): void {
    this.current = place
    this.past = [...past]
    this.future = [...future]
    this.writing = false
  }

  /** @internal A branch that leaves at a place; with a choice it has its first symbol at once. */
  addBranch(from: TreePosition, settings: BranchSettings, choice?: number): Branch {
    const parent = this.all[from.branch]
    const steps: SymbolRecord[] = []
    if (choice !== undefined) {
      const { writer, temperatureAt } = this.writerAt(from)
      // The schedule has been asked for this position, so this writer is not used again.
      this.active = undefined
      try {
        steps.push(writer.choose(choice, temperatureAt(writer.scheduleInput())))
      } finally {
        writer.dispose()
      }
    }
    const { temperature } = parent.settings
    this.scheduleFrom.push(
      settings.temperature === temperature ? this.scheduleFrom[parent.id] : from.position,
    )
    return this.add({
      ...{ id: this.all.length, parent: parent.id, at: from.position, settings, steps },
      ...(choice !== undefined && { choice }),
    })
  }

  protected ownLength({ steps }: Branch): number {
    return steps.length
  }

  private move(place: TreePosition): void {
    if (samePosition(place, this.current)) return
    this.past.push(this.current)
    this.future = []
    this.current = place
    this.writing = false
  }

  /** Draws the next symbol of a branch at whose end one stands. */
  private draw(branch: Branch): void {
    const placed = this.writerAt()
    const { position } = placed.place
    try {
      const step = placed.writer.next(placed.temperatureAt(placed.writer.scheduleInput()))
      // Only here does a branch grow; all others read it.
      const own = branch.steps as SymbolRecord[]
      own.push(step)
      placed.cache.add(step.id, placed.writer)
      placed.place = { branch: branch.id, position: position + 1 }
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** The writer, brought to a place. */
  private writerAt(place: TreePosition = this.current): PlacedWriter {
    if (this.active && samePosition(this.active.place, place)) return this.active
    this.dispose()
    const { settings } = this.all[place.branch]
    const steps = this.steps(place)
    const cache = new StateCache(this.model, this.network, this.promptIds, {
      ids: steps.map(step => step.id),
      every: this.every,
      // Branches share the states of the text that they have in common.
      states: this.states.storeOf(read => `${this.ownerOf(place.branch, read - 1)} ${read}`),
      base: this.base,
    })
    const writer = cache.writerAt(steps.length, {
      seed: BigInt(settings.seed),
      stream: settings.stream,
      chain:
        settings.chain === undefined
          ? undefined
          : createChain(settings.chain, this.model.tokenizer),
      watch: parseSchedule(settings.temperature).kind !== 'constant',
      intervals: this.intervals,
      lastSurprisal: steps.at(-1)?.surprisal,
    })
    this.replayed += cache.replayed
    this.active = { writer, cache, temperatureAt: this.scheduleAt(place), place }
    return this.active
  }

  /** The schedule at a place, with all that it remembers. */
  private scheduleAt(place: TreePosition = this.current): TemperatureAt {
    const { settings } = this.all[place.branch]
    const schedule = parseSchedule(settings.temperature)
    const temperatureAt = startSchedule(schedule)
    if (!remembers(schedule)) return temperatureAt
    const steps = this.steps(place)
    for (let position = this.scheduleFrom[place.branch]; position < place.position; position++) {
      // What is remembered is how surprising the symbols were, and since when; no more is told.
      temperatureAt({
        position,
        lastSurprisal: steps[position - 1]?.surprisal,
        ...{ text: '', looping: 0, normalisedEntropy: () => 0 },
      })
    }
    return temperatureAt
  }
}
