import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { alarms } from '../../lib/infra/alarms.ts';
import { controllerFunctions, functionsIn } from '../../lib/infra/functions.ts';
import { exampleConfig, synthesise } from '../support/synthesised.ts';

const config = { ...exampleConfig(), mode: 'observe' as const };
/** cdk-nag looks at it, too: it fails the synthesis. */
const { controller, siteA, siteB } = synthesise(config);
const templates: readonly Template[] = [controller, siteA, siteB];

const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([z.array(schema), schema.transform((one) => [one])]);
const Statement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore(z.string()),
  Resource: oneOrMore(z.json()),
});
const Policy = z.looseObject({
  Properties: z.looseObject({ PolicyDocument: z.object({ Statement: z.array(Statement), Version: z.string() }) }),
});

/** Every statement of every role of the three stacks. Roles have no other policies, which a test below says. */
const statements = templates.flatMap((template) =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (found) => Policy.parse(found).Properties.PolicyDocument.Statement,
  ),
);
const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
const resourcesOf = (action: string): string[] =>
  allowed
    .filter(({ Action }) => Action.includes(action))
    .flatMap(({ Resource }) => Resource.map((one) => JSON.stringify(one)));
const namesOf = (template: Template, type: string, name: string): unknown[] =>
  Object.values(template.findResources(type)).map((resource) => resource.Properties[name]);

/** What reads. */
const reading = [
  'airflow:GetEnvironment',
  'airflow:InvokeRestApi',
  'cloudwatch:GetMetricData',
  'dynamodb:GetItem',
  'dynamodb:Query',
  'kms:Decrypt',
  'kms:ListAliases',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:ListBucket',
  'sns:ListTopics',
];
/** What watch writes about its own look, and how AWS runs it. Nothing here reaches a site, and none begins an op. */
const ownTraces = ['cloudwatch:PutMetricData', 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'sns:Publish'];
const running = [
  'lambda:InvokeFunction',
  'logs:CreateLogDelivery',
  'logs:CreateLogStream',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutLogEvents',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
  'states:StartExecution',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

describe('a pair deployed in mode observe', () => {
  it('has no role with an action beyond looking, its own traces, and being run', () => {
    expect([...new Set(allowed.flatMap(({ Action }) => Action))].sort()).toEqual(
      [...reading, ...ownTraces, ...running].sort(),
    );
    for (const template of templates) {
      for (const role of Object.values(template.findResources('AWS::IAM::Role'))) {
        expect(role.Properties.Policies ?? role.Properties.ManagedPolicyArns).toBeUndefined();
      }
    }
  });

  it('calls Airflow as a viewer only', () => {
    const roles = resourcesOf('airflow:InvokeRestApi');
    expect(roles.length).toBeGreaterThan(0);
    expect(roles.filter((role) => !role.endsWith('/Viewer"'))).toEqual([]);
  });

  it('writes its own table, tells its own topic, and runs its own functions and its own watch', () => {
    expect(new Set(resourcesOf('dynamodb:PutItem'))).toEqual(
      new Set(['"arn:aws:dynamodb:eu-north-1:123456789012:table/lifeboat-demo"']),
    );
    expect(new Set(resourcesOf('sns:Publish'))).toEqual(
      new Set(['"arn:aws:sns:eu-north-1:123456789012:lifeboat-demo"']),
    );
    expect(resourcesOf('states:StartExecution')).toEqual([expect.stringMatching(/^\{"Ref":"watchMachine/)]);
    const invoked = resourcesOf('lambda:InvokeFunction').map((arn) => arn.replace(/[0-9A-F]{8}".*/, ''));
    expect([...new Set(invoked)].sort()).toEqual([
      '"arn:aws:lambda:eu-central-1:123456789012:function:lifeboat-demo-probe-site"',
      '"arn:aws:lambda:eu-west-1:123456789012:function:lifeboat-demo-probe-site"',
      ...['beginopFunction', 'judgepairFunction', 'pagepeopleFunction', 'reconcilepairFunction'].map(
        (name) => `{"Fn::GetAtt":["${name}`,
      ),
    ]);
  });

  it('has the watch machine and its four functions; what prepares, exports or fails over is not there', () => {
    expect(namesOf(controller, 'AWS::StepFunctions::StateMachine', 'StateMachineName')).toEqual([
      'lifeboat-demo-watch',
    ]);
    expect(namesOf(controller, 'AWS::Scheduler::Schedule', 'Name')).toEqual(['lifeboat-demo-watch']);
    expect(namesOf(controller, 'AWS::Lambda::Function', 'FunctionName').sort()).toEqual(
      ['begin-op', 'judge-pair', 'page-people', 'reconcile-pair'].map((name) => `lifeboat-demo-${name}`),
    );
    controller.resourceCountIs('AWS::Lambda::Url', 0);
    expect(controller.toJSON().Outputs ?? {}).toEqual({});
  });

  it('lets those functions of watch that could act read the control table, and nothing else', () => {
    const access = Object.fromEntries(functionsIn('observe').map((spec) => [spec.name, spec.access]));
    expect(access['reconcile-pair']).toEqual(['tableRead']);
    expect(access['begin-op']).toEqual(['tableRead']);
    const full = Object.fromEntries(controllerFunctions.map((spec) => [spec.name, spec.access]));
    expect(access['judge-pair']).toEqual(full['judge-pair']);
    expect(access['page-people']).toEqual(full['page-people']);
  });

  it('copies nothing to the other site', () => {
    for (const site of [siteA, siteB]) {
      expect(namesOf(site, 'AWS::S3::Bucket', 'ReplicationConfiguration')).toEqual([undefined]);
      expect(site.toJSON().Parameters ?? {}).not.toHaveProperty('Replicate');
    }
  });

  it('has the alarms of what runs, and none on snapshots that nobody takes', () => {
    const expected = alarms
      .filter(({ publishedBy }) => publishedBy === 'watch')
      .map(({ name }) => `lifeboat-demo-${name}`);
    expect(namesOf(controller, 'AWS::CloudWatch::Alarm', 'AlarmName').sort()).toEqual(expected.sort());
    expect(expected).not.toContain('lifeboat-demo-snapshot-stale');
  });
});
