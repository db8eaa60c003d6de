/**
 * The address of the page: read when the page opens and when a link is followed, written when the state
 * of the page changes.
 */
import type { Run } from 'ondo'
import type { Layout } from '../layout/layout.svelte.js'
import { isViewName, tabsOf } from '../layout/panels.js'
import { bytesOf, smallFirst } from '../models/first-model.js'
import type { Models, TextStart } from '../models/models.svelte.js'
import { isOwnId } from '../models/own-id.js'
import { isTint, type Settings } from '../settings/settings.svelte.js'
import { type Address, readAddress, writeAddress } from '../share/address.js'
import type { Editor } from '../text/editor.svelte.js'
import type { EditorState } from '../text/history.js'
import type { PromptForm } from '../text/prompt-form.svelte.js'
import type { StoredTexts } from '../text/stored-texts.svelte.js'
import type { StoredState } from '../text/text-store.js'
import type { TextTree } from '../text/text-tree.js'
import { fitsHeld } from '../writer/held-units.js'
import {
  type BundledModel,
  isModelOf,
  type ListedModel,
  MAX_SYMBOLS,
  type ModelFacts,
  type Origin,
} from '../writer/protocol.js'

const ADDRESS_EVERY = 300

export interface LinkParts {
  readonly settings: Settings
  readonly layout: Layout
  readonly models: Models
  readonly editor: Editor
  readonly promptForm: PromptForm
  readonly stored: StoredTexts
}

export class Link {
  /** Why a link or a file could not be followed. */
  notice = $state<'run' | 'model' | 'own' | 'session'>()
  /** The model that a link or a session needs, by the beginning of its hash, and its name. */
  missing = $state('')

  private readonly parts: LinkParts
  /** The run of a link with its held units, until its model is open. */
  private awaited: { readonly run: Run; readonly held: string | undefined } | undefined
  /** Nobody has chosen a model on this page yet. */
  private isFirst = true
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(parts: LinkParts) {
    this.parts = parts
    window.addEventListener('hashchange', () => void this.follow(readAddress(location.hash)))
  }

  /** Opens the model that the address names, else the first one, and begins as the address says. */
  async start(): Promise<void> {
    const { models } = this.parts
    const address = readAddress(location.hash, location.search)
    this.arrange(address)
    await models.load()
    const own = models.loadOwn()
    await this.readRun(address)
    // The storage may take long to answer; it is waited for only when the address needs it.
    if (models.list.length === 0 || !this.isBundled(address)) await own
    const model = this.modelFor(address) ?? models.list[0] ?? models.own[0]
    const starter = models.starterOf(model)
    if (!model) models.loading = false
    else if (starter && address.run === undefined)
      await this.openInTurn(starter, model as BundledModel, address)
    else models.openListed(model.id, address)
  }

  /** Begins with a model that is open: the text of a link, else where this tab stopped, else a new text. */
  begin(model: ModelFacts, { tree, page }: StoredState, start: TextStart): void {
    const { editor, models, promptForm, stored } = this.parts
    const arrives = this.isFirst
    // A small model only stands in for the chosen one.
    if (!models.arriving) this.isFirst = false
    if (this.awaited && isModelOf(model, this.awaited.run.model)) {
      this.writeRun(this.awaited, model)
      return
    }
    const { before } = stored
    const tab = arrives && before?.hash === model.hash ? before : undefined
    const rests = arrives && (tab?.paused ?? page.playing === false)
    if (page.standing && isWhere(page.standing, tree, start)) {
      editor.restore(page.standing)
      // The end of the text was not stored: the same seed writes it again.
      const lost = (tab?.count ?? 0) - editor.count
      if (rests && lost > 0) editor.goTo(editor.tree.position, lost)
      if (!rests) editor.toggle()
      return
    }
    promptForm.prompt = start.prompt ?? model.prompt
    this.takeHeld(start, model)
    this.takeSeed(start)
    // A model that was chosen from the list keeps the chain, as it keeps the temperature.
    const { chain } = editor.sampling
    const stays = Object.keys(start).length === 0 && chain !== undefined
    editor.sampling.steer(stays ? { chain } : start)
    // The tab was reloaded and nothing was stored: the same text is written again, as long as it was, and paused.
    if (tab?.paused) editor.pause()
    editor.beginFrom(promptForm.origin, tab?.paused && tab.count > 0 ? tab.count : undefined)
  }

