/** Parses the arguments of a command with commander, and runs it. */
import { Command, CommanderError, Option } from 'commander'
import { didYouMean, didYouMeanInJapanese, InputError, shorten } from '../errors.js'
import { readKnob } from '../knob.js'
import { COMMON_FLAGS } from './flags.js'
import { commandHelp, usageOf } from './help.js'
import type { CommandSpec, Flag, Options } from './spec.js'
import type { Io } from './terminal/io.js'

/** Long names of the options in a command's flags: `--seed`. */
const longNames = (flags: readonly Flag[]): string[] =>
  flags.flatMap(flag => flag.flags.match(/--[a-z][a-z0-9-]*/g) ?? [])

const missingValue = (option: string): InputError =>
  new InputError('option', `The option ${option} needs a value; none was given.`, {
    ja: `オプション ${option} には値が必要です。`,
  })

/** @param known long names of options among the words of the command line */
function optionOf(flag: Flag, known: ReadonlySet<string>): Option {
  const option = new Option(flag.flags)
  const read = (text: string): unknown => {
    // Commander takes the next word as the value, also where that is another option.
    if (known.has(text)) throw missingValue(flag.flags)
    return flag.parse ? flag.parse(text) : flag.knob ? readKnob(flag.knob, text) : text
  }
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
  const flags = [...spec.flags, ...COMMON_FLAGS]
  // Not in the form --option=value, which makes clear what the value is.
  const known = new Set(longNames(flags).filter(name => argv.includes(name)))
  for (const flag of flags) command.addOption(optionOf(flag, known))
  let code = 0
  command.action(async (...given) => {
    const options = given.at(-2) as Options
    if (options.lang !== undefined && options.lang !== 'en' && options.lang !== 'ja') {
      throw new InputError(
        'lang',
        `The language is "${shorten(String(options.lang))}"; expected en or ja.`,
        { ja: `言語が「${shorten(String(options.lang))}」です。enかjaを指定してください。` },
      )
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
    throw error instanceof CommanderError ? asInputError(error, spec, command) : error
  }
  return code
}

/** Commander's complaint as one of our sentences. */
function asInputError(error: CommanderError, spec: CommandSpec, command: Command): InputError {
  const quoted = shorten(/'([^']*)'/.exec(error.message)?.[1] ?? '')
  const place = `ondo ${spec.name}`
  switch (error.code) {
    case 'commander.unknownOption': {
      const name = quoted.split('=')[0]!
      const known = command.options.flatMap(option => [option.long ?? '', option.short ?? ''])
      return new InputError('option', `${place} has no option ${name}.${didYouMean(name, known)}`, {
        ja: `${place}にオプション ${name} はありません。${didYouMeanInJapanese(name, known)}`,
      })
    }
    case 'commander.optionMissingArgument':
      return missingValue(quoted)
    case 'commander.missingArgument':
      return new InputError(
        'argument',
        `${place} needs ${quoted.toUpperCase()}; none was given. Usage: ${usageOf(spec)}`,
        { ja: `${place}には${quoted.toUpperCase()}が必要です。使い方: ${usageOf(spec)}` },
      )
    case 'commander.excessArguments':
      return new InputError(
        'argument',
        `${place} was given too many arguments. Usage: ${usageOf(spec)}`,
        { ja: `${place}の引数が多すぎます。使い方: ${usageOf(spec)}` },
      )
    default:
      return new InputError('option', shorten(error.message.replace(/^error: /, ''), 300))
  }
}
