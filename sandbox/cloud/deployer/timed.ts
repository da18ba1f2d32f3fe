import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import type { AlarmDefinition } from './definitions.ts';
import { type Kind, read } from './kinds.ts';

const scheduleSchema = z.looseObject({
  Name: z.string().optional(),
  GroupName: z.string().default('default'),
  ScheduleExpression: z.string(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Target: z.looseObject({ Arn: z.string(), Input: z.string().default('{}') }),
});

/** Schedules are fired by the clockwork; moto only stores them and is not told. */
export const schedule: Kind = async (placement) => {
  const properties = read(placement, scheduleSchema);
  const { region, account, deployment } = placement;
  const name = properties.Name ?? placement.generatedName;
  deployment.schedules.push({
    region,
    name,
    expression: properties.ScheduleExpression,
    enabled: properties.State === 'ENABLED',
    target: properties.Target.Arn,
    input: properties.Target.Input,
  });
  const Arn = `arn:aws:scheduler:${region}:${account}:schedule/${properties.GroupName}/${name}`;
  return { ref: name, attributes: { Arn } };
};

const alarmSchema = z.looseObject({
  AlarmName: z.string().optional(),
  AlarmDescription: z.string().optional(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Metrics: z.array(z.json()).optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  Statistic: z.enum(['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount']).optional(),
  Period: z.number().optional(),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.number().optional(),
  Threshold: z.number().optional(),
  ComparisonOperator: z.enum([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  TreatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']).default('missing'),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
  InsufficientDataActions: z.array(z.string()).default([]),
});

type AlarmProperties = z.infer<typeof alarmSchema>;

function toDefinition(region: string, name: string, p: AlarmProperties): AlarmDefinition | null {
  const { Namespace, MetricName, Statistic, Period, Threshold } = p;
  if (!Namespace || !MetricName || !Statistic || !Period || Threshold === undefined) return null;
  return {
    region,
    name,
    namespace: Namespace,
    metricName: MetricName,
    dimensions: p.Dimensions,
    statistic: Statistic,
    periodSeconds: Period,
    evaluationPeriods: p.EvaluationPeriods,
    datapointsToAlarm: p.DatapointsToAlarm ?? p.EvaluationPeriods,
    threshold: Threshold,
    comparison: p.ComparisonOperator,
    treatMissing: p.TreatMissingData,
    actions: { ALARM: p.AlarmActions, OK: p.OKActions, INSUFFICIENT_DATA: p.InsufficientDataActions },
  };
}

/** The alarm is stored in moto, where it can be described; the clockwork evaluates those on one metric. */
export const alarm: Kind = async (placement) => {
  const properties = read(placement, alarmSchema);
  const { region, account, deployment } = placement;
  const name = properties.AlarmName ?? placement.generatedName;
  const definition = toDefinition(region, name, properties);
  const Arn = `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
  if (!definition) {
    deployment.unevaluatedAlarms.push(name);
    return { ref: name, attributes: { Arn } };
  }
  deployment.alarms.push(definition);
  await placement.clients.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: name,
      AlarmDescription: properties.AlarmDescription,
      Namespace: definition.namespace,
      MetricName: definition.metricName,
      Dimensions: definition.dimensions,
      Statistic: definition.statistic,
      Period: definition.periodSeconds,
      EvaluationPeriods: definition.evaluationPeriods,
      DatapointsToAlarm: definition.datapointsToAlarm,
      Threshold: definition.threshold,
      ComparisonOperator: properties.ComparisonOperator,
      TreatMissingData: definition.treatMissing,
      AlarmActions: properties.AlarmActions,
      OKActions: properties.OKActions,
      InsufficientDataActions: properties.InsufficientDataActions,
    }),
  );
  return { ref: name, attributes: { Arn } };
};
