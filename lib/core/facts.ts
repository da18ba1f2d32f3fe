import type { Side } from '../contracts/ids.ts';
import type { Observation, Outcome, Signal, Verdict } from '../contracts/observation.ts';
import type { Timing } from '../contracts/timing.ts';
import { type Canary, judgeCanary } from './canary.ts';
import { completePeriods, containerSeries, heartbeatSeries, type Series, type SeriesState } from './periods.ts';
import { lastChange, plannedSince, rememberedPlan, settling } from './planned.ts';
import { ageSeconds, spoken } from './time.ts';

/** What is known of one signal over all vantages that count, and the sentence that says why. */
export type Fact<State extends string> = { readonly state: State; readonly because: string };
export type SignalState = Exclude<Outcome, 'unreadable'> | 'unknown';

/** Everything the truth table looks at. */
export type Facts = {
  readonly observer: { readonly fault: boolean; readonly because: string };
  /** Regions whose observations count. */
  readonly vantages: readonly string[];
  readonly environment: Fact<SignalState> & { readonly overdue: boolean };
  /** Why silence may still be that of a planned change; null when none has just ended. */
  readonly settling: string | null;
  readonly canary: Canary;
  readonly heartbeat: Fact<SeriesState | 'unreachable'>;
  readonly containers: Fact<SeriesState | SignalState>;
  readonly airflow: Fact<SignalState>;
  readonly region: Fact<SignalState>;
  /** Vantages from which heartbeat, environment, all of region, and airflow are unreachable. */
  readonly cutOff: readonly string[];
  /** Vantages that got an answer from any of these. */
  readonly reached: readonly string[];
};

/** What one site is judged by. `observations` are those of all vantages at this tick, vantage = Region. */
export type JudgeInput = {
  readonly site: Side;
  readonly observations: readonly Observation[];
  readonly previous: Verdict | null;
  readonly controllerRegion: string;
  readonly siteRegion: string;
  readonly webServerAccess: 'PUBLIC_ONLY' | 'PUBLIC_AND_PRIVATE' | 'PRIVATE_ONLY';
  /** When the site got the grant; null when it does not hold it. */
  readonly grantSince: Date | null;
  readonly grantEpoch: number;
  readonly timing: Timing;
  /** After the probes have answered: ages are measured from here. */
  readonly now: Date;
  readonly tickAt: string;
};

/** Derives the facts of a site from what was observed. */
export function factsOf(input: JudgeInput): Facts {
  const mine = input.observations.filter(({ site }) => site === input.site).map(withAllServices);
  const observer = judgeObserver(mine, input);
  const counting = mine.filter(({ vantage }) => observer.vantages.includes(vantage));
  const of = (signal: Signal) => counting.filter((observation) => observation.signal === signal);
  const privateWebServer = input.webServerAccess === 'PRIVATE_ONLY';
  const remembered = input.previous?.observations ?? [];
  return {
    observer,
    vantages: observer.vantages,
    environment: judgeEnvironment(of('environment'), remembered, input),
    settling: settling(lastChange(of('environment'), remembered, input.now), input.timing, input.now),
    canary: judgeCanary({ ...input, seen: of('canary'), remembered }),
    heartbeat: judgeSeries(of('heartbeat'), input, heartbeatSeries),
    containers: judgeContainers(of('containers'), input),
    airflow: privateWebServer
      ? { state: 'unknown', because: 'airflow left out: the web server is private' }
      : combine('airflow', of('airflow')),
    region: combine('region', of('region')),
    ...judgeReach(counting, observer.vantages, privateWebServer),
  };
}

/** The outcome of `region` is recomputed from its services: only when all of them are unreachable, the Region is. */
function withAllServices(observation: Observation): Observation {
  const services = Object.values(observation.evidence.services ?? {});
  if (observation.signal !== 'region' || observation.outcome === 'unreadable' || services.length === 0) {
    return observation;
  }
  if (services.includes('alive')) return { ...observation, outcome: 'alive' };
  const outcome = services.every((service) => service === 'unreachable') ? 'unreachable' : 'unreadable';
  return { ...observation, outcome };
}

/**
 * Which vantages count: those outside the site's own Region (they would go down with it) whose own checks are alive
 * (otherwise they see their own trouble).
 */
function judgeObserver(mine: readonly Observation[], { controllerRegion, siteRegion }: JudgeInput) {
  const selfOf = (vantage: string) => mine.filter((one) => one.signal === 'self' && one.vantage === vantage);
  const isWell = (vantage: string) => {
    const self = selfOf(vantage).filter(({ outcome }) => outcome !== 'unreadable');
    return self.length > 0 && self.every(({ outcome }) => outcome === 'alive');
  };
  const seen = [...new Set(mine.map(({ vantage }) => vantage))];
  const vantages = seen.filter((vantage) => vantage !== siteRegion && isWell(vantage));
  if (!isWell(controllerRegion)) {
    const cause = selfOf(controllerRegion).find(({ outcome }) => outcome !== 'alive')?.cause ?? 'no check of its own';
    const because = `the controller cannot trust its own eyes in ${controllerRegion}: ${cause}`;
    return { fault: true, vantages, because };
  }
  if (vantages.length === 0) {
    const because =
      `no vantage is left that counts: ${seen.join(', ')} looked, ` +
      "but the site's own Region and vantages that are not well themselves do not count";
    return { fault: true, vantages, because };
  }
  return { fault: false, vantages, because: `seen from ${vantages.join(' and ')}` };
}

