import { expect, it } from 'vitest';
import { records } from '../../../lib/contracts/records.ts';
import { lostSite } from '../../support/simulation-scenarios.ts';

it('a withdrawal that the last look would not allow any more withdraws nothing and is judged again', async () => {
  const { simulation, op } = await lostSite();
  let aged = false;
  const seen: unknown[] = [];
  const walked = await simulation.execute({
    entering: async (state) => {
      if (state === 'Is the grant withdrawn') {
        const step = await simulation.table.get(records.step(op.op, 'Withdraw the grant'));
        seen.push([await simulation.grant(), step?.value.status]);
      }
      if (state !== 'Withdraw the grant' || aged) return;
      aged = true;
      simulation.ticking = false;
      await simulation.advance(300);
      simulation.ticking = true;
    },
  });
  expect(walked).toMatchObject({ status: 'SUCCEEDED' });
  expect(seen).toEqual([
    ['a@1', 'waiting'],
    ['none@2', 'done'],
  ]);
  if (walked !== 'stopped') {
    const first = walked.states.indexOf('Is the grant withdrawn');
    expect(walked.states[first + 1]).toBe('Judge again');
  }
  await simulation.rules.assertKept();
});
