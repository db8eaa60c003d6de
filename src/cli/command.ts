/** A command as a value: its arguments, its flags, its examples; parsed by commander. */
import { Command, CommanderError, Option } from 'commander'
import { didYouMean, InputError } from '../errors.js'
import { type Bilingual, flagName, type Knob, readKnob } from '../knob.js'
import { commandHelp, usageOf } from './help.js'
import type { Io } from './terminal/io.js'

export interface Flag {
  /** As commander writes it: `-t, --temperature <T>`. */
  readonly flags: string
  readonly about: Bilingual
  /** The knob it turns: gives range, default and check. */
  readonly knob?: Knob
  /** Read instead of, or before, the knob. */
  readonly parse?: (text: string) => unknown
  /** May be given several times. */
  readonly repeat?: boolean
  /** For a flag without a knob, or where the command's default differs from the knob's. */
  readonly default?: string | number | boolean | Bilingual
  /** Shown in help, in words, instead of the range. */
  readonly range?: Bilingual
  /** A heading in the help. */
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
  /** After the options. */
  readonly notes?: Bilingual
  /** @returns the exit code */
  run(
    io: Io,
    args: readonly (string | readonly string[] | undefined)[],
    options: Options,
  ): Promise<number>
}

/** Flags that every command has. */
export const COMMON: readonly Flag[] = [
  {
    flags: '--quiet',
    about: {
      en: 'nothing on stderr but warnings and errors',
      ja: '標準エラーには警告とエラーだけ',
    },
  },
  {
    flags: '--lang <LANG>',
    about: { en: 'language of help and messages', ja: '表示の言語' },
    range: { en: 'en | ja', ja: 'en | ja' },
  },
  { flags: '-h, --help', about: { en: 'this help', ja: 'このヘルプ' } },
]

/** The flag of a knob. @param short one letter; @param placeholder what stands for the value */
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

function optionOf(flag: Flag): Option {
  const option = new Option(flag.flags)
  const read = (text: string): unknown =>
    flag.parse ? flag.parse(text) : flag.knob ? readKnob(flag.knob, text) : text
  if (option.required || option.optional) {
    option.argParser((text: string, before: unknown) =>
      flag.repeat ? [...((before as unknown[] | undefined) ?? []), read(text)] : read(text),
    )
  }
  return option
}

/** Parses and runs. @throws InputError for anything on the command line that is not understood */
export async function runCommand(
  spec: CommandSpec,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const command = new Command(spec.name)
    .exitOverride()
    .helpOption(false)
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
  if (spec.arguments) command.arguments(spec.arguments)
  const flags = [...spec.flags, ...COMMON]
  for (const flag of flags) command.addOption(optionOf(flag))
  let code = 0
  command.action(async (...given) => {
    const options = given.at(-2) as Options
    if (options.lang !== undefined && options.lang !== 'en' && options.lang !== 'ja') {
      throw new InputError('lang', `The language is "${options.lang}"; expected en or ja.`)
    }
    io.quiet = options.quiet === true
    code = await spec.run(io, given.slice(0, -2), options)
  })
  if (argv.some(word => word === '--help' || word === '-h')) {
    await io.write(commandHelp(spec, flags, io))
    return 0
  }
  try {
    await command.parseAsync(argv as string[], { from: 'user' })
  } catch (error) {
    throw error instanceof CommanderError ? plainly(error, spec, command) : error
  }
  return code
}

/** Commander's complaint as one of our sentences. */
function plainly(error: CommanderError, spec: CommandSpec, command: Command): InputError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const place = `ondo ${spec.name}`
  switch (error.code) {
    case 'commander.unknownOption': {
      const name = quoted.split('=')[0]
      const known = command.options.flatMap(option => [option.long ?? '', option.short ?? ''])
      return new InputError('option', `${place} has no option ${name}.${didYouMean(name, known)}`)
    }
    case 'commander.optionMissingArgument':
      return new InputError('option', `The option ${quoted} needs a value; none came.`)
    case 'commander.missingArgument':
      return new InputError(
        'argument',
        `${place} needs ${quoted.toUpperCase()}; none came. Usage: ${usageOf(spec)}`,
      )
    case 'commander.excessArguments':
      return new InputError(
        'argument',
        `${place} was given more than it takes. Usage: ${usageOf(spec)}`,
      )
    default:
      return new InputError('option', error.message.replace(/^error: /, ''))
  }
}
