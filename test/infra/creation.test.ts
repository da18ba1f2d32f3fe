import { describe, expect, it } from 'vitest';
import { controllerFunctions } from '../../lib/infra/functions.ts';
import { statementsOf } from '../../lib/infra/permissions.ts';
import { backupRestore, pairConfig } from '../support/pair-config.ts';
import { exampleConfig, synthesise } from '../support/synthesised.ts';

const config = pairConfig({ ...backupRestore, timing: {} });
const ofFunction = (name: string, of = config) =>
  statementsOf(controllerFunctions.find((each) => each.name === name)?.access ?? [], of);
const changing = (action: string) => /:(Create|Delete|Pass|Tag)/.test(action) && !action.includes('WebLoginToken');
const changesOf = (name: string, of = config) =>
  ofFunction(name, of)
    .flatMap(({ actions }) => actions)
    .filter(changing)
    .sort();

describe('the right to create an environment', () => {
  it('is that of the state that prepares, and the right to delete that of the one that reconciles', () => {
    const able = controllerFunctions
      .map(({ name }) => [name, changesOf(name)])
      .filter(([, actions]) => actions?.length);
    expect(able).toEqual([
      ['reconcile-pair', ['airflow:DeleteEnvironment']],
      [
        'prepare-site',
        [
          'airflow:CreateEnvironment',
          'airflow:TagResource',
          'ec2:CreateNetworkInterface',
          'ec2:CreateVpcEndpoint',
          'iam:PassRole',
        ],
      ],
    ]);
  });

  it('covers every name that an op may choose, of the site that is created and of no other', () => {
    const create = ofFunction('prepare-site').find(({ actions }) => actions.includes('airflow:CreateEnvironment'));
    expect(create?.resources.map((arn) => arn.replace(/^.*environment\//, ''))).toEqual([
      ...['demo-b', 'demo-b-2', 'demo-b-3', 'demo-b-4', 'demo-b-5'],
    ]);
  });

  it('hands one role over, and to Amazon MWAA only', () => {
    const pass = ofFunction('prepare-site').filter(({ actions }) => actions.includes('iam:PassRole'));
    expect(pass.map(({ resources, conditions }) => ({ resources, conditions }))).toEqual([
      {
        resources: ['arn:aws:iam::123456789012:role/demo-b'],
        conditions: {
          StringEquals: { 'iam:PassedToService': ['airflow.amazonaws.com', 'airflow-env.amazonaws.com'] },
        },
      },
    ]);
  });

  it('names the key of the site when it has one', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555';
    const b = { ...backupRestore.sites.b, create: { ...backupRestore.sites.b.create, kmsKeyArn } };
    const withKey = pairConfig({ ...backupRestore, sites: { ...backupRestore.sites, b } });
    const grants = ofFunction('prepare-site', withKey).filter(({ actions }) => actions.includes('kms:CreateGrant'));
    expect(grants.map(({ resources }) => resources)).toEqual([[kmsKeyArn]]);
  });

  it('is nobody’s with a warm standby', () => {
    const able = controllerFunctions.filter(({ name }) => changesOf(name, exampleConfig()).length > 0);
    expect(able.map(({ name }) => name)).toEqual([]);
  });

  it('passes the rules of cdk-nag', () => {
    expect(() => synthesise(config)).not.toThrow();
  });
});
