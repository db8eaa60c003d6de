/** The options of `ondo eval --dynamic`. */
import { InputError } from '../../errors.js'
import { DYNAMIC_KNOBS, type DynamicSettings, dynamicSettings } from '../../train/index.js'
import { type Flag, flagOf, type Options } from '../spec.js'

const GROUP = { en: 'Dynamic evaluation', ja: '動的評価' }

export const DYNAMIC_FLAGS: readonly Flag[] = [
  {
    flags: '--dynamic',
    about: {
      en: 'also score a copy of the model that goes on learning from the text; each symbol is predicted before the copy learns from it',
      ja: 'テキストを読みながら学習を続けるモデルのコピーでも評価する。各文字は学習に使う前に予測する',
    },
    group: GROUP,
  },
  ...Object.values(DYNAMIC_KNOBS).map(knob => flagOf(knob, { group: GROUP })),
]

/** The settings of dynamic evaluation; undefined without --dynamic. */
export function dynamicOptions(options: Options): DynamicSettings | undefined {
  if (options.dynamic === true) return dynamicSettings(options)
  const alone = Object.keys(DYNAMIC_KNOBS).find(name => options[name] !== undefined)
  if (alone !== undefined) {
    throw new InputError(
      'option',
      `The option --${alone} belongs to dynamic evaluation: give --dynamic too, or leave it out.`,
      {
        ja: `--${alone}は動的評価のオプションです。--dynamicも指定するか、--${alone}を外してください。`,
      },
    )
  }
  return undefined
}
