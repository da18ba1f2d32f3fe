import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { NamedError } from '../support/asl-walker.ts';
import { functionBodies } from '../support/simulation-functions.ts';
import { lostSite, stopAt } from '../support/simulation-scenarios.ts';
import { Simulation, type WalkHooks } from '../support/simulation-world.ts';

const bare = (bodies = {}) => Simulation.started({}, { snapshots: 0, bodies });
const snapshotsOf = async (simulation: Simulation) =>
  (await simulation.table.list(records.snapshots())).map(({ value }) => value);

/** Does something the first time that a tick of protect enters a state. */
function once(state: string, act: () => void | Promise<void>): WalkHooks {
  let done = false;
  return {
    entering: async (here) => {
      if (here !== state || done) return;
      done = true;
      await act();
    },
  };
}

describe('a tick of protect', () => {
  it('captures, exports, verifies where it will be used, and publishes the ages', async () => {
    const simulation = await bare();
    const walked = await simulation.protect();
    expect(walked.states.filter((state) => !state.startsWith('Is ') && !state.startsWith('Wait '))).toEqual([
      'Capture the configuration',
      'Export the snapshot',
      'Export the snapshot',
      'Verify the snapshot',
      'Publish the ages',
      'Protected',
    ]);
    const [snapshot] = await snapshotsOf(simulation);
    expect(snapshot).toMatchObject({ site: 'a', epoch: 1, verified: { side: 'b' }, invalid: null });
    expect(snapshot?.snapshotId).toMatch(/^000001-[0-9A-Z]{26}$/);
    const { a } = simulation.sites;
    expect((await a.bucket.read('demo/sites/a/environment.json'))?.body.toString()).toContain('"Status": "AVAILABLE"');
    const age = (simulation.clock.now().getTime() - Date.parse(snapshot?.snapshotAt ?? '')) / 1000;
    expect(simulation.metrics.newest('SnapshotAgeSeconds')).toBe(age);
    expect((await simulation.table.get(records.tick('protect')))?.value.finishedAt).not.toBeNull();
  });

  it('waits for replication, and another tick meanwhile is skipped but publishes', async () => {
    const simulation = await bare();
    simulation.replicating = false;
    let beside: readonly string[] = [];
    let verified: unknown = 'not looked';
    const walked = await simulation.protect(
      once('Wait for the replica', async () => {
        simulation.metrics.published.length = 0;
        beside = (await simulation.protect({}, new Date(simulation.clock.now().getTime() + 1000).toISOString())).states;
        verified = await snapshotsOf(simulation);
        expect(simulation.metrics.newest('HeldOps')).toBe(0);
        simulation.replicating = true;
      }),
    );
    expect(walked.states.at(-1)).toBe('Protected');
    expect(beside.at(-1)).toBe('Skipped');
    expect(verified).toEqual([]);
    expect(simulation.sites.a.worked).toHaveLength(1);
  });

  it('gives up on a replica that never comes', async () => {
    const simulation = await bare();
    simulation.replicating = false;
    const walked = await simulation.protect();
    expect(walked).toMatchObject({ status: 'FAILED', error: 'SiteUnreachableError' });
    expect(walked.states.slice(-3)).toEqual(['Publish the ages', 'Is there a new snapshot', 'Snapshot not taken']);
    expect((await simulation.table.get(records.tick('protect')))?.value.finishedAt).not.toBeNull();
  });

  it('finds a flipped byte, and that snapshot is never chosen', async () => {
    const simulation = await bare();
    const walked = await simulation.protect(
      once('Verify the snapshot', async () => {
        const keys = await simulation.sites.b.bucket.list('demo/snapshots/');
        simulation.replicate();
        const [key] = keys.length > 0 ? keys : await simulation.sites.b.bucket.list('demo/snapshots/');
        await simulation.sites.b.bucket.write(key ?? '', 'dag_run of somebody elses');
      }),
    );
    expect(walked).toMatchObject({ status: 'FAILED', error: 'SnapshotInvalidError' });
    const [snapshot] = await snapshotsOf(simulation);
    expect(snapshot).toMatchObject({ verified: null, invalid: expect.stringContaining('sealed were') });
  });

  it('refuses a manifest that changed after it was first seen', async () => {
    const simulation = await bare();
    const { a, b } = simulation.sites;
    simulation.replicating = false;
    const walked = await simulation.protect(
      once('Wait for the replica', async () => {
        a.bucket.replicateTo(b.bucket, 'demo/snapshots/');
        const keys = await b.bucket.list('demo/snapshots/');
        const manifest = keys.find((key) => key.endsWith('manifest.json')) ?? '';
        const document = JSON.parse((await b.bucket.read(manifest))?.body.toString() ?? '');
        await b.bucket.seedJson(manifest, { ...document, dags: [] });
      }),
    );
    expect(walked).toMatchObject({ status: 'FAILED', error: 'SnapshotInvalidError' });
    expect((await snapshotsOf(simulation)).filter(({ verified }) => verified !== null)).toEqual([]);
  });

  it('keeps the last good configuration of an environment that is UPDATING', async () => {
    const simulation = await bare();
    await simulation.protect();
    const { region, environment } = simulation.world.config.sites.a;
    const read = async () => (await simulation.sites.a.bucket.read('demo/sites/a/environment.json'))?.body.toString();
    const good = await read();
    simulation.mwaa.set(region, environment, { Status: 'UPDATING', EnvironmentClass: 'mw1.large' });
    await simulation.advance(900);
    expect((await simulation.protect()).states.at(-1)).toBe('Protected');
    expect(await read()).toBe(good);
    simulation.mwaa.set(region, environment, { Status: 'AVAILABLE' });
    await simulation.advance(900);
    await simulation.protect();
    expect(await read()).toContain('mw1.large');
  });

  it('takes none while no site holds the grant, and still publishes that an op is held', async () => {
    const { simulation, op } = await lostSite();
    const failing = { dagId: 'lifeboat_import', stage: 'unfinished', does: 'fail' } as const;
    simulation.sites.b.faults.push(failing, failing);
    await simulation.execute();
    expect((await simulation.op(op.op)).needs).not.toBeNull();
    simulation.metrics.published.length = 0;
    expect((await simulation.protect()).states).toEqual([
      'Capture the configuration',
      'Is there a snapshot to take',
      'Skipped',
    ]);
    expect(simulation.metrics.newest('HeldOps')).toBe(1);
  });

  it('whose function dies after it has claimed its tick goes on with it', async () => {
    let died = false;
    const simulation = await bare({
      captureConfiguration: (world: Parameters<NonNullable<(typeof functionBodies)[string]>>[0], payload: unknown) => {
        const getEnvironment = async (region: string, name: string) => {
          if (died) return await world.mwaa.getEnvironment(region, name);
          died = true;
          throw new NamedError('Runtime.ExitError', 'the function was killed');
        };
        return functionBodies.captureConfiguration?.(
          { ...world, mwaa: Object.assign(Object.create(world.mwaa), { getEnvironment }) },
          payload,
        );
      },
    });
    expect((await simulation.protect()).states.at(-1)).toBe('Protected');
    expect(died).toBe(true);
  });

  it('whose metrics cannot be published does not keep the next one from its snapshot', async () => {
    const simulation = await bare();
    const publish = simulation.metrics.publish.bind(simulation.metrics);
    simulation.metrics.publish = async () => {
      throw new Error('throttled');
    };
    expect((await simulation.protect()).states.at(-1)).toBe('Snapshot not taken');
    simulation.metrics.publish = publish;
    await simulation.advance(900);
    expect((await simulation.protect()).states.at(-1)).toBe('Protected');
    expect(await snapshotsOf(simulation)).toHaveLength(2);
  });

  it('that was overtaken does not end the one that is at work', async () => {
    const simulation = await bare();
    const first = simulation.clock.iso;
    await expect(simulation.protect(stopAt('Export the snapshot', 'after'), first)).rejects.toThrow('stopped');
    await simulation.advance(3700);
    await expect(simulation.protect(stopAt('Export the snapshot', 'after'))).rejects.toThrow('stopped');
    await functionBodies.publishAges?.(simulation.world, { pair: 'demo', tickAt: first, state: 'Publish the ages' });
    expect((await simulation.table.get(records.tick('protect')))?.value.finishedAt).toBeNull();
  });

  it('of the site that took over exports there', async () => {
    const { simulation } = await lostSite();
    await simulation.execute();
    await simulation.advance(120);
    expect((await simulation.protect()).states.at(-1)).toBe('Protected');
    const snapshot = (await snapshotsOf(simulation)).at(-1);
    expect(snapshot).toMatchObject({ site: 'b', epoch: 2, verified: { side: 'a' } });
  });
});
