/** The interface through which the trainer keeps checkpoints, and an implementation in memory. */

export interface CheckpointStore {
  /** The bytes under a name, or undefined when there are none. */
  read(name: string): Promise<Uint8Array | undefined>
  /** All or nothing: after a crash at any moment the name holds the old bytes or the new ones. */
  write(name: string, bytes: Uint8Array): Promise<void>
  /** Adds text to the end; a crash may cut it short. */
  append(name: string, text: string): Promise<void>
  /** Nothing happens when it is not there. */
  remove(name: string): Promise<void>
  /** Cuts to a length in bytes; nothing happens when it is shorter already or absent. */
  truncate(name: string, length: number): Promise<void>
  /**
   * Keeps other writers out until the returned function is called, or the process ends.
   * @throws InputError when another run is going on here
   */
  lock?(): Promise<() => Promise<void>>
}

/** A store in memory. */
export function memoryStore(): CheckpointStore & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>()
  const encoder = new TextEncoder()
  return {
    files,
    read: async name => files.get(name)?.slice(),
    async write(name, bytes) {
      files.set(name, bytes.slice())
    },
    async append(name, text) {
      const old = files.get(name) ?? new Uint8Array()
      const added = encoder.encode(text)
      const whole = new Uint8Array(old.length + added.length)
      whole.set(old)
      whole.set(added, old.length)
      files.set(name, whole)
    },
    async remove(name) {
      files.delete(name)
    },
    async truncate(name, length) {
      const old = files.get(name)
      if (old && old.length > length) files.set(name, old.slice(0, length))
    },
  }
}
