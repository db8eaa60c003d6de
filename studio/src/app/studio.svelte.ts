/** Makes the parts of the page and connects them. Each has its own state; a component takes those it reads. */
import type { Importing } from '../import/importing.svelte.js'
import { Layout } from '../layout/layout.svelte.js'
import { PanelStates } from '../layout/panel-states.js'
import { Models, type Prepared } from '../models/models.svelte.js'
import { Settings } from '../settings/settings.svelte.js'
import type { Session } from '../share/session.js'
import { Editor } from '../text/editor.svelte.js'
import { History } from '../text/history.js'
import { followMotionPreference } from '../text/motion.js'
import { PromptForm } from '../text/prompt-form.svelte.js'
import { SideTexts } from '../text/side-texts.js'
import { StoredTexts } from '../text/stored-texts.svelte.js'
import { Verification } from '../text/verification.svelte.js'
import { type FromWorker, isModelOf, type ModelFacts, type ToWorker } from '../writer/protocol.js'
import { Link } from './link.svelte.js'
import { Offline } from './offline.svelte.js'

export class Studio {
  readonly settings = new Settings()
  readonly layout = new Layout(() => this.link.update())
  readonly panelStates = new PanelStates()
  readonly offline = new Offline()
  readonly models: Models
  readonly editor: Editor
  readonly promptForm: PromptForm
  readonly sideTexts: SideTexts
  readonly verification: Verification
  readonly stored: StoredTexts
  readonly link: Link

  private readonly worker: Worker
  private importingLoad: Promise<Importing> | undefined

  constructor(worker: Worker) {
    this.worker = worker
    const send = (message: ToWorker): void => worker.postMessage(message)
    this.models = new Models(send, {
      prepare: model => this.prepare(model),
      failed: error => {
        this.editor.trouble = { ...error, during: 'open' }
      },
      renamed: () => this.link.update(),
    })
    followMotionPreference(send)
    this.editor = new Editor(this.settings, send, {
      changed: () => {
        this.grew()
        this.link.update()
      },
      grew: () => this.grew(),
      shown: () => this.promptForm.show(this.editor.origin),
      toggled: () => {
        this.stored.soon()
        this.link.update()
      },
    })
    this.promptForm = new PromptForm(this.editor, this.models, send)
    this.sideTexts = new SideTexts(send, error => {
      this.editor.trouble = { ...error, during: 'side-texts' }
    })
    this.verification = new Verification(send)
    this.stored = new StoredTexts(this.editor)
    this.link = new Link(this)
    worker.addEventListener('message', event => this.receive(event.data))
    // A worker that cannot start reports it only here.
    worker.addEventListener('error', event => {
      this.models.loading = false
      this.editor.trouble = { during: 'open', code: 'worker', message: event.message ?? '' }
    })
  }

  start(): void {
    this.worker.postMessage({ type: 'play' } satisfies ToWorker)
    void this.link.start()
  }

  /** What recognises and opens the reader's files; it is loaded with the first of them. */
  importing(): Promise<Importing> {
    this.importingLoad ??= import('../import/importing.svelte.js').then(
      ({ Importing }) =>
        new Importing(this.models, {
          text: files => this.trainOn(files),
          saved: async json => {
            const { openSaved } = await import('../share/saved.js')
            return openSaved(json, this.verification, session => this.openSession(session))
          },
        }),
    )
    return this.importingLoad
  }

  /** Adds the texts of a session to those of this model, and shows the one it was saved with. */
  async openSession(session: Session): Promise<boolean> {
    const { models, editor, link } = this
    if (!models.current || !isModelOf(models.current, session.model)) {
      link.notice = 'session'
      link.missing = session.modelName
      return false
    }
    const before = editor.state
    const ends = this.stored.adopt(session.tree)
    const { branch, count } = session.standing.place
    link.notice = undefined
    editor.replace({ ...session.standing, place: { branch: ends[branch] ?? 0, count } }, before)
    this.verification.check(session.tree, ends)
    return true
  }

  // --- internal ---

  /** Shows texts in the tab that trains on them. */
  private async trainOn(files: readonly File[]): Promise<void> {
    const { Training } = await import('../tabs/train/training.svelte.js')
    const training = this.panelStates.of('train', () => new Training(this.models))
    this.layout.open('train')
    training.inspect({ files })
    if (training.view === 'run') training.show('form')
  }

  private receive(message: FromWorker): void {
    const isTaken =
      this.models.receive(message) ||
      this.promptForm.receive(message) ||
      this.verification.receive(message) ||
      this.sideTexts.receive(message)
    if (!isTaken) this.editor.receive(message)
  }

  private async prepare(model: ModelFacts): Promise<Prepared> {
    const { kept, take, leave } = await this.stored.open(model)
    return {
      use: start => {
        take()
        const { source } = this.models
        if (typeof source === 'string') this.offline.keep(source)
        this.verification.forget()
        const { past } = kept.page
        this.editor.load(model.symbols, kept.tree, past && History.of(past))
        this.link.begin(model, kept, start)
      },
      drop: leave,
    }
  }

  private grew(): void {
    const { editor } = this
    this.verification.compare(editor.records, editor.tree.position.branch)
    this.stored.changed()
    // The address of a paused tab holds how long its text is, for a reload.
    if (!editor.playing) this.link.update()
  }
}
