// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation and Step Functions write their substitutions so.
import { describe, expect, it } from 'vitest';
import { fillDefinition } from '../../../sandbox/cloud/deployer/compute.ts';
import { deploymentOrder, holds, references, resolve, type Scope } from '../../../sandbox/cloud/deployer/resolver.ts';
import { type Json, TemplateError, templateSchema } from '../../../sandbox/cloud/deployer/template.ts';

const scope: Scope = {
  region: 'eu-west-1',
  account: '123456789012',
  stackName: 'Site',
  parameters: { Side: 'a' },
  conditions: { IsA: { 'Fn::Equals': [{ Ref: 'Side' }, 'a'] }, IsB: { 'Fn::Not': [{ Condition: 'IsA' }] } },
  resources: new Map([
    ['Bucket', { ref: 'my-bucket', attributes: { Arn: 'arn:aws:s3:::my-bucket', 'Nested.Name': 'n' } }],
  ]),
};

describe('the resolver', () => {
  it.each<[string, Json, Json]>([
    ['a parameter', { Ref: 'Side' }, 'a'],
    ['a resource', { Ref: 'Bucket' }, 'my-bucket'],
    ['the Region', { Ref: 'AWS::Region' }, 'eu-west-1'],
    ['the account', { Ref: 'AWS::AccountId' }, '123456789012'],
    ['an attribute as a list', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'arn:aws:s3:::my-bucket'],
    ['an attribute as a text', { 'Fn::GetAtt': 'Bucket.Arn' }, 'arn:aws:s3:::my-bucket'],
    ['an attribute with a dot', { 'Fn::GetAtt': 'Bucket.Nested.Name' }, 'n'],
    ['a join', { 'Fn::Join': ['-', ['x', { Ref: 'Side' }, 1]] }, 'x-a-1'],
    [
      'a substitution',
      { 'Fn::Sub': '${AWS::Partition}:${Bucket}:${Bucket.Arn}' },
      'aws:my-bucket:arn:aws:s3:::my-bucket',
    ],
    ['a substitution with its own names', { 'Fn::Sub': ['${x}/${!y}', { x: { Ref: 'Side' } }] }, 'a/${y}'],
    ['a selection from a split', { 'Fn::Select': [2, { 'Fn::Split': [':', 'a:b:c'] }] }, 'c'],
    ['a condition that holds', { 'Fn::If': ['IsA', 'yes', 'no'] }, 'yes'],
    ['a condition that does not', { 'Fn::If': ['IsB', 'yes', { Ref: 'Side' }] }, 'a'],
    ['nothing in an object', { keep: 1, drop: { Ref: 'AWS::NoValue' } }, { keep: 1 }],
    ['nothing in a list', [{ 'Fn::If': ['IsB', 'x', { Ref: 'AWS::NoValue' }] }, 'y'], ['y']],
    ['an object with several members that look like functions', { Ref: 'Side', Other: 1 }, { Ref: 'Side', Other: 1 }],
  ])('evaluates %s', (_what, value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  it.each<[string, Json, RegExp]>([
    ['an unknown name', { Ref: 'Nobody' }, /Ref names Nobody/],
    ['an unknown attribute', { 'Fn::GetAtt': ['Bucket', 'Size'] }, /Bucket has no known attribute Size/],
    ['an unknown function', { 'Fn::Cidr': [] }, /does not know the intrinsic function Fn::Cidr/],
    ['an item out of range', { 'Fn::Select': [5, ['a']] }, /finds no item/],
    ['an unknown condition', { 'Fn::If': ['IsC', 1, 2] }, /no condition "IsC"/],
  ])('names the cause at %s', (_what, value, message) => {
    expect(() => resolve(value, scope)).toThrow(message);
    expect(() => resolve(value, scope)).toThrow(TemplateError);
  });

  it('evaluates And and Or', () => {
    const both = [{ Condition: 'IsA' }, { Condition: 'IsB' }];
    expect(holds({ 'Fn::And': both }, scope)).toBe(false);
    expect(holds({ 'Fn::Or': both }, scope)).toBe(true);
  });

  it('finds what a value refers to', () => {
    const value: Json = [
      { Ref: 'A' },
      { x: { 'Fn::GetAtt': ['B', 'Arn'] } },
      { 'Fn::Sub': '${C.Arn}${!D}${AWS::Region}' },
    ];
    expect(references(value)).toEqual(new Set(['A', 'B', 'C', 'AWS::Region']));
  });

  it('orders resources by reference and by DependsOn', () => {
    const template = templateSchema.parse({
      Resources: {
        Last: { Type: 'T', Properties: { x: { Ref: 'Middle' } } },
        Middle: { Type: 'T', DependsOn: 'First' },
        First: { Type: 'T' },
      },
    });
    expect(deploymentOrder(template)).toEqual(['First', 'Middle', 'Last']);
  });

  it('refuses a circle and names it', () => {
    const template = templateSchema.parse({
      Resources: { A: { Type: 'T', Properties: { x: { Ref: 'B' } } }, B: { Type: 'T', DependsOn: ['A'] } },
    });
    expect(() => deploymentOrder(template)).toThrow('A -> B -> A');
  });

  it('fills the substitutions of a definition and leaves other names alone', () => {
    expect(fillDefinition('{"a":"${judge}","b":"${other}"}', { judge: 'arn:x' })).toBe('{"a":"arn:x","b":"${other}"}');
  });
});
