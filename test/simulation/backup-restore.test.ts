import { describe, expect, it } from 'vitest';
import type { OpRecord, SiteRecord } from '../../lib/contracts/control.ts';
import { keysOf } from '../../lib/contracts/names.ts';
import { records } from '../../lib/contracts/records.ts';
import { EnvironmentRequestRefusedError } from '../../lib/ports/mwaa.ts';
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

/** Prepared in mode prepare; nobody approves, and the lost site comes back. */
async function preparedAndStoodDown() {
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

describe('an environment that was prepared', () => {
  it('is kept for its time after the stand-down, then deleted', async () => {
    const { simulation } = await preparedAndStoodDown();
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
    const { simulation } = await preparedAndStoodDown();
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

describe('an environment that is used without the controller', () => {
  async function keptAfter(change: (simulation: Simulation) => void) {
    const { simulation } = await preparedAndStoodDown();
    change(simulation);
    await simulation.advance(20_000);
    expect(environments(simulation)).toContain('demo-b AVAILABLE');
    expect(simulation.mwaa.changes).toEqual(['create demo-b']);
    const told = simulation.pager.pages.filter(({ subject }) => subject.includes('is not deleted'));
    expect(told).toHaveLength(1);
    return told[0]?.text;
  }

  it('is never deleted when its row says that it runs production', async () => {
    const told = await keptAfter(({ sites: { b } }) => b.writeRow({ ...b.row(), mode: 'active', epoch: 101 }));
    expect(told).toMatch(/the row of demo-b says active at epoch 101/);
  });

  it('is never deleted while a production DAG is open on it', async () => {
    const told = await keptAfter(({ sites: { b } }) => {
      for (const dag of b.airflow.dags) if (dag.dagId === 'sales') dag.isPaused = false;
    });
    expect(told).toMatch(/1 production DAGs are open on demo-b/);
  });

  it('is never deleted while it cannot be looked at', async () => {
    const told = await keptAfter(({ sites: { b } }) => {
      b.airflow.outage = new Error('socket hang up');
    });
    expect(told).toMatch(/Airflow of demo-b does not answer/);
  });
});

describe('an op that comes after another one', () => {
  it('creates what an earlier op was refused, however long ago', async () => {
    const { simulation, op } = await lost();
    const create = simulation.mwaa.createEnvironment.bind(simulation.mwaa);
    simulation.mwaa.createEnvironment = async () => {
      throw new EnvironmentRequestRefusedError('the subnet is wrong');
    };
    await failureOf(simulation, op);
    simulation.mwaa.createEnvironment = create;
    const next = await simulation.untilBegun();
    simulation.clock.set(new Date(simulation.clock.now().getTime() + 3 * 3600_000));
    await simulation.execute();
    await expectRecovered({ simulation, op: next });
  });

  it('begins although what an earlier op could not create is still there', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('fail', 'fail');
    await failureOf(simulation, op);
    expect(environments(simulation)).toContain('demo-b-2 CREATE_FAILED');
    const next = await simulation.untilBegun();
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered({ simulation, op: next });
  });

  it('is not ended by one failed call long before', async () => {
    const { simulation, op } = await lost();
    simulation.creation?.ends.push('stuck');
    const get = simulation.mwaa.getEnvironment.bind(simulation.mwaa);
    let looks = 0;
    simulation.mwaa.getEnvironment = async (region, name) => {
      if (name === 'demo-b') looks += 1;
      if (looks === 5) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      return await get(region, name);
    };
    let waits = 0;
    const entering = (state: string) => {
      if (state !== 'Wait for the site') return;
      waits += 1;
      // Longer than a target may be silent (one hour of looks every 15 s).
      if (waits === 280) simulation.creation?.makeEndpoints('demo-b');
      if (waits === 285) simulation.sites.b.airflow.dags.splice(0, 1);
      if (waits === 287) simulation.sites.b.airflow.addDag('lifeboat_canary');
    };
    expect(await simulation.execute({ entering })).toMatchObject({ status: 'SUCCEEDED' });
    await expectRecovered({ simulation, op });
  });
});

describe('a pair that has a standby by now', () => {
  it('forgets the environment that an op created once: production runs where it was promoted', async () => {
    const { simulation, op } = await lostSite({}, {});
    const gone: SiteRecord = {
      ...{ side: 'b', environment: 'demo-b-2', region: 'eu-central-1', state: 'gone', op: op.op },
      ...{ requestSha256: 'x', passedOver: [], keptBecause: null, failedAt: null, askedAt: simulation.clock.iso },
    };
    simulation.table.seed(records.site('b'), gone);
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    expect((await simulation.worldNow()).config.sites.b.environment).toBe('demo-b');
  });

  it('pages about it when the strategy says that an op would create it', async () => {
    const simulation = await Simulation.started(backupRestore);
    simulation.mwaa.set('eu-central-1', 'demo-b');
    await simulation.advance(1200);
    expect(simulation.pager.pages.map(({ text }) => text).join()).toMatch(/exists that no op has made/);
  });
});

describe('what the service says about a refusal', () => {
  it('is told without the values of the options', async () => {
    const { simulation, op } = await lost();
    simulation.mwaa.set('eu-west-1', 'demo-a', {
      AirflowConfigurationOptions: { 'smtp.smtp_password': 'hunter2-long' },
    });
    const text = JSON.stringify(await simulation.mwaa.getEnvironment('eu-west-1', 'demo-a'));
    await simulation.sites.b.bucket.write(keysOf('demo').environment('a'), text);
    const captured = await simulation.table.get(records.captured('a'));
    if (!captured) throw new Error('nothing was captured');
    simulation.table.seed(records.captured('a'), { ...captured.value, sha256: simulation.world.sha256(text) });
    simulation.replicating = false;
    simulation.mwaa.createEnvironment = async () => {
      throw new EnvironmentRequestRefusedError("Value '{smtp.smtp_password=hunter2-long}' at 'options' is wrong");
    };
    expect(await failureOf(simulation, op)).toMatch(/smtp.smtp_password=\*\*\*/);
    expect(JSON.stringify(simulation.table.dump()) + JSON.stringify(simulation.pager.pages)).not.toMatch(/hunter2/);
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
