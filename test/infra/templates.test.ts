import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { exampleConfig, synthesise } from '../support/synthesised.ts';

const { controller, siteA, siteB } = synthesise();
const stacks: [string, Template][] = [
  ['controller', controller],
  ['site a', siteA],
  ['site b', siteB],
];
const Resources = z.record(
  z.string(),
  z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.json()).default({}) }),
);
const resourcesOf = (template: Template) => Object.values(Resources.parse(template.toJSON().Resources));

/** What the sandbox's deployer can deploy. Another kind of resource has to be taught to it first. */
const deployable = [
  'AWS::CloudWatch::Alarm',
  'AWS::DynamoDB::Table',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::KMS::ReplicaKey',
  'AWS::Lambda::Function',
  'AWS::Lambda::Url',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::Scheduler::Schedule',
  'AWS::StepFunctions::StateMachine',
];

describe.each(stacks)('the stack of the %s', (_, template) => {
  it('holds only kinds of resources that the sandbox deploys too, and no custom resource', () => {
    const kinds = new Set(resourcesOf(template).map((resource) => resource.Type));
    expect([...kinds].filter((kind) => !deployable.includes(kind))).toEqual([]);
  });

  it('needs no value of another stack', () => {
    const text = JSON.stringify(template.toJSON());
    expect(text).not.toContain('Fn::ImportValue');
    expect(text).not.toContain('Fn::GetStackOutput');
  });

  it('runs every function on nodejs24.x with its configuration and a log of its own', () => {
    for (const { Properties } of resourcesOf(template).filter(({ Type }) => Type === 'AWS::Lambda::Function')) {
      expect(Properties.Runtime).toBe('nodejs24.x');
      const { Variables } = z.object({ Variables: z.record(z.string(), z.string()) }).parse(Properties.Environment);
      expect(JSON.parse(Variables.LIFEBOAT_CONFIG ?? '')).toEqual(exampleConfig());
      expect(Properties.FunctionName).toBe(`lifeboat-demo-${Variables.LIFEBOAT_FUNCTION}`);
      expect(Properties.LoggingConfig).toBeDefined();
    }
  });

  it('forgets logs after three months', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });
});
