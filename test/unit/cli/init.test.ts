import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../../lib/cli/load-config.ts';
import type { Environment } from '../../../lib/ports/mwaa.ts';
import { PairBench } from './fixture.ts';

const account = '123456789012';
const warm = ['init', '--a', 'eu-west-1/Data_Platform', '--b', 'eu-central-1/standby'] as const;
const cold = ['init', '--a', 'eu-west-1/Data_Platform', '--b-region', 'eu-central-1'] as const;
const coldComplete = [
  ...cold,
  ...['--b-dag-bucket', 'dags-b', '--b-execution-role', `arn:aws:iam::${account}:role/b`],
  ...['--b-subnets', 'subnet-1a,subnet-2b', '--b-security-groups', 'sg-1'],
];

let folder: string;
let bench: PairBench;
const file = () => join(folder, 'pair.json');
const text = () => readFile(file(), 'utf8');
const set = (region: string, name: string, members: Partial<Environment> = {}) =>
  bench.mwaa.set(region, name, {
    SourceBucketArn: `arn:aws:s3:::dags-${region}`,
    DagS3Path: 'dags',
    ExecutionRoleArn: `arn:aws:iam::${account}:role/mwaa-${region}`,
    ...members,
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-init-'));
  bench = new PairBench();
  bench.workingFolder = folder;
  set('eu-west-1', 'Data_Platform');
  set('eu-central-1', 'standby');
});
afterEach(() => rm(folder, { recursive: true }));

describe('lifeboat init for two environments', () => {
  it('writes a configuration in mode observe that every other command reads', async () => {
    expect(await bench.run(...warm)).toBe(0);
    expect(await loadConfig(file())).toMatchObject({
      pair: 'data-platform',
      account,
      controllerRegion: 'eu-north-1',
      strategy: 'warm-standby',
      mode: 'observe',
      homeSite: 'a',
      sites: {
        a: {
          region: 'eu-west-1',
          environment: 'Data_Platform',
          dagBucket: 'dags-eu-west-1',
          executionRoleArn: `arn:aws:iam::${account}:role/mwaa-eu-west-1`,
          webServerAccess: 'PUBLIC_ONLY',
        },
        b: { region: 'eu-central-1', environment: 'standby', dagBucket: 'dags-eu-central-1' },
      },
    });
    expect(bench.out.at(-1)).toBe('  lifeboat doctor');
    expect(await readdir(folder)).toEqual(['pair.json']);
  });

  it('finds a third Region for the controller, and takes another one when it is told', async () => {
    set('us-east-2', 'x');
    set('us-west-2', 'y');
    expect(await bench.run('init', '--a', 'us-east-2/x', '--b', 'us-west-2/y')).toBe(0);
    expect(await loadConfig(file())).toMatchObject({ controllerRegion: 'us-east-1' });
    expect(await text()).toContain('// A third Region, so that the loss of a site does not take the controller');
    expect(await bench.run(...warm, '--controller-region', 'eu-west-1', '--force')).toBe(0);
    expect(await loadConfig(file())).toMatchObject({ controllerRegion: 'eu-west-1' });
    expect(bench.stdout).toContain('CHECK     The controller stands in the Region of a site');
  });

  it('says as comments and on the screen what to check, and never the value of an option', async () => {
    set('eu-west-1', 'Data_Platform', {
      AirflowVersion: '2.11.0',
      EnvironmentClass: 'mw1.micro',
      WebserverAccessMode: 'PRIVATE_ONLY',
      AirflowConfigurationOptions: {
        'metrics.metrics_block_list': 'hunter2',
        'smtp.smtp_password': 'hunter2',
        'core.killed_task_cleanup_time': '120',
      },
    });
    set('eu-central-1', 'standby', {
      Status: 'UPDATING',
      AirflowConfigurationOptions: { 'core.dags_are_paused_at_creation': 'False' },
    });
    expect(await bench.run(...warm)).toBe(0);
    const written = (await text()).replaceAll(/\n *\/\/ /g, ' ');
    for (const finding of [
      'The Airflow versions are unlike (2.11.0 and 2.10.3)',
      'The classes are unlike (mw1.micro and mw1.small)',
      'Airflow 2.11.0 has not been tried',
      'Options that choose metrics are set (metrics.metrics_block_list)',
      'Class mw1.micro runs three tasks at a time',
      'Its web server is private',
      'It is UPDATING just now',
      'core.dags_are_paused_at_creation is switched off',
      'core.killed_task_cleanup_time is unlike on the two sites',
    ]) {
      expect(written).toContain(`CHECK: ${finding}`);
      expect(bench.stdout).toContain(finding);
    }
    expect(`${written}${bench.stdout}`).not.toContain('hunter2');
    expect(await loadConfig(file())).toMatchObject({ timing: { killedTaskCleanupSeconds: 120 } });
  });

  it('prints the facts as one document', async () => {
    expect(await bench.run(...warm, '--json')).toBe(0);
    expect(bench.document()).toMatchObject({
      file: file(),
      complete: true,
      missing: [],
      pair: 'data-platform',
      a: { region: 'eu-west-1', airflowVersion: '2.10.3', customerKeyArn: null, metricOptions: [] },
      b: { kind: 'found', site: { environment: 'standby' } },
      findings: { a: [], b: [], pair: [] },
    });
  });
});

