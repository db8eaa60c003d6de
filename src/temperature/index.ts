/** The heart: what temperature does to logits, and the draw. */
export {
  type Candidate,
  type Candidates,
  checkTemperature,
  Distribution,
  type Draw,
  type Tempered,
} from './distribution.js'
export { LENGTH, SEED, TEMPERATURE } from './settings.js'
