/** The models of a server. Each is loaded at its first request and then kept. */
import { counted, didYouMean, InputError, quote } from '../errors.js'
import { decodeModel, type Model, readModelHeader, sha256 } from '../file/index.js'
import { parameterCount } from '../model/config.js'

export interface ModelFile {
  /** The name that requests use: `shakespeare`. */
  readonly name: string
  /** Reads the bytes of the file. Called once, and again after a failure. */
  readonly read: () => Promise<Uint8Array>
}

interface CachedModel {
  readonly model: Model
  /** SHA-256 of the bytes. */
  readonly fileHash: string
  readonly bytes: Uint8Array
}

export class ModelCache {
  private readonly files: ReadonlyMap<string, ModelFile>
  private readonly loaded = new Map<string, Promise<CachedModel>>()

  constructor(files: readonly ModelFile[]) {
    this.files = new Map(files.map(file => [file.name, file]))
    if (files.length === 0 || this.files.size < files.length) {
      throw new InputError(
        'models',
        `The server is given ${counted(files.length, 'model')} with ${counted(this.files.size, 'name')}; expected at least one, each with a name of its own.`,
      )
    }
  }

  get names(): string[] {
    return [...this.files.keys()]
  }

  /** @throws InputError code `no-model` for an unknown name */
  get(name: string): Promise<CachedModel> {
    const file = this.files.get(name)
    if (!file) {
      throw new InputError(
        'no-model',
        `There is no model ${quote(name)}; expected ${this.names.join(', ')}.${didYouMean(name, this.names)}`,
      )
    }
    let loaded = this.loaded.get(name)
    if (!loaded) {
      loaded = file.read().then(async bytes => ({
        bytes,
        fileHash: await sha256(bytes),
        model: await decodeModel(bytes),
      }))
      this.loaded.set(name, loaded)
      // The next request tries again: the file may have been repaired.
      loaded.catch(() => this.loaded.delete(name))
    }
    return loaded
  }

  /** The description of a model for `GET /models`. @throws FileError for an unusable file */
  async describe(name: string): Promise<object> {
    const { bytes, fileHash, model } = await this.get(name)
    const { config, tokenizer, training, hash, prompt, stop } = model
    return {
      name,
      title: model.name,
      hash,
      fileHash,
      size: bytes.length,
      dtypes: readModelHeader(bytes).dtypes,
      parameters: parameterCount(config),
      config,
      tokenizer: { kind: tokenizer.kind, size: tokenizer.size },
      training,
      prompt,
      stop,
    }
  }
}
