/** Telemetry could not be turned off, so the library was not loaded. */
export class TelemetryError extends Error {}

/**
 * The module `onnxruntime-node`, its telemetry off.
 * @throws TelemetryError when it can't be turned off from this thread
 */
export function loadOnnxRuntime(): Promise<typeof import('onnxruntime-node')>
