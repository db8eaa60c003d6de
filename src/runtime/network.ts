/**
 * The runtime: a network's forward pass in WebAssembly, one call a symbol.
 *
 * The kernels (kernels/*.as.ts, AssemblyScript) use 128-bit SIMD without fused or relaxed operations
 * and sum in a fixed order, so the logits have the same bits in every engine and on every CPU.
 */
import { InputError, memoryError, withMemory } from '../errors.js'
import { withTimerRunning } from '../event-loop.js'
import { activationSize, type ModelConfig, modelConfig, type Weights } from '../model/config.js'
import { KERNELS } from './kernels/kernels.wasm.js'
import { checkWeights, IDS, type Layout, PAGE, packNetwork, planLayout } from './layout.js'
import { checkId, type Network, type Session, type State } from './session.js'
import { WindowSession } from './window-session.js'

/** What kernels/network.as.ts exports. */
interface Kernels {
  configure(plan: number): void
  project(): void
  step(state: number, id: number): void
  prefill(state: number, count: number, last: number): void
}

let compiled: Promise<WebAssembly.Module> | undefined

/** Compiles the kernels once for all networks; takes about 2 ms. */
function kernels(): Promise<WebAssembly.Module> {
  const bytes = (): BufferSource => Uint8Array.from(atob(KERNELS), c => c.charCodeAt(0))
  compiled ??= withTimerRunning(() => WebAssembly.compile(bytes())).catch((cause: unknown) => {
    compiled = undefined // the next network may find the memory that this one did not
    throw (
      memoryError(cause, 'The network', 'ネットワーク') ??
      new InputError(
        'webassembly',
        'The kernels could not be compiled here; they need WebAssembly with 128-bit SIMD (Node 16.4, Chrome 91, Firefox 89, Safari 16.4 or later).',
        { cause },
      )
    )
  })
  return compiled
}

/** Memory of a network, in bytes. */
export interface MemoryUse {
  /** The whole WebAssembly memory. */
  readonly total: number
  /** Packed weights, tables and scratch, shared by all sessions. */
  readonly network: number
  /** The state of one session. */
  readonly session: number
}

class KernelNetwork implements Network {
  readonly config: ModelConfig
  readonly layout: Layout
  readonly kernels: Kernels
  private readonly wasmMemory: WebAssembly.Memory
  private used: number
  private readonly free: number[] = []
  /** The id at which a state begins anew; with a window it is the window that does so. */
  readonly restart: number | undefined
  /** Views of the current memory buffer; growing the memory detaches the old ones. */
  floats!: Float32Array
  logits!: Float32Array
  ids!: Uint32Array

  constructor(
    config: ModelConfig,
    layout: Layout,
    kernels: Kernels,
    wasmMemory: WebAssembly.Memory,
  ) {
    this.config = config
    this.restart = config.window === undefined ? config.restart : undefined
    this.layout = layout
    this.kernels = kernels
    this.wasmMemory = wasmMemory
    this.used = layout.sessions
    this.refreshViews()
  }

  private refreshViews(): void {
    const { buffer } = this.wasmMemory
    this.floats = new Float32Array(buffer)
    this.logits = new Float32Array(buffer, this.layout.logits, this.config.vocabulary)
    this.ids = new Uint32Array(buffer, this.layout.ids, IDS)
  }

  /** @returns the address of a zeroed state */
  allocateState(): number {
    let address = this.free.pop()
    if (address === undefined) {
      address = this.used
      const end = address + this.layout.sessionBytes
      const missing = end - this.wasmMemory.buffer.byteLength
      if (missing > 0) {
        grow(this.wasmMemory, Math.ceil(missing / PAGE))
        this.refreshViews()
      }
      this.used = end
    }
    this.floats.fill(0, address / 4, (address + this.layout.sessionBytes) / 4)
    return address
  }

  releaseState(address: number): void {
    this.free.push(address)
  }

  get memory(): MemoryUse {
    return {
      total: this.wasmMemory.buffer.byteLength,
      network: this.layout.sessions,
      session: this.layout.sessionBytes,
    }
  }

  session(): Session {
    const { window } = this.config
    const session = new KernelSession(this)
    return window === undefined ? session : new WindowSession(session, { ...this.config, window })
  }
}

/** @throws InputError when the system has no more memory */
function grow(wasmMemory: WebAssembly.Memory, pages: number): void {
  try {
    wasmMemory.grow(pages)
  } catch (cause) {
    throw new InputError(
      'memory',
      'There is no memory for another session; dispose sessions that are no longer used.',
      {
        cause,
        ja: 'セッションをもう一つ開くメモリーがありません。使わないセッションを閉じてください。',
      },
    )
  }
}

