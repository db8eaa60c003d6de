/** `ondo replay`: the text of a saved run, or of a code, written again. */
import { generate, optionsOf, promptIds, runHeader } from '../../generate/index.js'
import { writableStops } from '../../text/index.js'
import { modelOfRun, openRun, RUN_ARGUMENT } from '../inputs/open-run.js'
import type { CommandSpec } from '../spec.js'
import { BufferedOutput, DONE, type Io, jsonLine } from '../terminal/io.js'
import { promptProgress } from '../terminal/progress-line.js'
import { TextOutput } from '../terminal/text-output.js'

interface ReplayOptions {
  readonly echo: boolean
  readonly json?: boolean
}

async function run(io: Io, [name, modelName]: readonly unknown[], given: object): Promise<number> {
  const { echo, json } = given as ReplayOptions
  const named = await openRun(name)
  const model = await modelOfRun(named, modelName, io)
  const { record } = named
  const { prompt, unknown, temperature } = named.run
  const options = {
    ...optionsOf(named.run),
    stop: writableStops(named.run.stop, model.tokenizer),
    ...(record?.stop === 'interrupted' && { length: record.ids.length }),
  }
  const shown = echo && prompt.trim() !== ''
  const onPrompt = promptProgress(io)
  if (json) {
    const ids = promptIds(model, prompt, unknown)
    const header = runHeader(model, { ...options, prompt, ids, temperature })
    await io.write(jsonLine({ type: 'run', ...header }))
  }
  const lines = new BufferedOutput(io)
  const output = json ? undefined : new TextOutput(io, model)
  output?.begin(shown ? prompt : '')
  for await (const step of generate(model, { ...options, signal: io.interrupt, onPrompt })) {
    if (output) await output.push(step)
    else await lines.push(jsonLine({ type: 'step', ...step }))
  }
  await lines.flush()
  await output?.end()
  await output?.endLine(true)
  return io.interrupted ? io.interruptedCode : DONE
}

export const replay: CommandSpec = {
  name: 'replay',
  arguments: RUN_ARGUMENT,
  about: {
    en: 'Writes the text of a run again, character by character the same. RUN is a file of `ondo sample --save`, a code of `ondo sample --code`, or - for a file on standard input. The model is found by its hash among those bundled and where the run was made; any other must be named.',
    ja: '保存した文章を、一字も違えず書き直します。RUNは `ondo sample --save` のファイル、`ondo sample --code` のコード、または標準入力を表す「-」。モデルは付属モデルと元の場所からハッシュで探します。ほかの場所にあるときは名前を添えてください。',
  },
  examples: [
    ['ondo sample --save run.json', { en: 'save a run', ja: '実行を保存' }],
    ['ondo replay run.json', { en: 'write it again', ja: 'もう一度書く' }],
    ['ondo replay run.json runs/book', { en: 'its model is here', ja: 'モデルの場所を示す' }],
    [
      'ondo replay "$(ondo sample --code 2>&1 >/dev/null)"',
      { en: 'a code is all that it takes', ja: 'コードだけで足りる' },
    ],
  ],
  flags: [
    {
      flags: '--no-echo',
      about: { en: 'leave the prompt out of the output', ja: '書き出しを出力に含めない' },
    },
    {
      flags: '--json',
      about: {
        en: 'JSON lines: the run, then every step with its odds',
        ja: 'JSON Lines。実行の設定、各文字とその確率の順',
      },
    },
  ],
  run,
}
