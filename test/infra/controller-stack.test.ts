import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { longestTimeoutSeconds } from '../../lib/contracts/timing.ts';
import { definitionFile, machines } from '../../lib/infra/definition.ts';
import { controllerFunctions, functionsOf, substitutionName } from '../../lib/infra/functions.ts';
import { exampleConfig, synthesise } from '../support/synthesised.ts';

const { controller } = synthesise();

describe('the controller stack', () => {
  it('keeps the control table from being lost', () => {
    controller.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        TableName: 'lifeboat-demo',
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      },
    });
  });

  it.each(machines)('deploys %s as its file has it, every substitution filled by a function', (machine) => {
    controller.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: `lifeboat-demo-${machine}`,
      StateMachineType: 'STANDARD',
      DefinitionString: readFileSync(definitionFile(machine), 'utf8'),
      DefinitionSubstitutions: Object.fromEntries(
        functionsOf(machine).map(({ name }) => [substitutionName(name), { 'Fn::GetAtt': [Match.anyValue(), 'Arn'] }]),
      ),
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: true },
      TracingConfiguration: { Enabled: true },
    });
  });

  it.each([
    ['watch', 'rate(1 minute)'],
    ['protect', 'rate(15 minutes)'],
  ])('starts %s at every tick, under a name of its own, and never late', (machine, rate) => {
    controller.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: `lifeboat-demo-${machine}`,
      ScheduleExpression: rate,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
        RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
        Input: {
          'Fn::Join': [
            '',
            [
              '{"StateMachineArn":"',
              { Ref: Match.stringLikeRegexp(`^${machine}Machine`) },
              `","Name":"${machine}-<aws.scheduler.execution-id>","Input":"{\\"pair\\":\\"demo\\",\\"tickAt\\":\\"<aws.scheduler.scheduled-time>\\"}"}`,
            ],
          ],
        },
      },
    });
  });

  it('takes commands by signed requests only', () => {
    controller.resourceCountIs('AWS::Lambda::Url', 1);
    controller.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
  });

  it('lets the alarms of this account, and nobody without TLS, publish to the topic', () => {
    controller.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
          }),
        ]),
      },
    });
  });

  it('deploys each function of the table, with its time-out', () => {
    controller.resourceCountIs('AWS::Lambda::Function', controllerFunctions.length);
    for (const { name, timeoutSeconds } of controllerFunctions) {
      controller.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: `lifeboat-demo-${name}`,
        Timeout: timeoutSeconds,
      });
    }
  });

  it('gives no function longer than the age at which its claim counts as abandoned', () => {
    const longest = Math.max(...controllerFunctions.map((spec) => spec.timeoutSeconds));
    expect(longest, 'say it in lib/contracts/timing.ts').toBe(longestTimeoutSeconds);
    expect(longest).toBeLessThan(exampleConfig().timing.longestFunctionSeconds);
  });

  it('has a function for each folder of functions/, and a folder for each function', () => {
    const folders = readdirSync(join(import.meta.dirname, '../../functions')).filter((name) => !name.startsWith('_'));
    expect(folders.sort()).toEqual([...controllerFunctions.map((spec) => spec.name), 'probe-site'].sort());
  });
});