class KernelSession implements Session {
  readonly size: number
  private readonly network: KernelNetwork
  /** An array of its own, not a view, so that growing the memory does not detach it. */
  private readonly logits: Float32Array
  /** Address of the state; 0 after dispose. */
  private address: number

  constructor(network: KernelNetwork) {
    this.network = network
    this.size = network.config.vocabulary
    this.logits = new Float32Array(this.size)
    this.address = network.allocateState()
  }

  step(id: number): Float32Array {
    this.checkOpen()
    checkId(id, this.size)
    if (id === this.network.restart) this.reset()
    this.network.kernels.step(this.address, id)
    this.logits.set(this.network.logits)
    return this.logits
  }

  prefill(ids: ArrayLike<number>): Float32Array {
    this.checkOpen()
    const { length } = ids
    if (length === 0) {
      throw new InputError(
        'ids',
        'There are no ids to read; expected at least one, since logits follow a symbol.',
      )
    }
    // All ids are checked before the first is processed, so an error leaves the state unchanged.
    for (let i = 0; i < length; i++) checkId(ids[i], this.size, i)
    const { restart } = this.network
    for (let i = 0, count = 0; i < length; i += count) {
      if (ids[i] === restart) this.reset()
      count = 0
      while (count < IDS && i + count < length && (count === 0 || ids[i + count] !== restart)) {
        this.network.ids[count] = ids[i + count]
        count++
      }
      this.network.kernels.prefill(this.address, count, i + count === length ? 1 : 0)
    }
    this.logits.set(this.network.logits)
    return this.logits
  }

  snapshot(): State {
    return this.activations()
  }

  activations(): Float32Array {
    this.checkOpen()
    const { hidden, config, layout, floats } = this.view()
    const state = new Float32Array(activationSize(config))
    for (
      let at = 0, from = this.address / 4;
      at < state.length;
      at += hidden, from += layout.gate
    ) {
      state.set(floats.subarray(from, from + hidden), at)
    }
    return state
  }

  restore(state: State): void {
    this.checkOpen()
    const { hidden, config, layout, floats } = this.view()
    const expected = activationSize(config)
    if (state.length !== expected) {
      throw new InputError(
        'state',
        `The state has ${state.length} numbers; this network's has ${expected}: restore one that a session of the same network gave.`,
      )
    }
    for (let at = 0, to = this.address / 4; at < expected; at += hidden, to += layout.gate) {
      floats.set(state.subarray(at, at + hidden), to)
    }
  }

  reset(): void {
    this.checkOpen()
    const { floats, layout } = this.network
    floats.fill(0, this.address / 4, (this.address + layout.sessionBytes) / 4)
  }

  dispose(): void {
    this.checkOpen()
    this.network.releaseState(this.address)
    this.address = 0
  }

  private view() {
    const { config, layout, floats } = this.network
    return { hidden: config.hidden, config, layout, floats }
  }

  private checkOpen(): void {
    if (this.address === 0) {
      throw new InputError(
        'disposed',
        'This session was disposed; make a new one with network.session().',
      )
    }
  }
}

export type { KernelNetwork }

/**
 * Packs the weights for the kernels. They are copied: the caller's arrays are free afterwards.
 * @param weights PyTorch's names and layouts, as `tensorShapes(config)` lists them
 * @throws InputError when a tensor is missing or of another size, when the network does not fit the
 *   memory, or when there is no WebAssembly SIMD
 */
export async function loadNetwork(config: ModelConfig, weights: Weights): Promise<KernelNetwork> {
  const checked = modelConfig({ ...config })
  checkWeights(checked, weights)
  const layout = planLayout(checked)
  const module = await kernels()
  const mebibytes = Math.ceil(layout.end / 2 ** 20)
  const wasmMemory = withMemory(
    { en: `The network (${mebibytes} MiB)`, ja: `ネットワーク（${mebibytes} MiB）` },
    () => new WebAssembly.Memory({ initial: Math.ceil(layout.end / PAGE) }),
  )
  packNetwork(wasmMemory.buffer, checked, weights, layout)
  const instance = await withTimerRunning(() =>
    WebAssembly.instantiate(module, { env: { memory: wasmMemory } }),
  )
  const exported = instance.exports as unknown as Kernels
  exported.configure(layout.plan)
  if (layout.project) exported.project()
  return new KernelNetwork(checked, layout, exported, wasmMemory)
}
