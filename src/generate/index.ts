/** From a prompt to text: generation, stop strings, runs, branches, and all texts of a seed. */

// Text: write it symbol by symbol, or as a whole.

export {
  type GenerateOptions,
  generate,
  generateText,
  networkOf,
  promptIds,
} from './generate.js'
export {
  idsToRead,
  type ResumePoint,
  type Snapshot,
  type SymbolRecord,
  Writer,
  type WriterOptions,
} from './writer.js'

// Long prompts and texts: read in slices, with network states along the text.

export { TimeSlices, yieldToEventLoop } from '../event-loop.js'
export { openWriter, type PrefillOptions, prefillInSlices, readPromptInSlices } from './prefill.js'
export { StateCache, type StateCacheOptions, type StateStore } from './state-cache.js'

// Steps: where a text ends at a stop string, and the bytes of a byte model.

export { type Step, StopGate, type StopReason } from './stop.js'
export { bytesOfSteps, TextBytes } from './text-bytes.js'

// Runs: everything that a text depends on, as data, as a file and as a short code.

export { decodeRun, encodeRun, looksLikeCode } from './run/code.js'
export { optionsOf, type Run, type RunHeader, runHeader, scheduleOf } from './run/header.js'
export { type RunRecord, readRun, recordRun, type StepJson, writeRun } from './run/record.js'
export { type Difference, findDifference, type RecordedText, verifyRun } from './verify.js'

// Trees: texts that branch at a choice or at a change of settings.

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

// Texts of one seed: the next text as the temperature moves, and the way out of a loop.

export { nextPassageTemperature, type Passage, writePassage } from './next-text.js'
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
