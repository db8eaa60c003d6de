import { Insider } from './insider.js'

const insider = new Insider((message, transfer = []) => postMessage(message, { transfer }))
addEventListener('message', event => insider.handle(event.data))