/** Which reading wins where vantages differ: the one that speaks most against calling the site lost. */
const precedence: readonly SignalState[] = ['gone', 'planned', 'alive', 'dead', 'unreachable'];

function combine(signal: Signal, seen: readonly Observation[]): Fact<SignalState> {
  for (const state of precedence) {
    const witness = seen.find(({ outcome }) => outcome === state);
    if (witness) return { state, because: `${signal} ${state}: ${witness.cause} (from ${witness.vantage})` };
  }
  return { state: 'unknown', because: `${signal} unreadable: ${seen[0]?.cause ?? 'no vantage that counts looked'}` };
}

/** Periods that were read decide, whatever word the probe has for them: only what could not be read has none. */
function judgeSeries(
  seen: readonly Observation[],
  { timing, now }: JudgeInput,
  assess: (periods: ReturnType<typeof completePeriods>, timing: Timing) => Series,
): Facts['heartbeat'] {
  const readings = seen.flatMap(({ evidence }) => (evidence.periods === undefined ? [] : [evidence.periods]));
  if (readings.length > 0) return assess(completePeriods(readings, timing, now), timing);
  const away = seen.find(({ outcome }) => outcome === 'unreachable');
  if (away) return { state: 'unreachable', because: `metrics unreachable: ${away.cause} (from ${away.vantage})` };
  return { state: 'unknown', because: `metrics unreadable: ${seen[0]?.cause ?? 'no vantage that counts looked'}` };
}

/** Containers are judged by their periods where the probe gives them, and by its own word where it does not. */
const judgeContainers = (seen: readonly Observation[], input: JudgeInput): Facts['containers'] =>
  seen.some(({ evidence }) => evidence.periods !== undefined)
    ? judgeSeries(seen, input, containerSeries)
    : combine('containers', seen);

function judgeEnvironment(
  seen: readonly Observation[],
  remembered: readonly Observation[],
  { timing, now }: JudgeInput,
): Facts['environment'] {
  const fact = combine('environment', seen);
  if (fact.state === 'unknown' || fact.state === 'unreachable') {
    return { ...(asRemembered(fact, remembered, timing, now) ?? fact), overdue: false };
  }
  if (fact.state !== 'planned') return { ...fact, overdue: false };
  const plan = seen.find(({ outcome }) => outcome === 'planned');
  const since = plan === undefined ? now.toISOString() : plannedSince(plan, remembered);
  const lasted = ageSeconds(since, now);
  return {
    state: 'planned',
    overdue: lasted > timing.plannedMaxSeconds,
    because:
      `environment ${plan?.evidence.status ?? 'in a planned state'} for ${spoken(lasted)}, ` +
      `believed for at most ${spoken(timing.plannedMaxSeconds)}`,
  };
}

/** A planned state does not end because nobody could look: it is believed for as long as one that is seen. */
function asRemembered(
  { because }: Fact<SignalState>,
  remembered: readonly Observation[],
  timing: Timing,
  now: Date,
): Fact<SignalState> | null {
  const plan = rememberedPlan(remembered, timing, now);
  if (plan === null) return null;
  const status = plan.evidence.status ?? 'in a planned state';
  const lasted = spoken(ageSeconds(plannedSince(plan, remembered), now));
  return { state: 'planned', because: `environment ${status} for ${lasted}, as remembered, because now: ${because}` };
}

function judgeReach(counting: readonly Observation[], vantages: readonly string[], privateWebServer: boolean) {
  const paths: Signal[] = ['heartbeat', 'environment', 'region', ...(privateWebServer ? [] : (['airflow'] as const))];
  const from = (vantage: string, signal: Signal) =>
    counting.filter((one) => one.vantage === vantage && one.signal === signal);
  const isAway = (vantage: string, signal: Signal) => {
    const seen = from(vantage, signal);
    return seen.length > 0 && seen.every(({ outcome }) => outcome === 'unreachable');
  };
  const answered = ({ outcome, evidence }: Observation) =>
    evidence.periods !== undefined || (outcome !== 'unreachable' && outcome !== 'unreadable');
  return {
    cutOff: vantages.filter((vantage) => paths.every((signal) => isAway(vantage, signal))),
    reached: vantages.filter((vantage) => paths.some((signal) => from(vantage, signal).some(answered))),
  };
}
