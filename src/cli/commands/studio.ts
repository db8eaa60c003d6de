/** `ondo studio`: the page, served on this machine until Ctrl-C. */
import { PORT, serveStudio } from '../../node/serve.js'
import { type CommandSpec, flagOf } from '../spec.js'
import type { Io } from '../terminal/io.js'

interface StudioOptions {
  readonly port?: number
  readonly host?: string
  readonly open: boolean
}

/** Somebody sits before this machine's own screen: no build server, no session from elsewhere. */
function somebodyThere(): boolean {
  const { CI, SSH_CONNECTION, SSH_TTY } = process.env
  return !CI && !SSH_CONNECTION && !SSH_TTY
}

async function run(io: Io, _: readonly unknown[], given: object): Promise<number> {
  const options = given as StudioOptions
  const { interrupt } = io
  const port = options.port ?? PORT.default
  const served = await serveStudio({
    port,
    host: options.host,
    open: options.open && somebodyThere(),
    onError: error => io.warn(error instanceof Error ? (error.stack ?? error.message) : `${error}`),
  })
  if (served.port !== port && port !== 0) {
    io.info(
      io.t({
        en: `port ${port} is taken; this is ${served.port}`,
        ja: `ポート${port}は使用中のため、${served.port}を使います`,
      }),
    )
  }
  await io.write(`${served.url}\n`)
  io.info(io.stderrColors.dim(io.t({ en: 'Ctrl-C stops it', ja: 'Ctrl-Cで終了' })))
  await new Promise<void>(resolve => {
    if (interrupt.aborted) resolve()
    interrupt.addEventListener('abort', () => resolve(), { once: true })
  })
  await served.close()
  return io.interruptedCode
}

export const studio: CommandSpec = {
  name: 'studio',
  arguments: '',
  about: {
    en: 'Serves the studio, a web page on which a model writes while you change its temperature. Everything stays on this machine: the models run in the page. Programs can ask the same server for text at /completions.',
    ja: 'スタジオ（モデルに書かせながら温度を変えられるWebページ）を開きます。モデルはページの中で動き、データはこのマシンの外に送られません。プログラムからは同じサーバーの /completions で文章を得られます。',
  },
  examples: [
    ['ondo studio', { en: 'opens a browser', ja: 'ブラウザーを開く' }],
    [
      'ondo studio --port 8080 --no-open',
      { en: 'without a browser', ja: 'ブラウザーを開かずに待ち受ける' },
    ],
    ['ondo studio --host 0.0.0.0', { en: 'for the whole network', ja: 'ネットワーク全体に公開' }],
  ],
  flags: [
    flagOf(PORT),
    {
      flags: '--host <ADDRESS>',
      about: { en: 'address to listen on', ja: '待ち受けるアドレス' },
      default: '127.0.0.1',
    },
    { flags: '--no-open', about: { en: 'do not open a browser', ja: 'ブラウザーを開かない' } },
  ],
  run,
}
