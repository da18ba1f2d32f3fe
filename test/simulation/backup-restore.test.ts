import { describe, expect, it } from 'vitest';
import type { OpRecord } from '../../lib/contracts/control.ts';
import { keysOf } from '../../lib/contracts/names.ts';
import { records } from '../../lib/contracts/records.ts';
import { acceptCommand } from '../../lib/steps/accept-command.ts';
import { backupRestore, siteConfig } from '../support/pair-config.ts';
import { killAtEachCommit, lostSite, person, resume, stopAt } from '../support/simulation-scenarios.ts';
import { Simulation } from '../support/simulation-world.ts';

const lost = () => lostSite(backupRestore);
const environments = (simulation: Simulation) => simulation.mwaa.all().map(({ Name, Status }) => `${Name} ${Status}`);
const siteB = async (simulation: Simulation) => (await simulation.table.get(records.site('b')))?.value;
const failureOf = async (simulation: Simulation, op: OpRecord) => {
  await simulation.execute();
  await simulation.rules.assertKept();
  expect(await simulation.grant()).toBe('a@1');
  expect(await simulation.op(op.op)).toMatchObject({ outcome: 'stood-down' });
  return (await simulation.op(op.op)).failure;
};

async function expectRecovered({ simulation, op }: { simulation: Simulation; op: OpRecord }) {
  await simulation.rules.assertKept();
  expect(await simulation.op(op.op)).toMatchObject({ outcome: 'recovered', plan: { strategy: 'backup-restore' } });
  expect(await simulation.grant()).toBe('b@2');
  expect(simulation.sites.b.open()).toEqual(['sales', 'billing']);
  expect(simulation.sites.a.open()).toEqual([]);
  expect(await siteB(simulation)).toMatchObject({ state: 'in-use', op: op.op });
}

describe('a pair whose other site is created on the spot', () => {
  it('neither pages nor begins while the other site has no environment and the first is well', async () => {
    const simulation = await Simulation.started(backupRestore);
    await simulation.advance(3600);
    expect(simulation.pager.pages).toEqual([]);
    expect(await simulation.openOp()).toBeNull();
  });

  it('recovers in an environment of the captured configuration', async () => {
    const { simulation, op } = await lost();
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered({ simulation, op });
    expect(environments(simulation)).toEqual(['demo-a AVAILABLE', 'demo-b AVAILABLE']);
    expect(await simulation.mwaa.getEnvironment('eu-central-1', 'demo-b')).toMatchObject({
      AirflowVersion: '2.10.3',
      NetworkConfiguration: { SubnetIds: ['subnet-b1', 'subnet-b2'] },
      AirflowConfigurationOptions: { 'core.dags_are_paused_at_creation': 'True' },
      Tags: { 'lifeboat:pair': 'demo', 'lifeboat:site': 'b', 'lifeboat:op': op.op },
    });
  });

  it('tries once more under another name when the creation fails, and sweeps the failed one', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('fail');
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered({ simulation, op });
    expect((await simulation.worldNow()).config.sites.b.environment).toBe('demo-b-2');
    await simulation.advance(1200);
    expect(simulation.mwaa.changes).toEqual(['create demo-b', 'create demo-b-2', 'delete demo-b']);
    expect(environments(simulation)).toEqual(['demo-a AVAILABLE', 'demo-b-2 AVAILABLE']);
    expect(await siteB(simulation)).toMatchObject({ state: 'in-use', passedOver: [] });
  });

  it('stands down when the second creation fails, too', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('fail', 'fail');
    expect(await failureOf(simulation, op)).toMatch(/CreationFailedError.*demo-b-2 is CREATE_FAILED: the subnets/);
  });

  it('tells people once that an environment is PENDING, and goes on when its endpoints are there', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('pending');
    let looks = 0;
    const entering = (state: string) => {
      if (state !== 'Wait for the site') return;
      looks += 1;
      if (looks === 20) simulation.creation?.makeEndpoints('demo-b');
    };
    expect(await simulation.execute({ entering })).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered({ simulation, op });
    expect(simulation.pager.pages.filter(({ subject }) => subject.includes('PENDING'))).toHaveLength(1);
  });

  it('tolerates a creation of two hours and gives up after the limit', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('stuck');
    expect(await failureOf(simulation, op)).toMatch(/demo-b is still CREATING after/);
    const [created] = (await simulation.table.list(records.steps(op.op))).filter(
      ({ value }) => value.state === 'Prepare the site',
    );
    const took = Date.parse(created?.value.endedAt ?? '') - Date.parse(created?.value.startedAt ?? '');
    expect(took).toBeGreaterThan(7200_000);
  });

  it('finds the environment by its tags when the answer of the call was lost', async () => {
    const { simulation, op } = await lost();
    const create = simulation.mwaa.createEnvironment.bind(simulation.mwaa);
    let calls = 0;
    simulation.mwaa.createEnvironment = async (region, request) => {
      calls += 1;
      await create(region, request);
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    };
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered({ simulation, op });
    expect(calls).toBe(1);
  });

  it('never touches an environment of a stranger', async () => {
    const { simulation, op } = await lost();
    simulation.mwaa.set('eu-central-1', 'demo-b');
    expect(await failureOf(simulation, op)).toMatch(/NameTakenError.*demo-b exists and was not made for this pair/);
    await simulation.advance(20_000);
    expect(environments(simulation)).toContain('demo-b AVAILABLE');
    expect(simulation.mwaa.changes).toEqual([]);
  });

  it('passes over an environment that is being deleted', async () => {
    const { simulation, op } = await lost();
    const Tags = { 'lifeboat:pair': 'demo', 'lifeboat:site': 'b' };
    simulation.mwaa.set('eu-central-1', 'demo-b', { Status: 'DELETING', Tags });
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered({ simulation, op });
    expect(simulation.mwaa.changes).toEqual(['create demo-b-2']);
  });
});

