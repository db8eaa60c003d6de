/** Telemetry could not be turned off, so the library was not loaded. */
export class TelemetryError extends Error {}

/**
 * Loads the module `onnxruntime-node` with its telemetry turned off.
 * @throws TelemetryError when it can't be turned off from this thread
 */
export function loadOnnxRuntime(): Promise<typeof import('onnxruntime-node')>
