/** Changes the current model, one of the reader's own, in a worker: its name, prompt or window. */
import type { Models } from '../models/models.svelte.js'
import type { ErrorMessage } from '../writer/error-message.js'
import type { FromImporter, ModelEdit, ToImporter } from './protocol.js'

/** @returns why it could not be changed */
export async function editModel(
  models: Models,
  edit: ModelEdit,
): Promise<ErrorMessage | undefined> {
  const { source: file } = models
  if (!(file instanceof Blob)) return undefined
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  try {
    const answer = await new Promise<FromImporter>((resolve, reject) => {
      worker.addEventListener('message', event => resolve(event.data))
      worker.addEventListener('error', event => reject(new Error(event.message)))
      worker.postMessage({ type: 'edit', job: 0, file, edit } satisfies ToImporter)
    })
    if (answer.type === 'failed') return answer
    // Another model was chosen meanwhile.
    if (answer.type !== 'edited' || models.source !== file) return undefined
    await models.changeOwn(new Blob([answer.bytes]), edit)
    return undefined
  } finally {
    worker.terminate()
  }
}
