import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandFunction, controllerFunctions, probeFunction } from '../../lib/infra/functions.ts';
import { statementsOf } from '../../lib/infra/permissions.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';
import { exampleConfig } from '../support/synthesised.ts';

const functions = [...controllerFunctions, probeFunction];
const statements = functions.flatMap(({ name, access }) =>
  statementsOf(access, exampleConfig()).map((statement) => ({ name, ...statement })),
);

/** Every action that any function of the product may take. A new one is a decision, made here. */
const allowed = [
  'airflow:CreateWebLoginToken',
  'airflow:GetEnvironment',
  'airflow:InvokeRestApi',
  'cloudwatch:GetMetricData',
  'cloudwatch:PutMetricData',
  'dynamodb:ConditionCheckItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'kms:Decrypt',
  'kms:GenerateDataKey',
  'kms:ListAliases',
  'lambda:InvokeFunction',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:ListBucket',
  's3:PutObject',
  'sns:ListTopics',
  'sns:Publish',
  'states:DescribeExecution',
  'states:StartExecution',
];

/** What a call of the SDK needs. */
const neededBy: Readonly<Record<string, string | null>> = {
  DescribeExecutionCommand: 'states:DescribeExecution',
  GetCallerIdentityCommand: null,
  GetCommand: 'dynamodb:GetItem',
  GetMetricDataCommand: 'cloudwatch:GetMetricData',
  GetObjectCommand: 's3:GetObject',
  HeadObjectCommand: 's3:GetObject',
  InvokeCommand: 'lambda:InvokeFunction',
  ListAliasesCommand: 'kms:ListAliases',
  ListTopicsCommand: 'sns:ListTopics',
  PublishCommand: 'sns:Publish',
  PutMetricDataCommand: 'cloudwatch:PutMetricData',
  PutObjectCommand: 's3:PutObject',
  RawMwaaCommand: 'airflow:InvokeRestApi',
  StartExecutionCommand: 'states:StartExecution',
  TransactWriteCommand: 'dynamodb:PutItem',
};

describe('the permissions of the functions', () => {
  it('are the allow-list, all of it and nothing else', () => {
    expect([...new Set(statements.flatMap(({ actions }) => actions))].sort()).toEqual(allowed);
  });

  it('touch no IAM, Route 53 or CloudFormation, and never delete', () => {
    const actions = statements.flatMap((statement) => statement.actions);
    expect(actions.filter((action) => /^(iam|route53|cloudformation):|:Delete|\*/.test(action))).toEqual([]);
  });

  it('give a reason wherever a resource has a wildcard', () => {
    const wild = statements.filter(({ resources }) => resources.some((resource) => resource.includes('*')));
    expect(wild.filter(({ wildcard }) => !wildcard)).toEqual([]);
  });

  it('limit a bare wildcard by a condition', () => {
    const bare = statements.filter(({ resources }) => resources.includes('*'));
    expect(bare.filter(({ conditions }) => !conditions)).toEqual([]);
  });

  it('let no function write a snapshot', () => {
    const written = statements.flatMap(({ actions, resources }) => (actions.includes('s3:PutObject') ? resources : []));
    expect([...new Set(written.map((resource) => resource.replace(/^.*\/demo\//, '')))].sort()).toEqual([
      'ops/*',
      'sites/a/environment.json',
      'sites/a/fence.json',
      'sites/b/environment.json',
      'sites/b/fence.json',
    ]);
  });

  it('let only those who judge call Airflow without the right to operate it', () => {
    const operators = functions.filter(({ access }) => access.includes('airflowOperate')).map(({ name }) => name);
    expect(operators).not.toContain('judge-pair');
    expect(operators).not.toContain('probe-site');
  });

  it('let people’s commands reach the table and the executions only', () => {
    expect([...commandFunction.access].sort()).toEqual(['executions', 'table']);
  });

  it('hold what each call of the adapters needs', () => {
    const folder = join(projectRoot, 'lib/adapters');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      // These run on the machine of whoever calls `lifeboat doctor`, with that person's rights.
      .filter((file) => file.endsWith('.ts') && !file.startsWith('preflight/'))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    expect(sources).not.toContain('preflight/');
    const commands = new Set([...sources.matchAll(/new (\w+Command)\(/g)].map((match) => String(match[1])));
    const unknown = [...commands].filter((command) => !(command in neededBy));
    expect(unknown, 'say in neededBy what it needs').toEqual([]);
    const missing = [...commands]
      .map((command) => neededBy[command])
      .filter((action) => action && !allowed.includes(action));
    expect(missing).toEqual([]);
  });
});
