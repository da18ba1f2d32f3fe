import { z } from 'zod';
import { Instant, Side } from './ids.ts';

export const Signal = z.enum(['heartbeat', 'containers', 'environment', 'airflow', 'canary', 'region', 'self']);
export type Signal = z.infer<typeof Signal>;

/**
 * `alive`; `dead`: the thing answered, or is certainly known, to be dead; `planned`: a state somebody asked for;
 * `gone`: the environment is being deleted or does not exist; `unreachable`: time-out, name resolution, refused, 5xx;
 * `unreadable`: access denied, throttled, bad request, our own resources. `unreadable` never counts for anything.
 */
export const Outcome = z.enum(['alive', 'dead', 'planned', 'gone', 'unreachable', 'unreadable']);
export type Outcome = z.infer<typeof Outcome>;

/** One complete CloudWatch period of a site. */
export const Period = z.object({
  start: Instant,
  heartbeats: z.number().nullable().describe('Sum of SchedulerHeartbeat; null when no sample exists.'),
  schedulerSamples: z.number().nullable().describe('AWS/MWAA samples of the scheduler container.'),
  otherSamples: z.number().describe('AWS/MWAA samples of anything else (database, workers) in the same period.'),
});
export type Period = z.infer<typeof Period>;

/** What one probe saw, or why it could not look. */
export const Observation = z.object({
  site: Side,
  signal: Signal,
  vantage: z.string().describe('Region from which the probe was run.'),
  outcome: Outcome,
  at: Instant,
  cause: z.string().describe('One sentence: what was seen or why nothing was.'),
  evidence: z
    .object({
      periods: z.array(Period).optional(),
      status: z.string().optional(),
      statusSince: Instant.optional(),
      endedAt: Instant.optional().describe('Of a remembered planned state: when it was first seen to be over.'),
      stampAt: Instant.optional(),
      stampEpoch: z.number().optional(),
      stampMode: z.string().optional(),
      ageSeconds: z.number().optional(),
      services: z.record(z.string(), Outcome).optional(),
      components: z.record(z.string(), z.string()).optional(),
    })
    .default({}),
});
export type Observation = z.infer<typeof Observation>;

export const Diagnosis = z.enum([
  'OBSERVER_FAULT',
  'ENV_GONE',
  'PLANNED',
  'PLANNED_OVERDUE',
  'WEB_SERVER_DOWN',
  'HEALTHY',
  'METRICS_PIPELINE',
  'WORKERS_STUCK',
  'ENV_DOWN',
  'REGION_UNREACHABLE',
  'PARTITION_SUSPECTED',
  'UNCLEAR',
]);
export type Diagnosis = z.infer<typeof Diagnosis>;

export const Health = z.enum(['healthy', 'degraded', 'down', 'unknown']);
export type Health = z.infer<typeof Health>;

/** Judgement of one site, with the readings it was made from. */
export const Verdict = z.object({
  site: Side,
  diagnosis: Diagnosis,
  health: Health,
  because: z.array(z.string()).min(1),
  judgedAt: Instant,
  tickAt: Instant,
  since: Instant.describe('When this diagnosis was first given without a break.'),
  healthyTicks: z.int().nonnegative().describe('Ticks in a row that looked healthy; hysteresis on return counts them.'),
  observations: z.array(Observation),
});
export type Verdict = z.infer<typeof Verdict>;
