/** Parses the arguments of a command with commander, and runs it. */
import { Command, CommanderError, Option } from 'commander'
import { didYouMean, InputError, shorten } from '../errors.js'
import { readKnob } from '../knob.js'
import { COMMON_FLAGS } from './flags.js'
import { commandHelp, usageOf } from './help.js'
import type { CommandSpec, Flag, Options } from './spec.js'
import type { Io } from './terminal/io.js'

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
  const flags = [...spec.flags, ...COMMON_FLAGS]
  for (const flag of flags) command.addOption(optionOf(flag))
  let code = 0
  command.action(async (...given) => {
    const options = given.at(-2) as Options
    if (options.lang !== undefined && options.lang !== 'en' && options.lang !== 'ja') {
      throw new InputError(
        'lang',
        `The language is "${shorten(String(options.lang))}"; expected en or ja.`,
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
      return new InputError('option', shorten(error.message.replace(/^error: /, ''), 300))
  }
}