describe('lifeboat init for one environment', () => {
  it('marks what only a person knows, and parsing names it', async () => {
    set('eu-west-1', 'Data_Platform', { KmsKey: `arn:aws:kms:eu-west-1:${account}:key/k` });
    expect(await bench.run(...cold)).toBe(6);
    const missing = [
      'sites.b.dagBucket',
      'sites.b.executionRoleArn',
      'sites.b.create.subnetIds',
      'sites.b.create.securityGroupIds',
      'sites.b.create.kmsKeyArn',
    ];
    for (const field of missing) expect(bench.stdout).toContain(`FILL IN   ${field}`);
    const refused: unknown = await loadConfig(file()).catch((error: unknown) => error);
    const { message } = z.object({ message: z.string() }).parse(refused);
    for (const field of missing) expect(message).toContain(field);
    expect(message.match(/[\w.]+: found "FILL-IN"/g)).toHaveLength(missing.length + 1);
  });

  it('is complete when it is told all of it', async () => {
    const key = `arn:aws:kms:eu-central-1:${account}:key/00000000-0000-0000-0000-000000000000`;
    expect(await bench.run(...coldComplete)).toBe(0);
    expect((await loadConfig(file())).sites.b).toMatchObject({
      environment: 'Data_Platform',
      dagBucket: 'dags-b',
      create: { subnetIds: ['subnet-1a', 'subnet-2b'], securityGroupIds: ['sg-1'] },
    });
    set('eu-west-1', 'Data_Platform', { KmsKey: `arn:aws:kms:eu-west-1:${account}:key/k` });
    expect(await bench.run(...coldComplete, '--b-kms-key', key, '--force')).toBe(0);
    const config = await loadConfig(file());
    expect(config.strategy).toBe('backup-restore');
    expect(config.sites.b.create?.kmsKeyArn).toBe(key);
  });

  it('names the options that name the Region of site a', async () => {
    set('eu-west-1', 'Data_Platform', { AirflowConfigurationOptions: { 'smtp.smtp_host': 'mail.eu-west-1.example' } });
    expect(await bench.run(...coldComplete)).toBe(0);
    expect(bench.stdout).toContain('Options of site a name its Region (smtp.smtp_host)');
    expect(await text()).not.toContain('mail.eu-west-1.example');
  });
});

