import { canaryProbe } from '../../lib/adapters/probes/canary-probe.ts';
import type { PairConfig } from '../../lib/contracts/config.ts';
import type { Side } from '../../lib/contracts/ids.ts';
import type { Observation, Outcome, Period, Signal } from '../../lib/contracts/observation.ts';
import type { SimulatedSite } from './simulation-site.ts';

/** As the real probe reads a status. */
const outcomeOf: Readonly<Record<string, Outcome>> = {
  ...{ NOT_FOUND: 'gone', DELETING: 'gone', DELETED: 'gone' },
  ...{ CREATING: 'alive', AVAILABLE: 'alive', CREATE_FAILED: 'dead', UNAVAILABLE: 'dead' },
};

/** What the probes of one Region see of a simulated site. The canary's probe is the real one, over its bucket. */
export async function lookFrom(
  vantage: string,
  sites: Readonly<Record<Side, SimulatedSite>>,
  config: PairConfig,
  side: Side,
  now: Date,
  statusOf: () => Promise<string> = async () => 'NOT_FOUND',
): Promise<Observation[]> {
  const site = sites[side];
  const see = (signal: Signal, outcome: Outcome, evidence: Observation['evidence'] = {}): Observation => ({
    site: side,
    signal,
    vantage,
    outcome,
    at: now.toISOString(),
    cause: `${signal} was ${outcome}`,
    evidence,
  });
  const canary = await canaryProbe({ vantage, config, bucket: (which) => sites[which].bucket }).look(side, now);
  if (site.state === 'unreachable') {
    const away: Signal[] = ['heartbeat', 'containers', 'environment', 'airflow'];
    const services = { s3: 'unreachable', sqs: 'unreachable', kms: 'unreachable' } as const;
    return [
      see('self', 'alive'),
      ...away.map((signal) => see(signal, 'unreachable')),
      see('region', 'unreachable', { services }),
      canary,
    ];
  }
  if (site.state === 'absent') {
    const status = await statusOf();
    return [
      see('self', 'alive'),
      see('heartbeat', 'unreadable'),
      see('containers', 'unreadable'),
      see('environment', outcomeOf[status] ?? 'planned', { status }),
      see('airflow', 'unreadable'),
      see('region', 'alive', { services: { s3: 'alive', sqs: 'alive', kms: 'alive' } }),
      canary,
    ];
  }
  const periods = periodsOf(site, config, now);
  const isBeating = site.state !== 'scheduler-lost';
  return [
    see('self', 'alive'),
    see('heartbeat', isBeating ? 'alive' : 'dead', { periods }),
    see('containers', isBeating ? 'alive' : 'dead', { periods }),
    see('environment', 'alive', { status: 'AVAILABLE' }),
    see('airflow', isBeating ? 'alive' : 'dead'),
    see('region', 'alive', { services: { s3: 'alive', sqs: 'alive', kms: 'alive' } }),
    canary,
  ];
}

/** The complete periods, as CloudWatch would give them. */
function periodsOf(site: SimulatedSite, { timing }: PairConfig, now: Date): Period[] {
  const length = timing.heartbeatPeriodSeconds * 1000;
  const newest = Math.floor((now.getTime() - timing.ingestionLagSeconds * 1000) / length) * length - length;
  return Array.from({ length: timing.windowPeriods }, (_, index) => {
    const start = newest - (timing.windowPeriods - 1 - index) * length;
    const heartbeats = site.heartbeats(start);
    return {
      start: new Date(start).toISOString(),
      heartbeats,
      schedulerSamples: heartbeats === null ? null : 1,
      otherSamples: 1,
    };
  });
}
