import { describe, expect, it } from 'vitest';
import { admits, parsePolicy, trustedServices } from '../../../lib/adapters/preflight/policy.ts';

const role = 'arn:aws:iam::123456789012:role/airflow';
const policy = (statement: object) => parsePolicy(JSON.stringify({ Statement: [statement] }));
const allow = (more: object = {}) => ({
  Effect: 'Allow',
  Principal: { AWS: role },
  Action: ['s3:Get*'],
  Resource: 'arn:aws:s3:::bucket/demo/*',
  ...more,
});
const asks = (statement: object, action = 's3:GetObject') =>
  admits(policy(statement), role, action, 'arn:aws:s3:::bucket/demo/x');

describe('the policy of a resource', () => {
  it.each([
    ['names the role', allow(), true],
    ['names another role', allow({ Principal: { AWS: 'arn:aws:iam::123456789012:role/other' } }), false],
    ['admits only the account', allow({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } }), false],
    ['has a condition, which may not hold', allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }), false],
    ['is about another prefix', allow({ Resource: 'arn:aws:s3:::bucket/other/*' }), false],
    ['denies', allow({ Effect: 'Deny' }), false],
  ])('admits a role only when it says so: it %s', (_, statement, expected) => {
    expect(asks(statement)).toBe(expected);
  });

  it('admits only the actions that it names', () => {
    expect(asks(allow(), 's3:PutObject')).toBe(false);
  });

  it('is read in both forms, and so are the services that may assume a role', () => {
    const trust = {
      Statement: { Effect: 'Allow', Principal: { Service: 'airflow.amazonaws.com' }, Action: 'sts:AssumeRole' },
    };
    expect(trustedServices(parsePolicy(encodeURIComponent(JSON.stringify(trust))))).toEqual(['airflow.amazonaws.com']);
    expect(trustedServices(policy({ ...trust.Statement, Effect: 'Deny' }))).toEqual([]);
  });
});