describe('lifeboat init writes nothing', () => {
  it.each<[string, readonly string[], number, string]>([
    [
      'an environment that is not there',
      ['--a', 'eu-west-1/lost', '--b', 'eu-central-1/standby'],
      2,
      'there is no environment lost in eu-west-1',
    ],
    ['the same environment twice', ['--a', 'eu-west-1/x', '--b', 'eu-west-1/x'], 2, 'both sites are x in eu-west-1'],
    ['one Region for both', ['--a', 'eu-west-1/x', '--b', 'eu-west-1/y'], 2, 'both sites are in eu-west-1'],
    [
      'one Region for both, the second to be created',
      ['--a', 'eu-west-1/x', '--b-region', 'eu-west-1'],
      2,
      'both sites are in eu-west-1',
    ],
    [
      'another partition',
      ['--a', 'cn-north-1/x', '--b', 'eu-west-1/y'],
      2,
      'expected a Region of the commercial partition',
    ],
    [
      'another partition for the controller',
      [...warm.slice(1), '--controller-region', 'us-gov-west-1'],
      2,
      '--controller-region: expected a Region of the commercial',
    ],
    ['no second site', ['--a', 'eu-west-1/x'], 2, 'site b is missing'],
    ['two second sites', [...warm.slice(1), '--b-region', 'eu-west-3'], 2, 'both --b and --b-region are given'],
    [
      'subnets for an environment that exists',
      [...warm.slice(1), '--b-subnets', 's'],
      2,
      '--b-subnets is for an environment that is to be created',
    ],
    ['an address that is none', ['--a', 'data-platform', '--b', 'eu-west-1/y'], 2, '--a: expected <region>/<name>'],
    [
      'a wrong name of the pair',
      [...warm.slice(1), '--pair', 'Data'],
      2,
      'pair: found "Data", expected 1 to 20 lower-case letters',
    ],
    [
      'a wrong subnet',
      [...coldComplete.slice(1, -4), '--b-subnets', 'a,b', '--b-security-groups', 'sg-1'],
      2,
      'sites.b.create.subnetIds.0: found "a"',
    ],
    ['a wrong name beside what is missing', [...cold.slice(1), '--pair', 'Data'], 2, 'pair: found "Data"'],
  ])('for %s', async (_, words, exitCode, cause) => {
    expect(await bench.run('init', ...words)).toBe(exitCode);
    expect(bench.stderr).toContain(cause);
    expect(bench.stderr).toContain('Fix: ');
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['CREATE_FAILED', 'DELETING'])('for an environment that is %s', async (Status) => {
    set('eu-central-1', 'standby', { Status });
    expect(await bench.run(...warm)).toBe(4);
    expect(bench.stderr).toContain(`environment standby in eu-central-1 is ${Status}`);
  });

  it('for environments of two accounts', async () => {
    set('eu-central-1', 'standby', { Arn: 'arn:aws:airflow:eu-central-1:210987654321:environment/standby' });
    expect(await bench.run(...warm)).toBe(2);
    expect(bench.stderr).toContain('site a is of account 123456789012, site b of account 210987654321');
  });

  it('for an environment of which MWAA does not say enough yet', async () => {
    set('eu-central-1', 'standby', { Status: 'CREATING', AirflowVersion: undefined });
    expect(await bench.run(...warm)).toBe(4);
    expect(bench.stderr).toContain('MWAA says no AirflowVersion of environment standby');
  });

  it('when AWS refuses or does not answer', async () => {
    bench.mwaa.outage = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    expect(await bench.run(...warm)).toBe(2);
    expect(bench.stderr).toContain('airflow:GetEnvironment');
    bench.mwaa.outage = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
    expect(await bench.run(...warm)).toBe(1);
    expect(bench.stderr).toContain('cannot reach Amazon MWAA in eu-west-1: no answer in time');
    expect(await readdir(folder)).toEqual([]);
  });

  it('over a file that exists, unless it is told to', async () => {
    await writeFile(file(), 'mine');
    expect(await bench.run(...warm)).toBe(2);
    expect(bench.stderr).toContain(`${file()} exists already`);
    expect(await text()).toBe('mine');
    expect(await bench.run(...warm, '--force')).toBe(0);
    expect(await readdir(folder)).toEqual(['pair.json']);
    await loadConfig(file());
  });

  it('where it cannot write, and leaves no part behind', async () => {
    await mkdir(join(folder, 'taken'));
    expect(await bench.run(...warm, '--out', 'taken', '--force')).toBe(2);
    expect(bench.stderr).toContain('cannot be written');
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('lifeboat helpers', () => {
  it('writes the helper DAGs with the pair.json that they read, and says how to upload them', async () => {
    expect(await bench.run('helpers', '--out', 'out')).toBe(0);
    const files = await readdir(join(folder, 'out'), { recursive: true });
    expect(files).toEqual(expect.arrayContaining(['canary_dag.py', '.airflowignore', 'engine/canary.py', 'pair.json']));
    expect(files.filter((name) => name.includes('__pycache__'))).toEqual([]);
    expect(JSON.parse(await readFile(join(folder, 'out', 'pair.json'), 'utf8'))).toEqual({
      pair: 'demo',
      canarySeconds: 60,
      keyAlias: 'alias/lifeboat-demo',
      sites: {
        a: { environment: 'orders-a', region: 'eu-west-1', bucket: 'lifeboat-demo-123456789012-eu-west-1' },
        b: { environment: 'orders-b', region: 'eu-central-1', bucket: 'lifeboat-demo-123456789012-eu-central-1' },
      },
    });
    expect(bench.out.slice(-2)).toEqual([
      '  aws s3 sync out s3://orders-b-dags/dags/mwaa_lifeboat --delete --region eu-central-1',
      '  aws s3 sync out s3://orders-a-dags/dags/mwaa_lifeboat --delete --region eu-west-1',
    ]);
    expect(await bench.run('helpers', '--out', 'out', '--json')).toBe(0);
    expect(bench.document()).toMatchObject({ pair: 'demo', folder: join(folder, 'out') });
  });

  it('refuses a folder with files that would be uploaded with them, and a file', async () => {
    await mkdir(join(folder, 'full', 'engine'), { recursive: true });
    await writeFile(join(folder, 'full', 'engine', 'old.py'), '');
    expect(await bench.run('helpers', '--out', 'full')).toBe(2);
    expect(bench.stderr).toContain('holds files that are no helper DAGs: engine/old.py');
    expect(await readdir(join(folder, 'full'), { recursive: true })).toEqual(['engine', 'engine/old.py']);
    expect(await bench.run('helpers', '--out', 'full/engine/old.py')).toBe(2);
    expect(bench.stderr).toContain('old.py is no folder');
  });

  it('needs a folder', async () => {
    expect(await bench.run('helpers')).toBe(2);
    expect(bench.stderr).toContain('--out <folder>');
  });
});
