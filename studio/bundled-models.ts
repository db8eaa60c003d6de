/**
 * Lays the repository's models beside the page, with a list of them. A list that is a file, not an
 * answer of a server, lets the page work from any static host.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { decodeModel, modelFileHash } from '../src/file/index.js'
import type { BundledModel } from './src/writer/protocol.js'

const LIST = 'models/index.json'
/** The page opens with the first; those not named here follow in the order of the alphabet. */
const FIRST = ['shakespeare', 'kokoro', 'names']
/** Beside the vite configuration: the small model that writes while the first one is on its way. */
const STARTER = fileURLToPath(new URL('./starter.safetensors', import.meta.url))

interface Found {
  readonly entry: BundledModel
  readonly bytes: Uint8Array
}

function rank(id: string): number {
  const at = FIRST.indexOf(id)
  return at < 0 ? FIRST.length : at
}

async function find(folder: string): Promise<Found[]> {
  if (!existsSync(folder)) return []
  const ids = readdirSync(folder)
    .filter(file => file.endsWith('.safetensors'))
    .map(file => file.slice(0, -'.safetensors'.length))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  const found = await Promise.all(ids.map(id => describe(id, join(folder, `${id}.safetensors`))))
  if (!ids.includes(FIRST[0])) return found
  const { entry, bytes } = await describe('starter', STARTER)
  return [...found, { entry: { ...entry, standsFor: FIRST[0] }, bytes }]
}

async function describe(id: string, path: string): Promise<Found> {
  const bytes = readFileSync(path)
  const model = await decodeModel(bytes)
  const { name = id, hash } = model
  const entry = {
    id,
    name,
    file: `${id}.safetensors`,
    bytes: bytes.length,
    hash,
    fileHash: await modelFileHash(model),
  }
  return { entry, bytes }
}

const listOf = (found: Found[]): string => JSON.stringify(found.map(({ entry }) => entry))

export function bundledModels(folder: string): Plugin {
  return {
    name: 'ondo-bundled-models',
    async generateBundle() {
      const found = await find(folder)
      this.emitFile({ type: 'asset', fileName: LIST, source: listOf(found) })
      for (const { entry, bytes } of found) {
        this.emitFile({ type: 'asset', fileName: `models/${entry.file}`, source: bytes })
      }
    },
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const path = request.url?.split('?')[0].slice(1)
        if (!path?.startsWith('models/')) return next()
        const found = await find(folder)
        if (path === LIST) return response.end(listOf(found))
        const model = found.find(({ entry }) => `models/${entry.file}` === path)
        if (!model) return next()
        response.setHeader('Content-Type', 'application/octet-stream')
        response.end(model.bytes)
      })
    },
  }
}
