/** The command `ondo`: finds the command, runs it, turns errors into a sentence and an exit code. */
import {
  didYouMean,
  didYouMeanInJapanese,
  FileError,
  InputError,
  memoryError,
  OndoError,
  sentenceOf,
  shorten,
  TrainingError,
} from '../errors.js'
import { workingFolderError } from '../node/files.js'
import { VERSION } from '../version.js'
import { type CommandSummary, mainHelp } from './help.js'
import type { CommandSpec } from './spec.js'
import { DONE, FAILED, Io, WRONG_USE } from './terminal/io.js'
import { languageOf } from './terminal/language.js'
import { sentenceInJapanese, waysOf } from './ways.js'

interface LazyCommand extends CommandSummary {
  /** Loaded only when asked for: `ondo --help` must not pay for the trainer. */
  readonly load: () => Promise<CommandSpec>
}

const COMMANDS: readonly LazyCommand[] = [
  {
    name: 'sample',
    about: { en: 'write text with a model', ja: 'モデルに文章を書かせる' },
    load: async () => (await import('./commands/sample.js')).sample,
  },
  {
    name: 'train',
    about: { en: 'make a model from text', ja: 'テキストからモデルを学習する' },
    load: async () => (await import('./commands/train.js')).train,
  },
  {
    name: 'eval',
    about: { en: 'how well a model predicts a text', ja: 'モデルがテキストをどれだけ予測できるか' },
    load: async () => (await import('./commands/eval.js')).evaluate,
  },
  {
    name: 'baseline',
    about: { en: 'how well n-gram counts predict a text', ja: 'n-gramだけでどこまで予測できるか' },
    load: async () => (await import('./commands/baseline.js')).baseline,
  },
  {
    name: 'explain',
    about: {
      en: 'why one symbol was drawn',
      ja: 'その文字が選ばれた理由',
    },
    load: async () => (await import('./commands/explain.js')).explain,
  },
  {
    name: 'breakpoints',
    about: {
      en: 'all the texts of one seed, by temperature',
      ja: '1つのシードが書く文章を温度順にすべて',
    },
    load: async () => (await import('./commands/breakpoints.js')).breakpoints,
  },
  {
    name: 'replay',
    about: { en: 'write a saved run again', ja: '保存した実行の文章を再現する' },
    load: async () => (await import('./commands/replay.js')).replay,
  },
  {
    name: 'verify',
    about: { en: 'does a saved run come out the same?', ja: '保存した実行と同じ結果になるか' },
    load: async () => (await import('./commands/verify.js')).verify,
  },
  {
    name: 'measure',
    about: { en: 'what a text repeats, misspells, copies', ja: '文章の反復、綴り誤り、写しを測る' },
    load: async () => (await import('./commands/measure.js')).measure,
  },
  {
    name: 'sweep',
    about: { en: 'measure what each temperature does', ja: '温度ごとの文章の性質を測る' },
    load: async () => (await import('./commands/sweep.js')).sweep,
  },
  {
    name: 'calibrate',
    about: { en: 'the temperature of the best predictions', ja: '予測が最もよくなる温度を求める' },
    load: async () => (await import('./commands/calibrate.js')).calibrate,
  },
  {
    name: 'aim',
    about: {
      en: 'the temperature for a goal, such as 2% misspelt',
      ja: '綴り誤り2%、1.5ビットなど、目標に合う温度',
    },
    load: async () => (await import('./commands/aim.js')).aim,
  },
  {
    name: 'inspect',
    about: { en: 'what a model is and how to use it', ja: 'モデルの中身と使い方' },
    load: async () => (await import('./commands/inspect.js')).inspect,
  },
  {
    name: 'import',
    about: {
      en: 'open a model that another system trained',
      ja: 'ほかのシステムのモデルを取り込む',
    },
    load: async () => (await import('./commands/import.js')).importCommand,
  },
  {
    name: 'quantize',
    about: { en: 'round the weights of a model to 8 bits', ja: '重みを8ビットに丸める' },
    load: async () => (await import('./commands/quantize.js')).quantize,
  },
  {
    name: 'export',
    about: { en: 'make one HTML page from a model', ja: 'モデルを1つのHTMLページにする' },
    load: async () => (await import('./commands/export.js')).exportModel,
  },
  {
    name: 'studio',
    about: { en: 'serve and open the studio, a web page', ja: 'スタジオ（Webページ）を開く' },
    load: async () => (await import('./commands/studio.js')).studio,
  },
]

