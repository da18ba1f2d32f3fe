import { GetMetricStatisticsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { PublishCommand } from '@aws-sdk/client-sns';
import { CALLERS } from './callers.ts';
import type { AlarmDefinition } from './deployer/definitions.ts';
import { destroyClients, type SdkClients, sdkClients } from './deployer/sdk-clients.ts';
import { type Clock, systemClock, Ticker } from './schedules.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

const COMPARISONS: Record<string, (value: number, threshold: number) => boolean> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/**
 * The state that CloudWatch would give. `values` has one entry for each evaluation period, oldest first, null where data is missing.
 * Pure.
 */
export function evaluateAlarm(alarm: AlarmDefinition, values: (number | null)[], before: AlarmState): AlarmState {
  const breaches = COMPARISONS[alarm.comparison] ?? (() => false);
  const present = values.filter((value) => value !== null);
  const breaching = present.filter((value) => breaches(value, alarm.threshold)).length;
  const missing = values.length - present.length;
  if (alarm.treatMissing === 'breaching') return breaching + missing >= alarm.datapointsToAlarm ? 'ALARM' : 'OK';
  if (breaching >= alarm.datapointsToAlarm) return 'ALARM';
  if (present.length > 0 || alarm.treatMissing === 'notBreaching') return 'OK';
  return alarm.treatMissing === 'ignore' ? before : 'INSUFFICIENT_DATA';
}

export type Alarms = {
  /** Evaluates all alarms now. */
  runOnce(): Promise<void>;
  /** The states as last evaluated, by alarm name. */
  states(): Record<string, AlarmState>;
  close(): void;
};

export type AlarmOptions = {
  frontUrl: string;
  alarms: AlarmDefinition[];
  /** Seconds between evaluations. Default 5. */
  everySeconds?: number;
  /** Length of a period in seconds by the end of an alarm's name, where the sandbox runs faster than the template says. */
  periods?: Record<string, number>;
  onProblem: (message: string) => void;
  clock?: Clock;
};

type Reader = { clients: SdkClients; alarm: AlarmDefinition; periodSeconds: number };

async function readValues({ clients, alarm, periodSeconds }: Reader, nowMs: number): Promise<(number | null)[]> {
  const periodMs = periodSeconds * 1000;
  const end = Math.floor(nowMs / periodMs) * periodMs;
  const start = end - alarm.evaluationPeriods * periodMs;
  const { Datapoints = [] } = await clients.cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: alarm.namespace,
      MetricName: alarm.metricName,
      Dimensions: alarm.dimensions,
      StartTime: new Date(start),
      EndTime: new Date(end),
      Period: periodSeconds,
      Statistics: [alarm.statistic],
    }),
  );
  return Array.from({ length: alarm.evaluationPeriods }, (_, index) => {
    const from = start + index * periodMs;
    const found = Datapoints.find(
      (d) => d.Timestamp && d.Timestamp.getTime() >= from && d.Timestamp.getTime() < from + periodMs,
    );
    return found?.[alarm.statistic] ?? null;
  });
}

async function announce(
  { clients, alarm }: Reader,
  state: AlarmState,
  before: AlarmState,
  reason: string,
  nowMs: number,
): Promise<void> {
  await clients.cloudwatch.send(
    new SetAlarmStateCommand({ AlarmName: alarm.name, StateValue: state, StateReason: reason }),
  );
  const message = { AlarmName: alarm.name, NewStateValue: state, OldStateValue: before, NewStateReason: reason };
  const Message = JSON.stringify({ ...message, StateChangeTime: new Date(nowMs).toISOString(), Region: alarm.region });
  for (const TopicArn of alarm.actions[state].filter((arn) => arn.startsWith('arn:aws:sns:'))) {
    const Subject = `${state}: "${alarm.name}" in ${alarm.region}`.slice(0, 100);
    await clients.sns.send(new PublishCommand({ TopicArn, Subject, Message }));
  }
}

/** Evaluates the deployed alarms on moto's data; at a change of state it sets the alarm's state and publishes to its SNS actions. */
export function runAlarms(options: AlarmOptions): Alarms {
  const clock = options.clock ?? systemClock;
  const regions = [...new Set(options.alarms.map((alarm) => alarm.region))];
  const clients = new Map(regions.map((region) => [region, sdkClients(options.frontUrl, region, CALLERS.harness)]));
  const states = new Map<string, AlarmState>();
  const evaluate = async (alarm: AlarmDefinition): Promise<void> => {
    const own = clients.get(alarm.region);
    if (!own) return;
    const suffix = Object.keys(options.periods ?? {}).find((end) => alarm.name.endsWith(end));
    const periodSeconds = (suffix && options.periods?.[suffix]) || alarm.periodSeconds;
    const reader = { clients: own, alarm, periodSeconds };
    const nowMs = clock.now();
    const values = await readValues(reader, nowMs);
    const before = states.get(alarm.name) ?? 'INSUFFICIENT_DATA';
    const state = evaluateAlarm(alarm, values, before);
    states.set(alarm.name, state);
    const reason = `${alarm.statistic} of the last ${values.length} periods: ${values.map((v) => v ?? 'none').join(', ')}`;
    if (state !== before) await announce(reader, state, before, reason, nowMs);
  };
  const runOnce = async (): Promise<void> => {
    for (const alarm of options.alarms) {
      await evaluate(alarm).catch((error: unknown) => options.onProblem(`Alarm ${alarm.name}: ${String(error)}`));
    }
  };
  const ticker = new Ticker(clock, (options.everySeconds ?? 5) * 1000, runOnce);
  ticker.start();
  return {
    runOnce,
    states: () => Object.fromEntries(states),
    close: () => {
      ticker.stop();
      for (const client of clients.values()) destroyClients(client);
    },
  };
}
