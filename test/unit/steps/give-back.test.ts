import { expect, it } from 'vitest';
import { degradedSite } from '../../support/simulation-scenarios.ts';

it('a site with many DAGs gets them back over several looks, whatever was deployed away meanwhile', async () => {
  const { simulation, op } = await degradedSite();
  const { a, b } = simulation.sites;
  for (let n = 0; n < 450; n += 1) a.airflow.addDag(`dag_${String(n).padStart(3, '0')}`);
  const failing = { dagId: 'lifeboat_import', stage: 'unfinished', does: 'fail' } as const;
  b.faults.push(failing, failing);
  const openedPerLook: number[] = [];
  const walked = await simulation.execute({
    entering: (state) => {
      if (state === 'Fence the losing site') a.become('well');
      if (state === 'Give back' && openedPerLook.length === 0) {
        a.airflow.dags = a.airflow.dags.filter(({ dagId }) => dagId !== 'dag_007');
      }
      if (state === 'Is the grant given back') openedPerLook.push(a.open().length);
    },
  });
  expect(walked).toMatchObject({ status: 'FAILED', error: 'HelperFailedError' });
  expect(openedPerLook).toEqual([200, 400, 451]);
  await simulation.rules.assertKept();
  expect(await simulation.op(op.op)).toMatchObject({
    outcome: 'given-back',
    failure: expect.stringContaining('HelperFailedError'),
  });
  expect(simulation.pager.pages.at(-1)?.text).toContain('451 DAGs are open again');
});
