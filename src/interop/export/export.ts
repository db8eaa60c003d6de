/** All forms that a model can be exported to, besides the page, which Node makes (node/export-page.ts). */
import { didYouMean, InputError, quote } from '../../errors.js'
import type { Model } from '../../file/index.js'
import type { Exported, ExportForm } from './form.js'
import { ml5 } from './ml5.js'
import { onnx } from './onnx.js'
import { pytorch } from './pytorch.js'
import { recurrentjs } from './recurrentjs.js'

export const EXPORT_FORMS: readonly ExportForm[] = [onnx, pytorch, recurrentjs, ml5]

/**
 * Writes a model in another system's form.
 * @param kind of a form: `onnx`, `pytorch`, `recurrentjs`, `ml5`
 * @returns the files, in memory, and what to know of them
 * @throws InputError for a kind that is not known, or a model that the form has no place for
 */
export function exportModel(model: Model, kind: string): Exported {
  const form = EXPORT_FORMS.find(one => one.kind === kind)
  if (form) return form.write(model)
  const kinds = EXPORT_FORMS.map(one => one.kind)
  throw new InputError(
    'form',
    `The form is ${quote(kind)}; expected ${kinds.join(', ')}.${didYouMean(kind, kinds)}`,
  )
}
