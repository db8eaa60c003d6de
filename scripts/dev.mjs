// The studio with hot reload, with the headers that the real server sends.
//
//   npm run dev [-- --port 5173]
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

const root = fileURLToPath(new URL('../studio', import.meta.url))
const at = process.argv.indexOf('--port')
const port = at > 0 ? Number(process.argv[at + 1]) : 5173

const server = await createServer({
  root,
  configFile: `${root}/vite.config.ts`,
  server: {
    host: '127.0.0.1',
    port,
    // Without these there is no SharedArrayBuffer, and training in the page has one thread.
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
})
await server.listen()
server.printUrls()
server.bindCLIShortcuts({ print: false })
