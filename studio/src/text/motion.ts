/** How often the text grows, for readers who want less motion. */
import type { ToWorker } from '../writer/protocol.js'

/** The shortest time between two batches, ms: a frame, or a second. */
const FRAME = 16
const CALM = 1000

/** Tells the worker what the reader's system asks for, now and when it changes. */
export function followMotionPreference(send: (message: ToWorker) => void): void {
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  const tell = () => send({ type: 'calm', value: calm.matches ? CALM : FRAME })
  calm.addEventListener('change', tell)
  tell()
}
