/**
 * The only place that loads ONNX Runtime's native library, and turns its telemetry off before it does.
 * Plain JavaScript, so that a thread can load it from the sources as from a build.
 *
 * Its official builds for Linux and macOS write a device id and events below HOME and send them to a
 * host of their maker, unless ORT_DISABLE_TELEMETRY is 1 in the environment of the *process* when the
 * library is loaded (docs/Privacy.md of ONNX Runtime 1.30). Another value, such as 0, leaves it on.
 */
import { isMainThread } from 'node:worker_threads'

const VARIABLE = 'ORT_DISABLE_TELEMETRY'

/** How long the main thread may take to answer a worker, ms. */
const PATIENCE = 30_000

/** The environment as it was found: a test may put a copy in its place, which native code never sees. */
const environment = process.env

/** Sets the variable on the main thread. @returns whether native code sees it, too */
function setHere() {
  // The environment of a process turns a number into a string; a copy that was put there keeps it.
  environment[VARIABLE] = 1
  return environment[VARIABLE] === '1'
}

/** The debugger's door from a worker to the main thread; undefined where Node was built without it. */
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

/** Sets the variable from a worker. @returns whether the main thread says that it is set */
async function setThere(session) {
  let timer
  // The timer also keeps the thread alive while it waits.
  const tooLong = new Promise(resolve => {
    timer = setTimeout(resolve, PATIENCE)
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
 * does not see, so a worker lets the main thread set the variable.
 * @returns {Promise<boolean>} whether it is off
 */
async function turnTelemetryOff() {
  if (isMainThread) return setHere()
  const session = await openInspector()
  // Without an inspector a worker can only believe what the thread that started it handed down.
  return session ? setThere(session) : environment[VARIABLE] === '1'
}

/** Telemetry could not be turned off, so the library was not loaded. */
export class TelemetryError extends Error {}

/**
 * The module `onnxruntime-node`, its telemetry off.
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
