/** From a prompt to text. */

export { TimeSlices, yieldToEventLoop } from '../event-loop.js'
export {
  type GenerateOptions,
  generate,
  generateText,
  networkOf,
  promptIds,
} from './generate.js'
export { nextPassageTemperature, type Passage, writePassage } from './next-text.js'
export { openWriter, type PrefillOptions, prefillInSlices, readPromptInSlices } from './prefill.js'
export { decodeRun, encodeRun, looksLikeCode } from './run/code.js'
export { optionsOf, type Run, type RunHeader, runHeader, scheduleOf } from './run/header.js'
export {
  type Difference,
  type RunRecord,
  readRun,
  recordRun,
  type StepJson,
  verifyRun,
  writeRun,
} from './run/record.js'
export {
  type ChangedSymbol,
  type LoopExit,
  leaveLoop,
  nextTemperature,
  type SeedText,
  SeedTexts,
  type SeedTextsOptions,
  type TemperatureChange,
} from './seed-texts.js'
export { StateCache, type StateCacheOptions, type StateStore } from './state-cache.js'
export { type Step, StopGate, type StopReason } from './stop.js'
export { bytesOfSteps, TextBytes } from './text-bytes.js'

export {
  type Alternative,
  type Branch,
  type BranchLink,
  BranchTree,
  type Fork,
  type Segment,
  type TreePosition,
} from './tree/branch.js'
export { type BranchFile, loadTree, saveTree, type TreeFile } from './tree/file.js'
export type { BranchSettings, SettingsChange } from './tree/settings.js'
export { createTree, Tree, type TreeOptions } from './tree/tree.js'
export { findDifference, type RecordedText } from './verify.js'
export {
  type ResumePoint,
  type Snapshot,
  type SymbolRecord,
  startIds,
  Writer,
  type WriterOptions,
} from './writer.js'
