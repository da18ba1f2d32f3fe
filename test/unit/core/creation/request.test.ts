import { describe, expect, it } from 'vitest';
import { SiteConfig } from '../../../../lib/contracts/config.ts';
import { CreateEnvironmentRequest } from '../../../../lib/contracts/environment.ts';
import { type FoundObject, neededObjects, planCreation } from '../../../../lib/core/creation/request.ts';

/** GetEnvironment's answer of a fully configured environment: the 25 members of Create, and what the service adds. */
const answer = {
  Name: 'orders-a',
  ExecutionRoleArn: 'arn:aws:iam::123456789012:role/orders-a',
  SourceBucketArn: 'arn:aws:s3:::orders-dags-a',
  DagS3Path: 'dags',
  PluginsS3Path: 'plugins.zip',
  PluginsS3ObjectVersion: 'p1',
  RequirementsS3Path: 'requirements.txt',
  RequirementsS3ObjectVersion: 'r1',
  StartupScriptS3Path: 'startup.sh',
  StartupScriptS3ObjectVersion: 's1',
  AirflowConfigurationOptions: {
    'core.dags_are_paused_at_creation': 'False',
    'core.parallelism': '64',
    'secrets.backend_kwargs': '{"region": "eu-west-1"}',
    'smtp.smtp_host': 'mail.eu-west-1.example',
  },
  AirflowVersion: '2.10.3',
  EnvironmentClass: 'mw1.medium',
  MinWorkers: 2,
  MaxWorkers: 12,
  Schedulers: 3,
  MinWebservers: 2,
  MaxWebservers: 4,
  KmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555',
  NetworkConfiguration: { SubnetIds: ['subnet-a1', 'subnet-a2'], SecurityGroupIds: ['sg-a'] },
  LoggingConfiguration: {
    SchedulerLogs: { Enabled: true, LogLevel: 'INFO', CloudWatchLogGroupArn: 'arn:aws:logs:eu-west-1:1:log-group:x' },
    TaskLogs: { Enabled: false, LogLevel: 'ERROR' },
  },
  WeeklyMaintenanceWindowStart: 'TUE:02:30',
  WebserverAccessMode: 'PUBLIC_ONLY',
  EndpointManagement: 'SERVICE',
  Tags: { team: 'orders', 'aws:cloudformation:stack-name': 'x', 'lifeboat:op': 'an earlier one' },
  Arn: 'arn:aws:airflow:eu-west-1:123456789012:environment/orders-a',
  Status: 'AVAILABLE',
  CreatedAt: 1,
  LastUpdate: { Status: 'SUCCESS' },
  WebserverUrl: 'x.eu-west-1.airflow.amazonaws.com',
  ServiceRoleArn: 'arn:aws:iam::123456789012:role/aws-service-role/x',
  CeleryExecutorQueue: 'arn:aws:sqs:eu-west-1:1:q',
  WebserverVpcEndpointService: 'w',
  DatabaseVpcEndpointService: 'd',
};
const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/99999999-2222-3333-4444-555555555555';
const create = { subnetIds: ['subnet-b1', 'subnet-b2'], securityGroupIds: ['sg-b'], kmsKeyArn };
const siteB = (more: Record<string, unknown> = {}) => {
  const site = SiteConfig.parse({
    region: 'eu-central-1',
    environment: 'orders-b',
    dagBucket: 'orders-dags-b',
    executionRoleArn: 'arn:aws:iam::123456789012:role/orders-b',
    create: { ...create, ...more },
  });
  if (!site.create) throw new Error('the site has no create block');
  return { ...site, create: site.create };
};
const there = (one: ReturnType<typeof neededObjects>[number]): FoundObject => ({
  ...one,
  hasVersion: true,
  newest: one.versionId,
});

type Changes = { captured?: object; site?: Record<string, unknown>; objects?: (one: FoundObject) => FoundObject };
function plan({ captured = {}, site = {}, objects = (one) => one }: Changes = {}) {
  const parsed = CreateEnvironmentRequest.parse({ ...answer, ...captured });
  const found = neededObjects(parsed).map(there).map(objects);
  return planCreation({
    captured: parsed,
    fromRegion: 'eu-west-1',
    site: siteB(site),
    name: 'orders-b-2',
    objects: found,
  });
}
function requested(changes: Changes = {}): CreateEnvironmentRequest {
  const planned = plan(changes);
  if (!planned.ok) throw new Error(planned.objections.join());
  return planned.request;
}

