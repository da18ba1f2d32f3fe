/** What a deployment hands to the clockwork, because moto does not do it. */

export type ScheduleDefinition = {
  region: string;
  name: string;
  /** `rate(1 minute)` and the like. */
  expression: string;
  enabled: boolean;
  /** Target ARN: the universal target `arn:aws:scheduler:::aws-sdk:sfn:startExecution`. */
  target: string;
  /** JSON text with `<aws.scheduler.*>` placeholders. */
  input: string;
};

export type ReplicationRule = {
  id: string;
  source: string;
  sourceRegion: string;
  destination: string;
  prefix: string;
  deleteMarkers: boolean;
};

export type AlarmDefinition = {
  region: string;
  name: string;
  namespace: string;
  metricName: string;
  dimensions: { Name: string; Value: string }[];
  statistic: 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'SampleCount';
  periodSeconds: number;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  threshold: number;
  comparison: string;
  treatMissing: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
  /** ARNs by the state that calls them. */
  actions: { ALARM: string[]; OK: string[]; INSUFFICIENT_DATA: string[] };
};

export type Deployment = {
  /** Outputs by stack name. */
  outputs: Record<string, Record<string, string>>;
  /** Value of `Ref` of each resource by stack name and logical id. */
  resources: Record<string, Record<string, string>>;
  schedules: ScheduleDefinition[];
  /** Region of each bucket by its name. */
  bucketRegions: Record<string, string>;
  replicationRules: ReplicationRule[];
  alarms: AlarmDefinition[];
  /** Alarms on metric expressions, which the clockwork does not evaluate. */
  unevaluatedAlarms: string[];
  /** Functions registered with the gateway, as `region/name`. */
  functions: string[];
};