/** @param argv without node and script; @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const io = new Io(languageOf(argv, process.env))
  const code = await runNamed(argv, io)
  await io.finish()
  if (!io.failure) return code
  if (!io.errorShown) {
    io.error(io.t({ en: io.failure.message, ja: io.failure.ja ?? io.failure.message }))
  }
  // The output could not be written, whatever else the command did.
  return code === DONE ? FAILED : code
}

async function runNamed(argv: readonly string[], io: Io): Promise<number> {
  let name = ''
  let spec: CommandSpec | undefined
  try {
    const first = argv[0]
    if (first === '--version' || first === '-V') {
      await io.write(`${VERSION}\n`)
      return DONE
    }
    // Options before the command: `ondo --lang ja sample`.
    let at = 0
    while (at < argv.length && argv[at]!.startsWith('-')) {
      if (argv[at] === '--lang') at++
      else if (!/^(-h|--help|--quiet|--lang=.*)$/.test(argv[at]!)) {
        const known = ['--help', '--version', '--lang', '--quiet']
        throw new InputError(
          'option',
          `ondo has no option ${shorten(argv[at]!)}.${didYouMean(argv[at]!, known)}`,
          {
            ja: `ondoにオプション ${shorten(argv[at]!)} はありません。${didYouMeanInJapanese(argv[at]!, known)}`,
          },
        )
      }
      at++
    }
    name = argv[at] ?? ''
    if (name === '' || name === 'help') {
      const asked = argv[at + 1]
      if (name === 'help' && asked)
        return await runNamed([asked, '--help', ...argv.slice(0, at)], io)
      const help = mainHelp(COMMANDS, io)
      // Help that was asked for goes to stdout; a call without arguments is wrong use: stderr.
      if (argv.length > 0) await io.write(help)
      else io.warn(help.trimEnd())
      return argv.length > 0 ? DONE : WRONG_USE
    }
    const command = COMMANDS.find(entry => entry.name === name)
    if (!command) {
      const names = COMMANDS.map(entry => entry.name)
      const near = didYouMean(name, names)
      name = ''
      throw new InputError(
        'command',
        `There is no command "${shorten(argv[at]!)}"; expected ${names.slice(0, -1).join(', ')} or ${names.at(-1)}.${near}`,
        {
          ja: `「${shorten(argv[at]!)}」というコマンドはありません。${names.join('、')} のいずれかを指定してください。${didYouMeanInJapanese(argv[at]!, names)}`,
        },
      )
    }
    const { runCommand } = await import('./command.js')
    const rest = [...argv.slice(0, at), ...argv.slice(at + 1)]
    spec = await command.load()
    return await runCommand(spec, rest, io)
  } catch (error) {
    return report(workingFolderError(error) ?? memoryError(error) ?? error, name, spec, io)
  }
}

/** The flag that reads a file whose encoding was not recognised. */
function encodingHint(error: OndoError, io: Io): string {
  const [best] = ('encodings' in error && (error.encodings as readonly string[])) || []
  const flag = best === undefined ? '--tokenizer byte' : `--encoding ${best}`
  return `${io.t({ en: 'try', ja: '例' })}: ${flag}`
}

function report(error: unknown, name: string, spec: CommandSpec | undefined, io: Io): number {
  // What an aborted command throws is no news: `main` says why stdout failed.
  const known = error instanceof FileError || error instanceof TrainingError
  if (io.closed && !known) return io.interruptedCode
  const en = sentenceOf(error, waysOf(spec))
  const sentence = io.t({ en, ja: sentenceInJapanese(error, spec) ?? en })
  if (error instanceof InputError || error instanceof FileError || error instanceof TrainingError) {
    io.error(sentence)
    if (error.code === 'encoding-unrecognised')
      io.warn(io.stderrColors.dim(encodingHint(error, io)))
    if (!(error instanceof InputError)) return FAILED
    if (error.code === 'option' || error.code === 'argument' || error.code === 'command') {
      io.warn(
        io.stderrColors.dim(
          `${io.t({ en: 'see', ja: '参照' })}: ondo ${name ? `${name} ` : ''}--help`,
        ),
      )
    }
    return WRONG_USE
  }
  if (io.interrupted) return io.interruptedCode
  // Not foreseen: say all there is to say.
  io.error(sentence)
  const stack = error instanceof Error && !(error instanceof OndoError) ? error.stack : undefined
  if (stack && process.env.ONDO_DEBUG) io.warn(stack)
  else
    io.warn(
      io.stderrColors.dim(
        io.t({
          en: 'This is a fault of Ondo; ONDO_DEBUG=1 shows where it happened.',
          ja: 'Ondoの不具合です。ONDO_DEBUG=1を付けて実行すると発生箇所を表示します。',
        }),
      ),
    )
  return FAILED
}
