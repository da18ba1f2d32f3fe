import { type Alarms, runAlarms } from './alarms.ts';
import type { Deployment } from './deployer/definitions.ts';
import type { FaultBook } from './faults.ts';
import { type EnvironmentMetrics, type EnvironmentMetricsOptions, runEnvironmentMetrics } from './metrics.ts';
import { type Replication, runReplication } from './replication.ts';
import { runSchedules, type Schedules } from './schedules.ts';

export type ClockworkOptions = {
  frontUrl: string;
  motoPort: number;
  faults: FaultBook;
  deployment: Pick<Deployment, 'schedules' | 'bucketRegions' | 'replicationRules' | 'alarms'>;
  /** Seconds by the end of a schedule's name; others keep their rate. */
  schedulePeriods: Record<string, number>;
  /** Seconds of an alarm's period by the end of its name; others keep theirs. */
  alarmPeriods?: Record<string, number>;
  replicationLagSeconds?: number;
  environments: Omit<EnvironmentMetricsOptions, 'frontUrl' | 'onProblem'>[];
  /** Told what went wrong in the background; the clockwork goes on. */
  onProblem: (message: string) => void;
};

export type Clockwork = {
  schedules: Schedules;
  replication: Replication;
  alarms: Alarms;
  /** By environment name. */
  metrics: Record<string, EnvironmentMetrics>;
  close(): Promise<void>;
};

/** Starts what moto does not do: schedules, replication, alarms, and the metrics that MWAA publishes. */
export async function startClockwork(options: ClockworkOptions): Promise<Clockwork> {
  const { frontUrl, motoPort, faults, deployment, onProblem } = options;
  const metrics: Record<string, EnvironmentMetrics> = {};
  for (const environment of options.environments) {
    metrics[environment.environment] = await runEnvironmentMetrics({ ...environment, frontUrl, onProblem });
  }
  const lag = options.replicationLagSeconds ?? 0;
  const { replicationRules: rules, bucketRegions } = deployment;
  const replication = runReplication({ motoPort, rules, bucketRegions, faults, lagSeconds: lag, onProblem });
  const periods = options.alarmPeriods ?? {};
  const alarms = runAlarms({ frontUrl, alarms: deployment.alarms, periods, onProblem });
  const due = { schedules: deployment.schedules, periods: options.schedulePeriods };
  const schedules = runSchedules({ frontUrl, ...due, onProblem });
  return {
    schedules,
    replication,
    alarms,
    metrics,
    close: async () => {
      schedules.close();
      replication.close();
      alarms.close();
      await Promise.all(Object.values(metrics).map((one) => one.close()));
    },
  };
}
