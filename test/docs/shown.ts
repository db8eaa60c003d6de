/**
 * What a page shows of its commands and programs. The tests compare it with what they really print;
 * scripts/record.ts writes it anew. Both read a page, and run what they find there, with this file.
 */
import * as generate from '../../src/generate/index.js'
import * as measure from '../../src/measure/index.js'
import * as ml5 from '../../src/ml5/index.js'
import * as model from '../../src/model/index.js'
import * as main from '../../src/node/index.js'
import * as temperature from '../../src/temperature/index.js'
import * as text from '../../src/text/index.js'
import * as train from '../../src/train/index.js'
import { ondo } from '../support/command.js'

/** A stretch of a page. */
export interface Span {
  readonly start: number
  readonly text: string
}

export interface Block extends Span {
  /** What stands behind the opening fence. */
  readonly language: string
}

/** A program that promises what it prints: `console.log(…) // what`, line by line. */
export interface Program extends Block {
  readonly promised: readonly Span[]
}

/** A command with what it prints under it: `$ npx ondo …` or `$ ondo …`, in a block. */
export interface Command {
  /** What follows `$ `. */
  readonly line: Span
  /** Its words after `ondo`, as a shell reads them. */
  readonly args: readonly string[]
  readonly output: Span
}

export interface Edit {
  readonly at: Span
  readonly text: string
}

/** The fenced blocks of a page, or those of one language. */
export function blocksOf(page: string, language?: string): Block[] {
  return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .map(({ index, 1: language, 2: text }) => ({
      language,
      start: index + 3 + language.length + 1,
      text,
    }))
    .filter(block => language === undefined || block.language === language)
}

export function programsOf(page: string): Program[] {
  return blocksOf(page).flatMap(block => {
    const promised = [...block.text.matchAll(/^(.*console\.log\(.*\) \/\/ )(.*)$/gm)].map(
      ({ index, 1: before, 2: text }) => ({ start: block.start + index + before.length, text }),
    )
    return block.language === 'js' && promised.length > 0 ? [{ ...block, promised }] : []
  })
}

/** A command's words, quoted as a shell reads them. */
export const words = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(m => m[1] ?? m[2] ?? m[3])

/** Commands without output under them show none. */
export function commandsOf(page: string): Command[] {
  return blocksOf(page).flatMap(({ start, text }) => {
    // A text may hold a dollar too: only these words make it a prompt.
    const prompts = [...text.matchAll(/^\$ ((?:npx ondo|ondo|npm) .*)\n/gm)]
    if (prompts[0]?.index !== 0) return []
    return prompts.flatMap(({ index, 0: whole, 1: line }, i) => {
      const from = index + whole.length
      const output = text.slice(from, prompts[i + 1]?.index ?? text.length).trimEnd()
      const [, rest] = /^(?:npx )?ondo (.*)$/.exec(line) ?? []
      if (rest === undefined || output === '') return []
      return [
        {
          line: { start: start + index + 2, text: line },
          args: words(rest),
          output: { start: start + from, text: output },
        },
      ]
    })
  })
}

/** The model of the pages on other people's models, and the file that it is made of, which the reader brings. */
const BROUGHT = ['lstm_100_model.json', 'startup.safetensors']

/** A command on a model that is not here: test/docs/startup.test.ts runs it where that model is. */
export const isBrought = ({ args }: Command): boolean => args.some(word => BROUGHT.includes(word))

/**
 * Training shows its time and takes a text that is not here: it is shown as it once went. So is what
 * needs a model that the reader brings.
 */
export const isFixed = (command: Command): boolean =>
  command.args[0] === 'train' || isBrought(command)

const SLOW = ['aim', 'sweep', 'calibrate', 'eval']

/** Half a minute or more: written anew by the recorder, and too slow to compare in every test. */
export const isSlow = ({ args }: Command): boolean => SLOW.includes(args[0])

/** What a program of the docs may import, by the name that it writes. */
const MODULES: Readonly<Record<string, object>> = {
  ondo: main,
  'ondo/generate': generate,
  'ondo/measure': measure,
  'ondo/ml5': ml5,
  'ondo/model': model,
  'ondo/node': main,
  'ondo/temperature': temperature,
  'ondo/text': text,
  'ondo/train': train,
}

/** What a program prints, a string a line. A name that its module does not export is undefined there. */
export async function printedBy(program: string): Promise<string[]> {
  const printed: string[] = []
  const print = { log: (...values: unknown[]) => printed.push(values.map(String).join(' ')) }
  const body = program.replace(
    /^import (\{.*?\}) from ('ondo(?:\/\w+)?')$/gms,
    'const $1 = modules[$2]',
  )
  const Program = Object.getPrototypeOf(async () => {}).constructor
  await new Program('modules', 'console', body)(MODULES, print)
  return printed
}

/** What a command prints: its output, then what it says beside it, unless that is its progress. */
export async function writtenBy(args: readonly string[], cwd?: string): Promise<string> {
  const { stdout, stderr } = await ondo(args, cwd === undefined ? {} : { cwd })
  if (SLOW.includes(args[0])) return stdout.trimEnd()
  // The command builds the library when a source is newer, and says so.
  const said = stderr.replace(/^(building|built) .*\n/gm, '')
  return [stdout.trimEnd(), said.trimEnd()].filter(text => text !== '').join('\n')
}

/** The page with stretches of it replaced. */
export function edited(page: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.at.start - a.at.start)
    .reduce(
      (text, { at, text: put }) =>
        text.slice(0, at.start) + put + text.slice(at.start + at.text.length),
      page,
    )
}
