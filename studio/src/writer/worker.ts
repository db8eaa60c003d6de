import { Scribe } from './text-writer.js'

const scribe = new Scribe((message, transfer = []) => postMessage(message, { transfer }))
addEventListener('message', event => scribe.handle(event.data))
