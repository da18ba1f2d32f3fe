import type { Diagnosis, Health } from '../contracts/observation.ts';
import type { Facts } from './facts.ts';

/** One row of the truth table: the first row whose `when` holds gives the diagnosis. */
export type Row = {
  readonly diagnosis: Diagnosis;
  readonly health: Health;
  readonly when: (facts: Facts) => boolean;
  /** What was seen, for the person who reads the page at night. */
  readonly because: (facts: Facts) => readonly string[];
};

const isFresh = ({ canary }: Facts) => canary.state === 'fresh';
const isStale = ({ canary }: Facts) => canary.state === 'stale';
const isBeating = ({ heartbeat }: Facts) => heartbeat.state === 'alive';
const sentences = (...facts: readonly { readonly because: string }[]) => facts.map(({ because }) => because);

const somethingElseIsDead = ({ airflow, environment, containers }: Facts) =>
  [airflow, environment, containers].some(({ state }) => state === 'dead');

/**
 * The page that describes each row is the architecture, section 4. A planned state that was seen counts as `planned`
 * while the environment cannot be read, so ENV_DOWN without a reading of it needs that none is remembered. What these
 * rows call `down` right after a planned state or a creation is UNCLEAR: judge.ts says so while the site settles.
 */
export const truthTable: readonly Row[] = [
  {
    diagnosis: 'OBSERVER_FAULT',
    health: 'unknown',
    when: ({ observer }) => observer.fault,
    because: ({ observer }) => sentences(observer),
  },
  {
    diagnosis: 'ENV_GONE',
    health: 'unknown',
    when: ({ environment }) => environment.state === 'gone',
    because: ({ environment }) => sentences(environment),
  },
  {
    diagnosis: 'PLANNED',
    health: 'unknown',
    when: ({ environment }) => environment.state === 'planned' && !environment.overdue,
    because: ({ environment }) => sentences(environment),
  },
  {
    diagnosis: 'PLANNED_OVERDUE',
    health: 'unknown',
    when: (facts) => facts.environment.state === 'planned' && facts.environment.overdue && !isFresh(facts),
    because: ({ environment, canary }) => sentences(environment, canary),
  },
  {
    diagnosis: 'WEB_SERVER_DOWN',
    health: 'degraded',
    when: (facts) =>
      isFresh(facts) && isBeating(facts) && (facts.airflow.state === 'dead' || facts.airflow.state === 'unreachable'),
    because: ({ airflow, canary, heartbeat }) => sentences(airflow, canary, heartbeat),
  },
  {
    diagnosis: 'HEALTHY',
    health: 'healthy',
    when: (facts) => isFresh(facts) && isBeating(facts),
    because: ({ canary, heartbeat }) => sentences(canary, heartbeat),
  },
  {
    diagnosis: 'METRICS_PIPELINE',
    health: 'healthy',
    when: (facts) => isFresh(facts) && (facts.heartbeat.state === 'dead' || facts.heartbeat.state === 'empty'),
    because: ({ canary, heartbeat }) => [
      ...sentences(heartbeat, canary),
      'work is being done: only metrics are missing',
    ],
  },
  {
    diagnosis: 'WORKERS_STUCK',
    health: 'degraded',
    when: (facts) => isStale(facts) && isBeating(facts),
    because: ({ canary, heartbeat }) => sentences(canary, heartbeat),
  },
  {
    diagnosis: 'ENV_DOWN',
    health: 'down',
    when: (facts) =>
      isStale(facts) &&
      facts.region.state === 'alive' &&
      ((facts.heartbeat.state === 'dead' && somethingElseIsDead(facts)) ||
        (facts.heartbeat.state === 'empty' && facts.environment.state === 'dead')),
    because: ({ heartbeat, canary, region, airflow, environment, containers }) => [
      ...sentences(heartbeat, canary),
      ...sentences(...[airflow, environment, containers].filter(({ state }) => state === 'dead')),
      region.because,
    ],
  },
  {
    diagnosis: 'REGION_UNREACHABLE',
    health: 'down',
    when: (facts) => isStale(facts) && facts.cutOff.length >= 2 && facts.reached.length === 0,
    because: ({ canary, region, heartbeat, cutOff }) => [
      `nothing in the site's Region can be reached from ${cutOff.join(' and ')}`,
      ...sentences(region, heartbeat, canary),
    ],
  },
  {
    diagnosis: 'PARTITION_SUSPECTED',
    health: 'unknown',
    when: (facts) => isStale(facts) && facts.cutOff.length >= 1,
    because: ({ canary, region, cutOff, vantages }) => [
      `nothing in the site's Region can be reached from ${cutOff.join(' and ')}, and no second vantage confirms it ` +
        `(${vantages.length === 1 ? 'only one counts' : `${vantages.join(', ')} count`})`,
      ...sentences(region, canary),
    ],
  },
  {
    diagnosis: 'UNCLEAR',
    health: 'unknown',
    when: () => true,
    because: ({ canary, heartbeat, environment, airflow, containers, region, observer }) => [
      'what was seen fits no diagnosis',
      ...sentences(canary, heartbeat, environment, airflow, containers, region, observer),
    ],
  },
];
