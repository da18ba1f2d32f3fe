import { describe, expect, it } from 'vitest';
import { decide, type PolicyStatement } from '../../../sandbox/cloud/iam-simulation.ts';

const statement = (
  Effect: 'Allow' | 'Deny',
  Action: string[],
  Resource: string[],
  Condition = {},
): PolicyStatement => ({
  ...{ Effect, Action, Resource, Condition },
});
const ask = (action: string, resource = 'arn:aws:s3:::bucket/demo/x', context = {}) => ({ action, resource, context });
const onAlias = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/demo'] } };

describe('the sandbox’s IAM', () => {
  it.each([
    ['nothing allows', [], ask('s3:GetObject'), 'implicitDeny'],
    [
      'the very action and resource',
      [statement('Allow', ['s3:GetObject'], ['arn:aws:s3:::bucket/demo/x'])],
      ask('s3:GetObject'),
      'allowed',
    ],
    ['wildcards', [statement('Allow', ['s3:Get*'], ['arn:aws:s3:::bucket/demo/*'])], ask('s3:GetObject'), 'allowed'],
    ['actions in any case', [statement('Allow', ['S3:getobject'], ['*'])], ask('s3:GetObject'), 'allowed'],
    ['another resource', [statement('Allow', ['s3:*'], ['arn:aws:s3:::other/*'])], ask('s3:GetObject'), 'implicitDeny'],
    [
      'a denial wins',
      [statement('Allow', ['*'], ['*']), statement('Deny', ['s3:GetObject'], ['*'])],
      ask('s3:GetObject'),
      'explicitDeny',
    ],
  ] as const)('decides by %s', (_, statements, question, expected) => {
    expect(decide(statements, question)).toBe(expected);
  });

  it('lets a condition hold only in the context that it wants', () => {
    const statements = [statement('Allow', ['kms:Decrypt'], ['*'], onAlias)];
    const context = (alias: string) => ({ 'kms:resourcealiases': [alias] });
    expect(decide(statements, ask('kms:Decrypt', 'key', context('alias/demo')))).toBe('allowed');
    expect(decide(statements, ask('kms:Decrypt', 'key', context('alias/other')))).toBe('implicitDeny');
    expect(decide(statements, ask('kms:Decrypt', 'key'))).toBe('implicitDeny');
  });

  it('takes a condition that it does not know for one that lets nothing through and stops everything', () => {
    const strange = { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8'] } };
    expect(decide([statement('Allow', ['*'], ['*'], strange)], ask('s3:GetObject'))).toBe('implicitDeny');
    const both = [statement('Allow', ['*'], ['*']), statement('Deny', ['*'], ['*'], strange)];
    expect(decide(both, ask('s3:GetObject'))).toBe('explicitDeny');
  });
});
