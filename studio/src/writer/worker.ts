import { TextWriter } from './text-writer.js'

const writer = new TextWriter((message, transfer = []) => postMessage(message, { transfer }))
addEventListener('message', event => writer.handle(event.data))
