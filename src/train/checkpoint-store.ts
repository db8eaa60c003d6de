/** The interface through which the trainer keeps checkpoints, and an implementation in memory. */

export interface CheckpointStore {
  /** @returns the bytes of a file, or undefined when it does not exist */
  read(name: string): Promise<Uint8Array | undefined>
  /** Replaces a file. After a crash at any moment it contains the old bytes or the new ones, entirely. */
  write(name: string, bytes: Uint8Array): Promise<void>
  /** Appends text; after a crash a part of it may be missing. */
  append(name: string, text: string): Promise<void>
  /** Removes a file; does nothing when it does not exist. */
  remove(name: string): Promise<void>
  /** Truncates a file to a length in bytes; does nothing when it is shorter or does not exist. */
  truncate(name: string, length: number): Promise<void>
  /**
   * Locks the store against other writers until the returned function is called, or the process ends.
   * @throws InputError when another run uses the store
   */
  lock?(): Promise<() => Promise<void>>
}

/** Creates a store in memory. */
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
