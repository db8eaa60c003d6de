/** What a command is: its arguments, its flags, its examples, and the function that runs it. */
import { type Bilingual, flagName, type Knob } from '../knob.js'
import type { Io } from './terminal/io.js'

export interface Flag {
  /** The flag as commander writes it: `-t, --temperature <T>`. */
  readonly flags: string
  readonly about: Bilingual
  /** The setting that this flag sets: it gives the range, the default and the check. */
  readonly knob?: Knob
  /** Reads the value; used instead of the knob's own check. */
  readonly parse?: (text: string) => unknown
  /** May be given several times. */
  readonly repeat?: boolean
  /** The default of a flag without a knob, or one that differs from the knob's. */
  readonly default?: string | number | boolean | Bilingual
  /** What help shows instead of the knob's range. */
  readonly range?: Bilingual
  /** The heading under which help lists the flag. */
  readonly group?: Bilingual
}

export type Options = Readonly<Record<string, unknown>>

export interface CommandSpec {
  readonly name: string
  /** `[MODEL]`, `MODEL TEXT...`: commander's `<needed>`, `[optional]`, `...`. */
  readonly arguments: string
  readonly about: Bilingual
  readonly examples: readonly (readonly [command: string, what: Bilingual])[]
  readonly flags: readonly Flag[]
  /** Text that help prints after the options. */
  readonly notes?: Bilingual
  /** @returns the exit code */
  run(
    io: Io,
    args: readonly (string | readonly string[] | undefined)[],
    options: Options,
  ): Promise<number>
}

/**
 * The flag that sets a knob.
 * @param more.short its one-letter form
 * @param more.placeholder the word that stands for the value in help
 */
export function flagOf(
  knob: Knob,
  more: { short?: string; placeholder?: string } & Partial<Omit<Flag, 'flags' | 'knob'>> = {},
): Flag {
  const { short, placeholder, ...rest } = more
  const value =
    knob.kind === 'flag'
      ? ''
      : ` <${placeholder ?? (knob.kind === 'choice' ? 'NAME' : knob.kind === 'text' ? 'TEXT' : 'N')}>`
  const name = flagName(knob.name)
  // A flag that is on by default is turned off.
  const long = knob.kind === 'flag' && knob.default ? `--no-${name}` : `--${name}`
  return { flags: `${short ? `-${short}, ` : ''}${long}${value}`, about: knob.about, knob, ...rest }
}
