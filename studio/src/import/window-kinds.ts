import type { Foreign } from '../writer/protocol.js'

/** Systems whose models are mostly trained on windows, whether their files say so or not. */
const KINDS = ['keras', 'tfjs']

export const mayHaveWindow = ({ kind, trainedWindow }: Foreign): boolean =>
  trainedWindow !== undefined || KINDS.includes(kind)
