/**
 * Compares the files beside a checkpoint with what the checkpoint records of them. A run is resumed from
 * `resume.safetensors` alone, but the best model and the metrics of earlier steps exist only in their
 * own files: when those are damaged, the run continues without them, with a warning.
 */

import { crc32 } from '../file/crc32.js'
import { decodeModel, sha256 } from '../file/index.js'
import { FILES, type Run } from './checkpoint.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { WarningEvent } from './events.js'

/** Suffix of a damaged model's name, with which `ondo sample` does not find it. */
const DAMAGED_SUFFIX = '.damaged'

/**
 * SHA-256 of a model file's weights. The header is not hashed, because measures are added to it later.
 * @param bytes a model file written by Ondo
 */
export function weightsHash(bytes: Uint8Array): Promise<string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return sha256(bytes.subarray(8 + view.getUint32(0, true)))
}

const warning = (code: string, en: string, ja: string): WarningEvent => ({
  type: 'warning',
  code,
  message: { en, ja },
})

/** @returns step and hash of a model file; undefined when it is damaged or no model of this run */
async function modelOfRun(
  bytes: Uint8Array | undefined,
  run: Run,
): Promise<{ readonly step: number; readonly hash: string } | undefined> {
  if (!bytes) return undefined
  const model = await decodeModel(bytes).catch(() => undefined)
  const { steps } = model?.training ?? {}
  if (!model || steps === undefined || JSON.stringify(model.tokenizer) !== run.tokenizer) {
    return undefined
  }
  return { step: steps, hash: await weightsHash(bytes) }
}

/**
 * Writes `model.safetensors` again from the checkpoint when it is damaged or another model.
 * @param current returns the model file of the checkpoint
 */
export async function repairModel(
  store: CheckpointStore,
  run: Run,
  current: () => Uint8Array,
): Promise<WarningEvent[]> {
  if (run.step === 0) return []
  const found = await modelOfRun(await store.read(FILES.model), run)
  const bytes = current()
  if (found?.hash === (await weightsHash(bytes))) return []
  await store.write(FILES.model, bytes)
  // The model is of later steps after a crash between two writes of a checkpoint, which is no damage.
  if (found && found.step > run.step) return []
  return [
    warning(
      'model-damaged',
      `${FILES.model} was damaged, changed or missing; it is written again from the checkpoint.`,
      `${FILES.model}が破損、変更、または欠落していたため、チェックポイントから書き直しました。`,
    ),
  ]
}

/**
 * Looks whether the best model is still the one that the run knows as its best.
 * @param current as for `mendModel`: written again where the best model is the latest
 * @returns whether there is a best model to keep comparing with
 */
export async function checkBest(
  store: CheckpointStore,
  run: Run,
  current: () => Uint8Array,
): Promise<{ readonly kept: boolean; readonly warnings: readonly WarningEvent[] }> {
  const { best, bestHash } = run
  if (best === undefined || bestHash === undefined) return { kept: true, warnings: [] }
  const bytes = await store.read(FILES.best)
  const found = await modelOfRun(bytes, run)
  // A best model of steps after the checkpoint will be written again when those steps are repeated.
  if (found && (found.hash === bestHash || found.step > run.step)) {
    return { kept: true, warnings: [] }
  }
  if (best.step === run.step) {
    await store.write(FILES.best, current())
    const again = warning(
      'best-damaged',
      `${FILES.best} was damaged, changed or missing; it is written again from the checkpoint.`,
      `${FILES.best}が破損、変更、または欠落していたため、チェックポイントから書き直しました。`,
    )
    return { kept: true, warnings: [again] }
  }
  if (bytes) {
    await store.write(FILES.best + DAMAGED_SUFFIX, bytes)
    await store.remove(FILES.best)
  }
  const lost = warning(
    'best-damaged',
    `${FILES.best}, the model of update ${best.step}, is damaged, changed or missing${bytes ? ` (it is now ${FILES.best}${DAMAGED_SUFFIX})` : ''}; the run goes on, and its next validation counts as the best.`,
    `更新${best.step}回のモデル${FILES.best}が破損、変更、または欠落しています${bytes ? `（${FILES.best}${DAMAGED_SUFFIX}として残しました）` : ''}。学習は続き、次の検証を最良とみなします。`,
  )
  return { kept: false, warnings: [lost] }
}

/** Length in bytes of the leading lines that are complete and of the run's steps, and their last step. */
function wholeLines(bytes: Uint8Array, last: number): { length: number; step: number } {
  let [length, step] = [0, 0]
  for (;;) {
    const end = bytes.indexOf(0x0a, length)
    if (end < 0) return { length, step }
    try {
      const line = JSON.parse(new TextDecoder().decode(bytes.subarray(length, end)))
      if (!(line.step >= step && line.step <= last)) return { length, step }
      step = line.step
    } catch {
      return { length, step }
    }
    length = end + 1
  }
}

/**
 * Truncates `metrics.jsonl` to the steps of the checkpoint. Unlike checkpoints, metrics are not synced to
 * the disk, so a power failure may have removed the last lines or replaced them with zeros.
 * @returns the length in bytes, and the CRC-32 of those bytes
 */
export async function truncateMetrics(
  store: CheckpointStore,
  { step, metricsBytes, metricsSum }: Run,
): Promise<{ length: number; sum: number; warnings: WarningEvent[] }> {
  await store.truncate(FILES.metrics, metricsBytes)
  const bytes = (await store.read(FILES.metrics)) ?? new Uint8Array()
  const sum = crc32(bytes)
  if (bytes.length === metricsBytes && (metricsSum ?? sum) === sum) {
    return { length: bytes.length, sum, warnings: [] }
  }
  const whole = wholeLines(bytes, step)
  await store.truncate(FILES.metrics, whole.length)
  const changed = warning(
    'metrics-damaged',
    `${FILES.metrics} was damaged or changed since update ${step}: its lines up to update ${whole.step} are kept, and may differ from what was written; weights and losses to come are not touched by it.`,
    `${FILES.metrics}は更新${step}回の後に破損または変更されました。更新${whole.step}回までの行を残しますが、書いた値と違う可能性があります。重みと今後の損失には影響しません。`,
  )
  return {
    length: whole.length,
    sum: crc32(bytes.subarray(0, whole.length)),
    warnings: [changed],
  }
}
