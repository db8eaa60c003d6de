/** The heart: what temperature does to logits, and the draw. */

export { type Knob, readKnob } from '../knob.js'
export {
  Chain,
  Chained,
  type ChainedDraw,
  type ChainStep,
  createChain,
  LINKS,
  type LinkInput,
  type LinkKind,
  type LinkName,
  type LinkReport,
  type LinkSpec,
  parseChain,
  type Symbols,
  type SymbolsKnob,
  writeChain,
  writeLink,
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
  type Moment,
  parseSchedule,
  readTemperature,
  remembers,
  type Schedule,
  start as startSchedule,
  type TemperatureAt,
  writeSchedule,
} from './schedule/schedule.js'
export { SurpriseReach } from './schedule/surprise-reach.js'
export { CONTEXT_TAIL, HEAT_TEMPERATURES, LENGTH, SEED, TEMPERATURE } from './settings.js'
