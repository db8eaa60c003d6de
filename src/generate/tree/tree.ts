/**
 * A tree of texts. Each chosen symbol and each change of temperature, chain or seed begins a branch;
 * nothing that was written is lost.
 *
 * Going back takes at most `every` steps of the network, as long as the states along the texts fit in
 * memory. Otherwise the least recently used states are removed, and it may take as many steps as the
 * text is long. In both cases the ids of the text are read once without the network.
 */
import { counted, InputError } from '../../errors.js'
import type { Model } from '../../file/model.js'
import type { Network } from '../../runtime/session.js'
import {
  type Candidates,
  createChain,
  hasState,
  parseSchedule,
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
  /** Default: the prompt of the model. */
  readonly prompt?: string
  readonly unknown?: UnknownPolicy
  /** Distance between two stored states, symbols. Default 16. */
  readonly every?: number
  /** Memory for the states, bytes. Default 32 MiB. */
  readonly memory?: number
  /** Compute the interval of each symbol, for temperature alone. Default false. */
  readonly intervals?: boolean
}

/** A writer and its position. */
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
  /** Number of network steps that going back has taken so far. */
  replayed = 0
  private readonly network: Network
  private readonly every: number
  private readonly intervals: boolean
  private readonly states: RecentStates
  private readonly base: PromptState
  /**
   * For each branch, the position at which its schedule began. A branch with the temperature of its
   * parent continues the schedule of its parent.
   */
  private readonly scheduleFrom: number[] = []
  private current: TreePosition = { branch: 0, position: 0 }
  private past: TreePosition[] = []
  private future: TreePosition[] = []
  /** Whether the last move was writing; further writing then belongs to the same move. */
  private writing = false
  private active: PlacedWriter | undefined

  /**
   * Use `createTree`.
   * @param network of the model
   * @param base the network after the prompt; without it, the prompt is read here, in one call
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

  /** The current position, before the next symbol. */
  get here(): TreePosition {
    return this.current
  }

  /** The settings of the current branch. */
  get settings(): BranchSettings {
    return this.all[this.current.branch].settings
  }

  /** The length of the text up to the end of the current branch. */
  get end(): number {
    return this.lengthOf(this.current.branch)
  }

  /** The records from the beginning to the current position, or to another one. */
  steps(place: TreePosition = this.current): SymbolRecord[] {
    const { branch: id, position } = place
    const steps: SymbolRecord[] = []
    for (const { branch, from, to } of this.segments(id, 0, position)) {
      for (let n = from; n < to; n++) steps.push(branch.steps[n - branch.at])
    }
    return steps
  }

  /** The text from the beginning to the current position, without the prompt. */
  get text(): string {
    return this.steps().reduce((text, step) => text + step.text, '')
  }

  /** The most likely next symbols, with probabilities before and after temperature and chain. */
  candidates(limit: number): Candidates {
    const { writer } = this.writerAt()
    // A schedule of its own is asked: one that remembers must hear of each moment once.
    return writer.candidates(this.scheduleAt()(writer.scheduleInput()), limit)
  }

  /**
   * Writes symbols from the current position. Symbols that the branch already has are not written
   * again.
   * @returns the records of these symbols
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
   * Goes to a position of the current branch or its parents.
   * @throws InputError for a position after its end
   */
  rewind(position: number): void {
    this.goTo({ branch: this.current.branch, position })
  }

  /** Goes to any position of the tree. @throws InputError for one that does not exist */
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
   * Writes a chosen symbol on a new branch, and moves after it. When a branch with the same settings
   * already has this symbol here, it only moves there.
   * @returns the record of the symbol
   * @throws InputError for an id that the model does not have, or does not allow
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
   * Continues with other settings on a new branch. The text so far is unchanged.
   * @throws InputError for settings out of range
   */
  change(change: SettingsChange): void {
    const settings = changeSettings(this.settings, change, this.model.tokenizer)
    const { position } = this.current
    // A branch without symbols gets no children, so that moving a slider does not nest branches.
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
   * The symbols at a position, among texts that are the same up to there. The one of the current text
   * comes first.
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

  /** Goes back to the position before the last move. Deletes nothing. Continued writing is one move. */
  undo(): void {
    const place = this.past.pop()
    if (!place) return
    this.future.push(this.current)
    this.current = place
    this.writing = false
  }

  /** Reverts an undo. */
  redo(): void {
    const place = this.future.pop()
    if (!place) return
    this.past.push(this.current)
    this.current = place
    this.writing = false
  }

  /** Frees the memory of the network. The tree can still be used. */
  dispose(): void {
    this.active?.writer.dispose()
    this.active = undefined
  }

  /** @internal The positions of undo and redo, for the file. */
  get history(): {
    readonly past: readonly TreePosition[]
    readonly future: readonly TreePosition[]
  } {
    return { past: this.past, future: this.future }
  }

  /** @internal Sets the position and the history of a loaded tree. */
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

  /** @internal Adds a branch at a position. With a choice, it gets its first symbol at once. */
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

  /** Draws the next symbol at the end of the current branch. */
  private draw(branch: Branch): void {
    const placed = this.writerAt()
    const { position } = placed.place
    try {
      const step = placed.writer.next(placed.temperatureAt(placed.writer.scheduleInput()))
      // This is the only place that adds to the steps of a branch.
      const own = branch.steps as SymbolRecord[]
      own.push(step)
      placed.cache.add(step.id, placed.writer)
      placed.place = { branch: branch.id, position: position + 1 }
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** A writer at a position; the active one when it is there. */
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

  /** The schedule at a position, with its internal state. */
  private scheduleAt(place: TreePosition = this.current): TemperatureAt {
    const { settings } = this.all[place.branch]
    const schedule = parseSchedule(settings.temperature)
    const temperatureAt = startSchedule(schedule)
    if (!hasState(schedule)) return temperatureAt
    const steps = this.steps(place)
    for (let position = this.scheduleFrom[place.branch]; position < place.position; position++) {
      // A schedule's state depends only on positions and surprisals, so the rest can be empty.
      temperatureAt({
        position,
        lastSurprisal: steps[position - 1]?.surprisal,
        ...{ text: '', looping: 0, normalisedEntropy: () => 0 },
      })
    }
    return temperatureAt
  }
}
