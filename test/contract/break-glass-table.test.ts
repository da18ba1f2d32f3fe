import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordKey, records } from '../../lib/contracts/records.ts';
import { CALLERS } from '../../sandbox/cloud/callers.ts';
import { Terminal } from '../support/break-glass-page.ts';
import { control, grant, op } from '../support/core-fixtures.ts';
import { toolsPython } from '../support/moto-server.ts';
import { pairConfig, siteConfig } from '../support/pair-config.ts';
import { useDeployedPair } from './preflight-cloud.ts';

const config = pairConfig({
  pair: 'glass',
  sandbox: true,
  sites: { a: siteConfig('eu-west-1', 'glass-a'), b: siteConfig('eu-central-1', 'glass-b') },
});
const values = {
  ...{ PAIR: 'glass', ACCOUNT: config.account, CONTROLLER_REGION: config.controllerRegion },
  ...{ LOSING: 'a', LOSING_REGION: 'eu-west-1', LOSING_ENVIRONMENT: 'glass-a' },
  ...{ TARGET: 'b', TARGET_REGION: 'eu-central-1', TARGET_ENVIRONMENT: 'glass-b' },
  ...{ BY: 'On Call', REASON: 'a rehearsal', INTERRUPTED: 'fail', CATCH_UP_BUDGET: '100', CLEANUP_SECONDS: '60' },
};
const glass = '01kazq4w8h3m5n7p9r1s2t4v6x';
const began = '2026-02-03T04:05:06Z';
const promoted = '2026-02-03T04:15:06Z';
const opened = [{ dagId: 'orders', isPaused: false }];
const stopped = [{ dagId: 'orders', runId: 'r', taskId: 't', mapIndex: -1, state: 'running' }];
/** Each command of the AWS CLI is a program of its own that takes a second of a processor to start. */
const patience = 240_000;

/* A table that an op of the controller has left with the grant withdrawn, and a person who has moved production since. */
describe('telling the control table what a person did', { timeout: patience }, () => {
  const pair = useDeployedPair(config);
  const home = mkdtempSync(path.join(tmpdir(), 'lifeboat-break-glass-'));
  const interrupted = op({ pair: 'glass', phase: 'withdrawn' });
  let terminal: Terminal;

  beforeAll(async () => {
    const { since } = grant();
    await pair.table().commit([
      { key: records.control(), expect: 'absent', value: control({ pair: 'glass', op: interrupted.op }) },
      { key: records.grant(), expect: 'absent', value: grant({ holder: 'none', epoch: 2 }) },
      { key: records.grantPeriod(1), expect: 'absent', value: { epoch: 1, holder: 'a', since, until: since } },
      { key: records.op(interrupted.op), expect: 'absent', value: interrupted },
    ]);
    const folder = path.join(home, 'break-glass-glass');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'decided.sh'), `export EPOCH=102 OP=${glass} BEGAN=${began}\n`);
    const notes = {
      'promoted.json': { at: promoted },
      'fenced.json': { rung: 'R2', zeroReadAt: began, acknowledgedAt: promoted, waiver: null },
      'snapshot.json': { snapshotId: '000001-01KAZQ4W8H3M5N7P9R1S2T4V6X' },
      'pause-map.json': opened,
      'stopped.json': stopped,
    };
    for (const [name, note] of Object.entries(notes)) writeFileSync(path.join(folder, name), JSON.stringify(note));
    terminal = new Terminal({
      HOME: home,
      PATH: `${path.dirname(await toolsPython())}:${process.env.PATH}`,
      AWS_ENDPOINT_URL: pair.front().url,
      AWS_ACCESS_KEY_ID: CALLERS.cli,
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
    });
    await terminal.follow('Set up', values);
  }, patience);
  afterAll(() => {
    terminal?.close();
    rmSync(home, { recursive: true, force: true });
  });

  const denied = async (role: string) =>
    (await pair.clients('us-east-1').iam.send(new ListRolePoliciesCommand({ RoleName: role }))).PolicyNames?.includes(
      'break-glass',
    );

  it('takes the rights of the machines and schedules of the controller', async () => {
    const seen = await terminal.follow('1b.');
    const roles = [...seen.matchAll(/^denied (\S+)$/gm)].map(([, name = '']) => name);
    expect(roles.map((name) => name.replace(/Role.*/, '')).sort()).toEqual(
      ['failoverMachine', 'protectMachine', 'protecttick', 'watchMachine', 'watchtick'].map(
        (name) => `lifeboat-glass-controller-${name}`,
      ),
    );
    expect(await denied(roles[0] ?? '')).toBe(true);
  });

  it('disables both schedules', async () => {
    await terminal.follow('1a.');
    expect(pair.deployment().schedules.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['lifeboat-glass-watch', false],
      ['lifeboat-glass-protect', false],
    ]);
  });

  it('writes nothing when the table has changed since it was looked at', async () => {
    await terminal.follow('9.');
    const changed = control({ pair: 'glass', op: interrupted.op, rev: 8 });
    await pair.table().commit([{ key: records.control(), expect: 1, value: changed }]);
    await expect(terminal.follow('10.')).rejects.toThrow('TransactionCanceledException');
    expect((await pair.table().get(records.grant()))?.value).toMatchObject({ holder: 'none', epoch: 2 });
    expect(await pair.table().get(records.op(glass))).toBeNull();
  });

  it('writes records that the controller reads, in one transaction', async () => {
    await terminal.follow('9.');
    expect(await terminal.follow('10.')).toContain('write control version 2 -> 3');
    const table = pair.table();
    const read = async <T>(key: RecordKey<T>) => (await table.get(key))?.value;
    expect(await read(records.grant())).toEqual({ holder: 'b', epoch: 102, since: promoted });
    expect(await read(records.grantPeriod(102))).toEqual({ epoch: 102, holder: 'b', since: promoted, until: null });
    expect(await read(records.control())).toEqual(control({ pair: 'glass', op: null, rev: 9 }));
    expect(await read(records.op(interrupted.op))).toMatchObject({
      ...{ phase: 'stood-down', outcome: 'stood-down', failure: `replaced by hand: ${glass}` },
      plan: interrupted.plan,
    });
    expect(await read(records.op(glass))).toMatchObject({ phase: 'closed', outcome: 'recovered', epoch: 102 });
    expect(await read(records.fence(102, 'a'))).toMatchObject({
      ...{ rung: 'R2', acknowledgedAt: promoted, pauseMap: opened, stopped, stoppedCount: 1 },
    });
    expect((await table.list(records.audits())).map(({ value }) => value.what)).toEqual(['break-glass']);
  });

  it('stops before a second telling', async () => {
    await expect(terminal.follow('9.')).rejects.toThrow('STOP: the table knows that epoch');
  });

  it('gives rights and schedules back', async () => {
    const seen = await terminal.follow('11.');
    const roles = [...seen.matchAll(/^given back (\S+)$/gm)].map(([, name = '']) => name);
    expect(roles).toHaveLength(5);
    expect(await denied(roles[0] ?? '')).toBe(false);
    expect(pair.deployment().schedules.every(({ enabled }) => enabled)).toBe(true);
  });
});
