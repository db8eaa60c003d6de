/**
 * Loads ONNX Runtime's native library, after turning its telemetry off. No other file may load it.
 * Plain JavaScript, so that a thread can load it from the sources and from a build.
 *
 * Its official builds for Linux and macOS write a device id and events below HOME and send them to a
 * host of their maker, unless ORT_DISABLE_TELEMETRY is 1 in the environment of the *process* when the
 * library is loaded (docs/Privacy.md of ONNX Runtime 1.30). Another value, such as 0, leaves it on.
 */
import { isMainThread } from 'node:worker_threads'

const VARIABLE = 'ORT_DISABLE_TELEMETRY'

/** Longest wait for an answer of the main thread to a worker, ms. */
const MAIN_THREAD_TIMEOUT = 30_000

/** The environment at start. A test may replace it by a copy, which native code does not see. */
const environment = process.env

/** Sets the variable on the main thread. @returns whether native code sees it too */
function setHere() {
  // The real environment turns a number into a string; a copy keeps the number.
  environment[VARIABLE] = 1
  return environment[VARIABLE] === '1'
}

/** An inspector session from a worker to the main thread; undefined when Node was built without it. */
async function openInspector() {
  try {
    const { Session } = await import('node:inspector/promises')
    const session = new Session()
    session.connectToMainThread()
    return session
  } catch {
    return undefined
  }
}

/** Sets the variable from a worker. @returns whether the main thread confirms it */
async function setThere(session) {
  let timer
  // The timer also keeps the thread alive while it waits.
  const tooLong = new Promise(resolve => {
    timer = setTimeout(resolve, MAIN_THREAD_TIMEOUT)
  })
  const expression = `process.env.${VARIABLE} = 1, process.env.${VARIABLE}`
  try {
    const answer = await Promise.race([session.post('Runtime.evaluate', { expression }), tooLong])
    return answer?.result.value === '1'
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    session.disconnect()
  }
}

/**
 * Turns the telemetry off for the whole process. A worker's `process.env` is a copy that native code
 * does not see, so a worker has the main thread set the variable.
 * @returns {Promise<boolean>} whether it is off
 */
async function turnTelemetryOff() {
  if (isMainThread) return setHere()
  const session = await openInspector()
  // Without an inspector, a worker can only rely on the copy that it got from its parent thread.
  return session ? setThere(session) : environment[VARIABLE] === '1'
}

/** Telemetry could not be turned off, so the library was not loaded. */
export class TelemetryError extends Error {}

/**
 * Loads the module `onnxruntime-node` with its telemetry turned off.
 * @throws TelemetryError when it can't be turned off from this thread
 */
export async function loadOnnxRuntime() {
  if (!(await turnTelemetryOff())) {
    throw new TelemetryError(
      `ONNX Runtime was not loaded, because its telemetry can't be turned off from this thread: set ${VARIABLE}=1 in the environment before Node starts.`,
    )
  }
  return import('onnxruntime-node')
}
