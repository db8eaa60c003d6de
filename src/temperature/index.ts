/** The heart: what temperature does to logits, and the draw. */

export { type Knob, readKnob } from '../knob.js'
export {
  Chain,
  Chained,
  type ChainedDraw,
  createChain,
  formatChain,
  formatSampler,
  parseChain,
  SAMPLERS,
  type SamplerContext,
  type SamplerInput,
  type SamplerKind,
  type SamplerName,
  type SamplerReport,
  type SamplerSpec,
  type Symbols,
  type SymbolsKnob,
} from './chain/index.js'
export {
  type Candidate,
  type Candidates,
  checkTemperature,
  Distribution,
  type Draw,
  type Tempered,
} from './distribution.js'
export { nextDouble, previousDouble } from './interval/doubles.js'
export {
  type Interval,
  inside,
  intersect,
  intervalOf,
  lastTemperature,
  narrow,
} from './interval/interval.js'
export { checkSchedule, scheduleJson } from './schedule/json.js'
export {
  formatSchedule,
  parseSchedule,
  readTemperature,
  remembers,
  type Schedule,
  type ScheduleInput,
  start as startSchedule,
  type TemperatureAt,
} from './schedule/schedule.js'
export { SurpriseReach } from './schedule/surprise-reach.js'
export { CONTEXT_TAIL, HEAT_TEMPERATURES, LENGTH, SEED, TEMPERATURE } from './settings.js'
