/** What to do about a refusal, in the flags of the command that met it. */
import { WAYS, type Ways } from '../errors.js'
import type { CommandSpec } from './spec.js'

/** @param spec undefined: no command was found yet */
export function waysOf(spec: Pick<CommandSpec, 'flags'> | undefined): Ways {
  const has = (name: string): boolean =>
    spec?.flags.some(({ flags }) => flags.split(/[ ,]+/).includes(name)) ?? false
  const out = has('--out') ? 'choose another --out' : 'choose another folder'
  return {
    ...WAYS,
    unknown: has('--unknown')
      ? 'change the text, or choose what to do with them: --unknown skip leaves them out, --unknown nearest writes the nearest known symbol'
      : 'change the text',
    'any-file': has('--tokenizer') ? '--tokenizer byte takes any file' : 'name its files',
    'smaller-min-count': 'choose a smaller --min-count',
    'no-min-count': 'leave --min-count out, or use --tokenizer character',
    'smaller-network': has('--hidden')
      ? 'choose a smaller --hidden, fewer --layers, or a text of fewer symbols'
      : 'name a smaller model',
    'gentler-training': 'start again with a lower --rate or a smaller --clip',
    'clipped-training': 'start again with a lower --rate, or with a --clip above 0',
    'resume-as-started': `resume without it (only --epochs, --steps, --evaluate-every, --checkpoint-every and --patience may change), or ${out}`,
    'as-the-model': 'leave it out, or train anew, without --init-from',
    'model-tokenizer':
      'leave --tokenizer out, so that the text is read as the model reads it, or choose another model',
    'freeze-model': 'name the model with --init-from, or leave --freeze out',
    'model-memory': 'name a smaller model with --init-from, or freeze layers with --freeze',
    'start-anew': 'name the folder of an earlier run, or start without --resume',
    'run-exists': `go on with --resume, ${out}, or start over with --force`,
    'sweep-exists': `${out}, or start over with --force`,
    'aim-filter': 'train the model again, or give its text with --corpus',
    'aim-length': 'give a greater --length',
    vocabulary:
      "give the model's own symbols in order with --vocabulary FILE (a JSON list or map, or a text)",
  }
}
