import { Importer } from './importer.js'
import type { ToImporter } from './protocol.js'

const importer = new Importer((message, moved = []) =>
  self.postMessage(message, { transfer: moved }),
)
self.addEventListener('message', ({ data }: MessageEvent<ToImporter>) => importer.handle(data))
