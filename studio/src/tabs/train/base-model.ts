/** The model that training goes on from: loaded, and compared with the text. */
import { loadModel, type Model, type Tokenizer } from 'ondo'
import { printable } from 'ondo/text'
import { extendTokenizer, planStart, trainingCorpus } from 'ondo/train'
import type { BaseFacts, BaseModel } from './protocol.js'

/** The model of the last address, since a text is inspected again while it is typed. */
let latest: { readonly address: string; readonly model: Promise<Model> } | undefined

/** @throws FileError for a file that can't be read */
export async function loadBase({ source, name }: BaseModel): Promise<Model> {
  if (typeof source === 'string' && latest?.address === source) return latest.model
  const loaded = loadModel(source).then(model => ({ ...model, name: model.name ?? name }))
  if (typeof source === 'string') {
    const entry = { address: source, model: loaded }
    latest = entry
    // A model that did not arrive is fetched again.
    loaded.catch(() => {
      if (latest === entry) latest = undefined
    })
  }
  return loaded
}

/**
 * Compares a model with a text.
 * @param text the tokenizer of the text alone
 * @throws InputError where training can't go on from the model
 */
export async function compareBase(
  model: Model,
  content: string | Uint8Array,
  text: Tokenizer,
): Promise<{ readonly tokenizer: Tokenizer; readonly facts: BaseFacts }> {
  const tokenizer = extendTokenizer(model, text)
  const { record } = planStart(model, await trainingCorpus({ content }, tokenizer), undefined)
  const { cell, layers, hidden } = model.config
  const kinds = text.size
  const { added } = record
  return {
    tokenizer,
    facts: {
      name: model.name ?? '',
      ...{ cell, layers, hidden, kinds },
      known: kinds - added.length,
      added: added.map(printable),
    },
  }
}
