import type { Side } from '../contracts/ids.ts';
import type { Observation, Signal } from '../contracts/observation.ts';

/** Looks at one signal of one site. Never throws: why it could not look is an outcome like any other. */
export interface Probe {
  readonly signal: Signal;
  look(site: Side, now: Date): Promise<Observation>;
}

/** The small probe function of another Region. Never throws: a vantage that does not answer has no observations. */
export interface Vantage {
  readonly region: string;
  look(site: Side, now: Date): Promise<Observation[]>;
}
