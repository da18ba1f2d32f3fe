import { describe, expect, it } from 'vitest';
import { ImportResult } from '../../../lib/contracts/helper.ts';
import { AirflowApiError } from '../../../lib/ports/airflow.ts';
import { helperRunId, runHelper } from '../../../lib/steps/run-helper.ts';
import { Simulation } from '../../support/simulation-world.ts';

const owner = '01jnq0000000000000000000aa';

/** A site and a helper that can be asked again and again with what it remembers. */
function asking(mostRuns?: number) {
  const simulation = new Simulation();
  const memory: Record<string, unknown> = {};
  const ask = () =>
    runHelper(
      simulation.world,
      {
        side: 'b',
        dagId: 'lifeboat_import',
        owner,
        stepNumber: 2,
        progress: { ...memory },
        remember: async (progress) => {
          Object.assign(memory, progress);
        },
        ...(mostRuns ? { mostRuns } : {}),
        request: {
          kind: 'import',
          pair: 'demo',
          site: 'b',
          op: owner,
          epoch: 2,
          bucket: 'bucket-b',
          region: 'eu-central-1',
          requestedAt: simulation.clock.iso,
          stage: 'terminal',
          snapshotId: '000001-01JNQ00000000000000000000A',
          manifestSha256: 'f'.repeat(64),
          manifestVersionId: null,
          keyAlias: 'alias/lifeboat-demo',
          interruptedDefault: 'fail',
        },
      },
      ImportResult,
    );
  const later = async (seconds: number) => {
    simulation.clock.advance(seconds);
    await simulation.sites.b.settle();
    return await ask();
  };
  return { simulation, memory, ask, later, airflow: simulation.sites.b.airflow };
}
const fail = { dagId: 'lifeboat_import', does: 'fail' } as const;

describe('a helper', () => {
  it('is asked under an id that a path of InvokeRestApi has room for', () => {
    expect(helperRunId(owner, 2, 1)).toBe('lb-000000aa-2-1');
    expect(`/dags/lifeboat_promote/dagRuns/${helperRunId(owner, 99, 99)}`.length).toBeLessThanOrEqual(64);
  });

  it('that refuses is not asked again by this look, and under a new number by the next', async () => {
    const { simulation, memory, ask, later } = asking();
    simulation.sites.b.faults.push({ dagId: 'lifeboat_import', does: 'refuse', error: 'OtherOpError' });
    await ask();
    await expect(later(5)).rejects.toMatchObject({ name: 'HelperRefusedError', helperError: 'OtherOpError' });
    expect(memory).toMatchObject({ run: 2, startedAt: undefined });
  });

  it('has as many failures as it may, and a resumed look has as many again', async () => {
    const { simulation, memory, ask, later } = asking();
    simulation.sites.b.faults.push(fail, fail, fail, fail);
    await ask();
    expect(await later(5)).toMatchObject({ ended: false, because: expect.stringContaining('asking once more') });
    await ask();
    await expect(later(5)).rejects.toMatchObject({ name: 'HelperFailedError' });
    expect(memory.run).toBe(3);
    await ask();
    expect(await later(5)).toMatchObject({ ended: false });
    await ask();
    await expect(later(5)).rejects.toMatchObject({ name: 'HelperFailedError' });
  });

  it('that may fail once only fails at once', async () => {
    const { simulation, ask, later } = asking(1);
    simulation.sites.b.faults.push(fail);
    await ask();
    await expect(later(5)).rejects.toMatchObject({ name: 'HelperFailedError' });
  });

  it('on a site that is away is waited for, and the wait begins anew after each answer', async () => {
    const { ask, later, airflow, memory } = asking();
    const away = new Error('socket hang up');
    airflow.outage = away;
    expect(await ask()).toMatchObject({ ended: false, because: expect.stringContaining('does not answer') });
    airflow.outage = null;
    expect(await later(1)).toMatchObject({ ended: false });
    expect(memory.awaySince).toBeUndefined();
    airflow.outage = away;
    expect(await later(299)).toMatchObject({ ended: false });
    await expect(later(301)).rejects.toMatchObject({ name: 'SiteUnreachableError', cause: away });
    expect(await later(1)).toMatchObject({ ended: false });
  });

  it("that Airflow's own answer refuses is not waited for", async () => {
    const { ask, airflow } = asking();
    airflow.dags = [];
    await expect(ask()).rejects.toBeInstanceOf(AirflowApiError);
  });

  it('that runs too long fails its step; who asks again waits as long again', async () => {
    const { simulation, ask, later } = asking();
    simulation.sites.b.faults.push({ dagId: 'lifeboat_import', does: 'hang' });
    await ask();
    expect(await later(3500)).toMatchObject({ ended: false });
    await expect(later(200)).rejects.toMatchObject({ name: 'HelperTimeoutError' });
    expect(await later(3500)).toMatchObject({ ended: false });
  });
});