  /** Writes the address after a short delay. */
  update(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      // A lesson after `?` moves behind `#`, where it can be closed.
      const address = location.pathname + writeAddress(this.address())
      history.replaceState(this.parts.stored.tabState ?? null, '', address)
    }, ADDRESS_EVERY)
  }

  // --- internal ---

  /** A small model writes until the wanted one is here, if the network is slow (first-model.ts). */
  private async openInTurn(
    starter: BundledModel,
    wanted: BundledModel,
    address: Address,
  ): Promise<void> {
    const { models, editor } = this.parts
    const first = await smallFirst(starter, wanted)
    // A file was opened, or another model chosen.
    if (models.isChosen) return
    if (!first) {
      models.openListed(wanted.id, address)
      return
    }
    models.openStarter(first, starter, wanted, address)
    const begun = address.temperature ?? editor.sampling.temperature
    const bytes = await bytesOf(wanted)
    if (models.arriving?.model !== wanted) return
    const take = (): void => {
      const { temperature, schedule, chain } = editor.sampling
      // Before the small model is open, the address has not been applied.
      const turned =
        models.current !== undefined &&
        (schedule !== address.schedule ||
          chain !== address.chain ||
          (schedule === undefined && temperature !== begun))
      const from = turned ? { ...address, temperature, schedule, chain } : address
      models.openListed(wanted.id, from, bytes)
    }
    if (bytes && this.isBusy()) models.arriving = { model: wanted, take }
    else take()
  }

  /** Whether the reader did more than watch and move the temperature. */
  private isBusy(): boolean {
    const { editor, promptForm, layout } = this.parts
    return (
      !editor.playing ||
      editor.selected !== undefined ||
      editor.tree.branches.length > 1 ||
      promptForm.prompt !== editor.origin.prompt ||
      layout.view !== undefined
    )
  }

  /** The model that an address names, by the code of its text or by id. */
  private modelFor(address: Address): ListedModel | undefined {
    const { models } = this.parts
    const list: readonly ListedModel[] = [...models.list, ...models.own]
    if (address.run === undefined) {
      const named = list.find(({ id }) => id === address.model)
      if (!named && isOwnId(address.model)) {
        this.notice = 'own'
        this.missing = address.model!.replace(/^own\./, '').slice(0, 12)
      }
      return named
    }
    const run = this.awaited?.run
    if (!run) {
      this.notice = 'run'
      return undefined
    }
    const model = list.find(listed => isModelOf(listed, run.model))
    this.notice = model ? undefined : 'model'
    this.missing = run.model.slice(0, 12)
    return model
  }

  /** Reads the code of a text in an address. The code that reads it is loaded only then. */
  private async readRun({ run: code, held }: Address): Promise<void> {
    if (code === undefined) return
    const { readRunOf } = await import('../share/link.js')
    const run = readRunOf(code)
    this.awaited = run && { run, held }
  }

  /** Whether the model of an address comes with the page, or the address names none. */
  private isBundled({ model }: Address): boolean {
    const { list } = this.parts.models
    const { awaited } = this
    if (awaited) return list.some(listed => isModelOf(listed, awaited.run.model))
    return model === undefined || list.some(({ id }) => id === model)
  }

  /** Applies what an address says of tabs, colours, view and hidden parts (share/link.ts writes it). */
  private arrange({ hide, lesson, view: written = '' }: Address): void {
    const { layout, settings } = this.parts
    layout.hidden = hide ?? layout.hidden
    if (lesson !== undefined) {
      layout.lesson = lesson
      layout.tabs.left = 'lessons'
    }
    const [left, right, tint, view] = written.split('.')
    for (const [side, id] of [
      ['left', left],
      ['right', right],
    ] as const) {
      if (tabsOf(side).some(tab => tab.id === id)) layout.tabs[side] = id
    }
    if (isTint(tint)) settings.tint = tint
    if (isViewName(view) && view !== 'compare') layout.view = view
  }

  /** Writes the text of a link again up to its length and pauses; a run without a length goes on. */
  private writeRun({ run, held }: NonNullable<Link['awaited']>, model: ModelFacts): void {
    const { editor, promptForm } = this.parts
    this.awaited = undefined
    this.notice = undefined
    editor.pause()
    const { prompt, seed, stream, unknown = 'skip', length, chain, stop } = run
    if (!editor.sampling.fits(chain)) {
      // This model cannot have written the run: it does not have the symbols of the chain.
      this.notice = 'run'
      editor.beginFrom(promptForm.origin)
      return
    }
    editor.sampling.steer({
      ...readAddress(new URLSearchParams({ t: run.temperature }).toString()),
      ...(chain !== undefined && { chain }),
    })
    const kind = unknown === 'error' ? 'skip' : unknown
    const fits = held !== undefined && fitsHeld(held, model)
    const random = { seed, ...(stream > 0 && { stream }) }
    const origin: Origin = { prompt, ...random, unknown: kind, ...(fits && { held }) }
    if (length !== 'inf') editor.beginFrom(origin, { length, stops: stop })
    else if (stop.length > 0) editor.beginFrom(origin, { length: MAX_SYMBOLS, stops: stop })
    else {
      editor.beginFrom(origin)
      editor.toggle()
    }
  }

  /** Takes seed and stream of an address; without a stream, the first one. */
  private takeSeed({ seed, stream }: TextStart): void {
    if (seed === undefined) return
    const { editor, promptForm } = this.parts
    const { stream: _, ...origin } = editor.origin
    promptForm.seed = seed
    editor.origin = { ...origin, seed, ...(stream !== undefined && { stream }) }
  }

  /** Takes the held units of an address, if the model has such units. */
  private takeHeld({ held }: TextStart, model: ModelFacts): void {
    const { editor } = this.parts
    const { held: _, ...origin } = editor.origin
    editor.origin = held !== undefined && fitsHeld(held, model) ? { ...origin, held } : origin
  }

  private address(): Address {
    const { editor, models, layout } = this.parts
    const { origin, sampling } = editor
    const { temperature, schedule, chain } = sampling
    const { current, currentId } = models
    return {
      ...(currentId && { model: currentId }),
      ...(current && origin.prompt !== current.prompt && { prompt: origin.prompt }),
      seed: origin.seed,
      ...(origin.stream !== undefined && { stream: origin.stream }),
      ...(origin.held !== undefined && { held: origin.held }),
      ...(chain !== undefined && { chain }),
      ...(schedule === undefined ? { temperature } : { schedule }),
      ...(layout.hidden.length > 0 && { hide: layout.hidden }),
      ...(layout.lesson !== undefined && { lesson: layout.lesson }),
    }
  }

  /** A link was opened in this very page. */
  private async follow(address: Address): Promise<void> {
    if (writeAddress(address) === writeAddress(this.address())) return
    this.arrange(address)
    const { models, editor, promptForm } = this.parts
    const { current, currentId } = models
    const { hide: _, lesson, view, ...others } = address
    // A link that only opens a lesson does not change the text.
    if (lesson !== undefined && Object.keys(others).length === 0) return
    if (address.run !== undefined) {
      await this.readRun(address)
      const model = this.modelFor(address)
      if (model && model.id !== currentId) models.openListed(model.id, address)
      else if (current && this.awaited && isModelOf(current, this.awaited.run.model)) {
        this.writeRun(this.awaited, current)
      }
      return
    }
    const id = address.model ?? currentId
    if (id && id !== currentId) {
      models.openListed(id, address)
      return
    }
    editor.sampling.steer(address)
    promptForm.prompt = address.prompt ?? current?.prompt ?? ''
    if (current) this.takeHeld(address, current)
    this.takeSeed(address)
    promptForm.restart()
  }
}

/** Whether what is stored already is what an address asks for. */
function isWhere(
  { place, temperature, schedule, chain }: EditorState,
  tree: TextTree,
  start: TextStart,
): boolean {
  const { prompt, seed, stream, held } = tree.branches[place.branch].origin
  return (
    (start.stream === undefined || start.stream === stream) &&
    (start.prompt === undefined || start.prompt === prompt) &&
    (start.seed === undefined || start.seed === seed) &&
    (start.held === undefined || start.held === held) &&
    (start.chain === undefined || start.chain === chain) &&
    (start.temperature === undefined || start.temperature === temperature) &&
    (start.schedule === undefined || start.schedule === schedule)
  )
}
