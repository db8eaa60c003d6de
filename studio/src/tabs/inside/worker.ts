import { StateReader } from './state-reader.js'

const reader = new StateReader((message, transfer = []) => postMessage(message, { transfer }))
addEventListener('message', event => reader.handle(event.data))
