import { describe, expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { lostSite } from '../../support/simulation-scenarios.ts';

describe('the record of a promotion', () => {
  it('has room for thousands of DAGs: those that people have to look at, and the counts', async () => {
    const { simulation, op } = await lostSite();
    const { a, b } = simulation.sites;
    for (let n = 0; n < 1000; n += 1) {
      a.airflow.addDag(`only_a_${n}`);
      a.airflow.addDag(`both_${n}`);
      b.airflow.addDag(`both_${n}`, { isPaused: true });
    }
    expect(await simulation.execute()).toMatchObject({ status: 'SUCCEEDED' });
    await simulation.rules.assertKept();
    const step = await simulation.table.get(records.step(op.op, 'Promote the site'));
    const output = step?.value.output ?? {};
    expect(output).toMatchObject({ opened: 1002, leftPausedCount: 1000, because: expect.stringContaining('980 more') });
    expect(output.leftPaused).toHaveLength(500);
    expect(output.dags).toHaveLength(500);
    expect(JSON.stringify(step).length).toBeLessThan(200_000);
    const result = await b.bucket.read(String(output.resultKey));
    expect(JSON.parse(result?.body.toString() ?? '{}').dags).toHaveLength(2002);
  });
});

describe('the verification of a promoted site', () => {
  it('waits for a DAG that the promotion opened and somebody paused again', async () => {
    const { simulation, op } = await lostSite();
    const { b } = simulation.sites;
    const because: unknown[] = [];
    let paused = false;
    const walked = await simulation.execute({
      entering: async (state) => {
        if (state === 'Verify the site' && !paused) {
          paused = true;
          await simulation.advance(61);
          await b.airflow.setPaused('sales', true);
        }
        if (state !== 'Wait for the first runs') return;
        const waiting = await simulation.invoke('verifySite', op, 'Verify the site');
        because.push(waiting.because);
        await b.airflow.setPaused('sales', false);
      },
    });
    expect(walked).toMatchObject({ status: 'SUCCEEDED' });
    expect(because[0]).toBe('paused again by somebody: sales');
  });
});