describe('what is asked of CreateEnvironment', () => {
  it('has a value for each of its 25 members, and nothing that the service puts in', () => {
    const members = Object.keys(CreateEnvironmentRequest.shape);
    expect(members).toHaveLength(25);
    expect(Object.keys(requested()).sort()).toEqual([...members].sort());
    expect(JSON.stringify(requested())).not.toMatch(/log-group|WebserverUrl|ServiceRoleArn|CreatedAt/);
  });

  it('copies what means the same in every Region', () => {
    expect(requested()).toMatchObject({
      ...{ DagS3Path: 'dags', AirflowVersion: '2.10.3', EnvironmentClass: 'mw1.medium', MinWorkers: 2, MaxWorkers: 12 },
      ...{ Schedulers: 3, MinWebservers: 2, MaxWebservers: 4, WeeklyMaintenanceWindowStart: 'TUE:02:30' },
      ...{ WebserverAccessMode: 'PUBLIC_ONLY', EndpointManagement: 'SERVICE', PluginsS3Path: 'plugins.zip' },
      ...{ PluginsS3ObjectVersion: 'p1', RequirementsS3ObjectVersion: 'r1', StartupScriptS3ObjectVersion: 's1' },
      LoggingConfiguration: {
        SchedulerLogs: { Enabled: true, LogLevel: 'INFO' },
        TaskLogs: { Enabled: false, LogLevel: 'ERROR' },
      },
    });
  });

  it('translates name, role, bucket, network and key', () => {
    expect(requested()).toMatchObject({
      Name: 'orders-b-2',
      ExecutionRoleArn: 'arn:aws:iam::123456789012:role/orders-b',
      SourceBucketArn: 'arn:aws:s3:::orders-dags-b',
      NetworkConfiguration: { SubnetIds: ['subnet-b1', 'subnet-b2'], SecurityGroupIds: ['sg-b'] },
      KmsKey: kmsKeyArn,
    });
  });

  it('always pauses new DAGs, whatever the lost site and the configuration say', () => {
    const site = { airflowConfigurationOptions: { 'core.dags_are_paused_at_creation': 'False' } };
    expect(requested({ site }).AirflowConfigurationOptions?.['core.dags_are_paused_at_creation']).toBe('True');
    expect(requested({ captured: { AirflowConfigurationOptions: undefined } }).AirflowConfigurationOptions).toEqual({
      'core.dags_are_paused_at_creation': 'True',
    });
  });

  it('replaces the options that the site has of its own and names those that still name the other Region', () => {
    const planned = plan({ site: { airflowConfigurationOptions: { 'smtp.smtp_host': 'mail.example' } } });
    if (!planned.ok) throw new Error('refused');
    expect(planned.request.AirflowConfigurationOptions?.['smtp.smtp_host']).toBe('mail.example');
    expect(planned.notes).toEqual(['options that name eu-west-1 are copied as they are: secrets.backend_kwargs']);
  });

  it('takes another class when the site asks for one', () => {
    expect(requested({ site: { environmentClass: 'mw1.small' } }).EnvironmentClass).toBe('mw1.small');
  });

  it('leaves out the tags of AWS and of an earlier op', () => {
    expect(requested().Tags).toEqual({ team: 'orders' });
  });

  it('asks for no key when the lost environment has none of its own', () => {
    expect(requested({ captured: { KmsKey: undefined } })).not.toHaveProperty('KmsKey');
  });

  it('falls back to the newest version of an object that is not there in the asked one, and says so', () => {
    const planned = plan({ objects: (one) => ({ ...one, hasVersion: one.what !== 'Requirements', newest: 'r9' }) });
    if (!planned.ok) throw new Error('refused');
    expect(planned.request).toMatchObject({ PluginsS3ObjectVersion: 'p1', RequirementsS3ObjectVersion: 'r9' });
    expect(planned.notes[0]).toBe('requirements.txt: version r1 is not there, the newest one r9 is used');
  });

  it('pins the newest version where the lost environment pinned none', () => {
    const captured = { RequirementsS3ObjectVersion: undefined };
    const planned = plan({
      captured,
      objects: (one) => (one.versionId ? one : { ...one, hasVersion: false, newest: 'r9' }),
    });
    if (!planned.ok) throw new Error('refused');
    expect(planned.request.RequirementsS3ObjectVersion).toBe('r9');
    expect(planned.notes).toHaveLength(1);
  });
});

describe('a configuration that the target cannot honour', () => {
  it.each([
    [
      'an object that is not there at all',
      { objects: (one: FoundObject) => ({ ...one, hasVersion: false, newest: null }) },
      /PluginsS3Path: plugins.zip does not exist in bucket orders-dags-b/,
    ],
    [
      'a key of its own, and none over there',
      { site: { kmsKeyArn: undefined } },
      /KmsKey: .*names none of eu-central-1/,
    ],
    [
      'a web server that nobody outside can reach',
      { captured: { WebserverAccessMode: 'PRIVATE_ONLY' } },
      /WebserverAccessMode: PRIVATE_ONLY/,
    ],
  ])('is refused by the name of its field: %s', (_, changes, said) => {
    const planned = plan(changes);
    expect(planned.ok).toBe(false);
    if (!planned.ok) expect(planned.objections.join('; ')).toMatch(said);
  });
});
