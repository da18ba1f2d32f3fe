// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation and Step Functions write their substitutions so.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAssembly } from '../../../sandbox/cloud/deployer/assembly.ts';
import { deployAssembly } from '../../../sandbox/cloud/deployer/deploy.ts';
import { LambdaGateway } from '../../../sandbox/cloud/gateway.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lifeboat-assembly-'));
const gateway = new LambdaGateway({
  logDir: path.join(folder, 'logs'),
  endpoint: () => 'http://127.0.0.1:1',
  accessKeyFor: () => 'AKTEST',
  environment: {},
  account: '123456789012',
});

function assembly(stacks: Record<string, { region?: string; dependencies?: string[]; template: object }>): void {
  const artifacts = Object.fromEntries(
    Object.entries(stacks).map(([name, { region = 'eu-west-1', dependencies = [], template }]) => {
      writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(template));
      const environment = `aws://123456789012/${region}`;
      const properties = { templateFile: `${name}.json` };
      return [name, { type: 'aws:cloudformation:stack', environment, dependencies, properties }];
    }),
  );
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ artifacts }));
}

const deploy = (parameters = {}) =>
  deployAssembly({ cdkOut: folder, frontUrl: 'http://127.0.0.1:1', gateway, parameters });

const logGroup = (name: string) => ({ Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: name } });

beforeAll(() => assembly({}));
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the deployer', () => {
  it('takes stacks in the order of their dependencies', () => {
    assembly({
      Second: { dependencies: ['First'], template: { Resources: {} } },
      First: { template: { Resources: {} } },
    });
    expect(readAssembly(folder).map((stack) => stack.name)).toEqual(['First', 'Second']);
  });

  it('names a resource type that it does not know, before it creates anything', async () => {
    assembly({ One: { template: { Resources: { Net: { Type: 'AWS::EC2::VPC' } } } } });
    await expect(deploy()).rejects.toThrow('One/Net is of type AWS::EC2::VPC, which the sandbox does not know');
  });

  it('gives accepted resources attributes that look like those of AWS', async () => {
    const Outputs = { Arn: { Value: { 'Fn::GetAtt': ['Log', 'Arn'] } } };
    assembly({ One: { template: { Resources: { Log: logGroup('probe') }, Outputs } } });
    expect((await deploy()).outputs.One?.Arn).toBe('arn:aws:logs:eu-west-1:123456789012:log-group:probe:*');
  });

  it('takes parameters from the caller, from outputs of earlier stacks and from defaults', async () => {
    const value = (from: object) => ({ Value: from });
    assembly({
      A: { template: { Resources: {}, Outputs: { Key: value({ Ref: 'AWS::Region' }) } } },
      B: {
        dependencies: ['A'],
        template: {
          Parameters: { P: { Type: 'String' }, Q: { Type: 'String', Default: 'q' }, R: { Type: 'String' } },
          Resources: {},
          Outputs: { All: value({ 'Fn::Sub': '${P} ${Q} ${R}' }) },
        },
      },
    });
    const { outputs } = await deploy({ B: { P: { stack: 'A', output: 'Key' }, R: 'r' } });
    expect(outputs.B?.All).toBe('eu-west-1 q r');
    await expect(deploy({ B: { R: 'r' } })).rejects.toThrow('Stack B: parameter P has no value');
  });

  it('leaves out resources and outputs whose condition does not hold', async () => {
    const Conditions = { Never: { 'Fn::Equals': ['a', 'b'] } };
    const Resources = { Log: { ...logGroup('x'), Condition: 'Never' }, Other: logGroup('y') };
    const Outputs = { Arn: { Condition: 'Never', Value: { Ref: 'Log' } } };
    assembly({ One: { template: { Conditions, Resources, Outputs } } });
    const deployment = await deploy();
    expect(deployment.resources.One).toEqual({ Other: 'y' });
    expect(deployment.outputs.One).toEqual({});
  });

  it('names the resource whose properties do not read', async () => {
    const Resources = {
      Act: { Type: 'AWS::Lambda::Function', Properties: { Runtime: 'python3.12', Handler: 'a.b', Code: {} } },
    };
    assembly({ One: { template: { Resources } } });
    await expect(deploy()).rejects.toThrow('One/Act (AWS::Lambda::Function)');
    await expect(deploy()).rejects.toThrow('the gateway runs Node functions only');
  });
});
