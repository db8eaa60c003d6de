/** All forms that a model can be exported to, besides the page, which Node makes (node/export-page.ts). */
import { didYouMean, InputError, quote } from '../../errors.js'
import type { Model } from '../../file/index.js'
import type { Bilingual } from '../../knob.js'
import { floatWeights } from '../../model/quantize.js'
import type { Exported, ExportForm } from './form.js'
import { ml5 } from './ml5.js'
import { onnx } from './onnx.js'
import { pytorch } from './pytorch.js'
import { recurrentjs } from './recurrentjs.js'

/** Writes a model of 8-bit weights as one of float32, which all other systems read. */
const inFloats = (form: ExportForm): ExportForm => ({
  ...form,
  write: model => {
    if (model.config.bits === undefined) return form.write(model)
    const { files, notes } = form.write({ ...model, ...floatWeights(model.config, model.weights) })
    return { files, notes: [...notes, FLOATS] }
  },
})

const FLOATS: Bilingual = {
  en: 'weights of 8 bits are written as float32; h is not rounded there, so logits differ by some 1e-4',
  ja: '8ビットの重みを float32 で書いた。書き出し先では h を丸めないため、ロジットは 1e-4 程度異なる',
}

export const EXPORT_FORMS: readonly ExportForm[] = [onnx, pytorch, recurrentjs, ml5].map(inFloats)

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
