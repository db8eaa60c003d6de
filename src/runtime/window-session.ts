/**
 * A session whose every prediction reads the last N ids from a zero state. It costs N steps an id; the
 * result is that of the training of such models, which a state that goes on is not.
 */
import { counted, InputError } from '../errors.js'
import type { ModelConfig } from '../model/config.js'
import { checkId, type Session, type State } from './session.js'

export class WindowSession implements Session {
  readonly size: number
  private readonly session: Session
  private readonly window: number
  private readonly padding: number | undefined
  private readonly restart: number | undefined
  private readonly ids: number[] = []

  /**
   * @param session of the same network; it belongs to this one from now on
   * @param config its window N, the id that fills it, and the id at which a text begins
   */
  constructor(
    session: Session,
    { window, padding, restart }: Pick<ModelConfig, 'padding' | 'restart'> & { window: number },
  ) {
    this.session = session
    this.size = session.size
    this.window = window
    this.padding = padding
    this.restart = restart
  }

  step(id: number): Float32Array {
    return this.prefill([id])
  }

  prefill(ids: ArrayLike<number>): Float32Array {
    const { session, window, padding, restart } = this
    if (ids.length === 0) return session.prefill([])
    for (let i = 0; i < ids.length; i++) checkId(ids[i] as number, this.size, i)
    const kept = this.ids.slice()
    for (let i = Math.max(0, ids.length - window); i < ids.length; i++) {
      // A text of its own: nothing before it is in its window.
      if (ids[i] === restart) kept.length = 0
      kept.push(ids[i] as number)
    }
    kept.splice(0, kept.length - window)
    const missing = padding === undefined ? 0 : window - kept.length
    session.reset()
    const logits = session.prefill([...new Array<number>(missing).fill(padding ?? 0), ...kept])
    this.ids.splice(0, this.ids.length, ...kept)
    return logits
  }

  /** The last N ids plus 1; 0 stands before them where there are fewer, so that zero is the beginning. */
  snapshot(): State {
    const state = new Float32Array(this.window)
    for (const [i, id] of this.ids.entries()) state[this.window - this.ids.length + i] = id + 1
    return state
  }

  activations(): Float32Array {
    return this.session.activations()
  }

  restore(state: State): void {
    if (state.length !== this.window) {
      throw new InputError(
        'state',
        `The state has ${counted(state.length, 'number')}; this network's has ${this.window}: restore one that a session of the same network gave.`,
      )
    }
    this.session.reset()
    this.ids.splice(0, this.ids.length, ...Array.from(state, id => id - 1).filter(id => id >= 0))
  }

  reset(): void {
    this.session.reset()
    this.ids.length = 0
  }

  dispose(): void {
    this.session.dispose()
  }
}
