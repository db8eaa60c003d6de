/** What temperature does to logits, and the draw. */

export { formatNumber, type Knob, readKnob } from '../knob.js'
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
  hasState,
  type Schedule,
  type ScheduleInput,
  startSchedule,
  type TemperatureAt,
} from './schedule/schedule.js'
export { SurpriseReach } from './schedule/surprise-reach.js'
export { formatSchedule, parseSchedule, readTemperature } from './schedule/syntax.js'
export { CONTEXT_TAIL, HEAT_TEMPERATURES, LENGTH, SEED, TEMPERATURE } from './settings.js'