describe('a captured configuration', () => {
  it('whose copy over there is another one is refused', async () => {
    const { simulation, op } = await lost();
    const key = keysOf('demo').environment('a');
    await simulation.sites.b.bucket.write(key, '{"Name": "somebody else’s"}');
    simulation.replicating = false;
    expect(await failureOf(simulation, op)).toMatch(/ConfigurationRefusedError.*another digest/);
    expect(simulation.mwaa.changes).toEqual([]);
  });

  it('that the service refuses is said in the service’s words', async () => {
    const { simulation, op } = await lost();
    const { EnvironmentRequestRefusedError } = await import('../../lib/ports/mwaa.ts');
    simulation.mwaa.createEnvironment = async () => {
      throw new EnvironmentRequestRefusedError('Unsupported Airflow version 2.4.3');
    };
    expect(await failureOf(simulation, op)).toMatch(/CreateEnvironment: Unsupported Airflow version 2.4.3; correct it/);
  });

  it('is not asked for when nothing could be restored', async () => {
    const { simulation, op } = await lostSite(backupRestore, { snapshots: 0 });
    expect(await failureOf(simulation, op)).toMatch(/NoSnapshotError|ConfigurationRefusedError/);
    expect(simulation.mwaa.changes).toEqual([]);
  });
});

describe('an environment that was prepared', () => {
  /** Prepared in mode prepare; nobody approves, and the lost site comes back. */
  async function stoodDown() {
    const simulation = await Simulation.started({ ...backupRestore, mode: 'prepare' });
    simulation.sites.a.become('scheduler-lost');
    const op = await simulation.untilBegun();
    let waits = 0;
    await simulation.execute({
      entering: async (state) => {
        if (state !== 'Wait for a person') return;
        waits += 1;
        if (waits === 3) simulation.sites.a.become('well');
        if (waits === 200) await approve(simulation, op);
      },
    });
    expect(await simulation.op(op.op)).toMatchObject({ outcome: 'stood-down', failure: null });
    return { simulation, op };
  }
  const approve = async (simulation: Simulation, op: OpRecord) => {
    const { planHash, epoch } = await simulation.op(op.op);
    await acceptCommand(simulation.world, { command: 'approve', op: op.op, planHash, epoch }, person);
  };

  it('is kept for its time after the stand-down, then deleted', async () => {
    const { simulation } = await stoodDown();
    await simulation.advance(14_000);
    expect(environments(simulation)).toContain('demo-b AVAILABLE');
    await simulation.advance(2000);
    expect(environments(simulation)).toEqual(['demo-a AVAILABLE']);
    expect(await siteB(simulation)).toMatchObject({ state: 'gone' });
    await simulation.rules.assertKept();
    const audits = await simulation.table.list(records.audits());
    expect(audits.filter(({ value }) => value.what === 'remove-environment')).toHaveLength(1);
  });

  it('is adopted by the next op, which creates none', async () => {
    const { simulation } = await stoodDown();
    simulation.sites.a.become('scheduler-lost');
    const next = await simulation.untilBegun();
    await simulation.execute({
      entering: async (state) => {
        if (state === 'Wait for a person') await approve(simulation, next).catch(() => {});
      },
    });
    await expectRecovered({ simulation, op: next });
    expect(simulation.mwaa.changes).toEqual(['create demo-b']);
  });
});

describe('a configuration that is edited while an op runs', () => {
  const edited = (simulation: Simulation) => {
    const sites = { ...simulation.world.configured.sites, b: { ...siteConfig('us-east-1', 'demo-b') } };
    Object.assign(simulation.world, { configured: { ...simulation.world.configured, sites } });
  };

  it('makes the op stand down before the withdrawal', async () => {
    const { simulation, op } = await lostSite();
    await simulation.execute(stopAt('Wait for approval', 'after'));
    edited(simulation);
    await resume(simulation, op);
    expect((await simulation.op(op.op)).failure).toMatch(
      /ConfigurationChangedError.*sites.b.region: the op began with eu-central-1, the configuration now says us-east-1/,
    );
    expect(await simulation.grant()).toBe('a@1');
  });

  it('holds the op after the withdrawal: it neither goes on nor opens anything', async () => {
    const { simulation, op } = await lostSite();
    await simulation.execute(stopAt('Fence the losing site', 'after'));
    edited(simulation);
    await resume(simulation, op);
    const held = await simulation.op(op.op);
    expect(held).toMatchObject({ endedAt: null, phase: 'withdrawn' });
    expect(held.needs).toMatch(/sites.b.region/);
    expect(await simulation.grant()).toBe('none@2');
  });
});

describe('the creation, killed', () => {
  it.each([
    ['before', 'function'],
    ['after', 'function'],
    ['before', 'execution'],
    ['after', 'execution'],
  ] as const)('%s any commit (%s), is found again and asked for once', async (when, how) => {
    const start = async () => {
      const begun = await lost();
      begun.simulation.creation?.ends.push('fail');
      return begun;
    };
    const { commits, broken } = await killAtEachCommit(start, { when, how, to: 14 }, async (begun) => {
      await expectRecovered(begun);
      expect(begun.simulation.mwaa.changes.filter((change) => change.startsWith('create'))).toEqual([
        'create demo-b',
        'create demo-b-2',
      ]);
    });
    expect(broken).toEqual([]);
    expect(commits).toBe(14);
  });
});
