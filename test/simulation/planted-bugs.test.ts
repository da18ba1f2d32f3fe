import { describe, expect, it } from 'vitest';
import { records } from '../../lib/contracts/records.ts';
import { awaitApproval } from '../../lib/steps/await-approval.ts';
import { giveBack } from '../../lib/steps/give-back.ts';
import { promoteSite } from '../../lib/steps/promote-site.ts';
import type { StepContext, StepDefinition } from '../../lib/steps/step.ts';
import { withdrawGrant } from '../../lib/steps/withdraw-grant.ts';
import { stepFunction } from '../support/simulation-functions.ts';
import { degradedSite, killAtEachCommit, lostSite } from '../support/simulation-scenarios.ts';

/** The step with one thing about it changed. */
const changed = (step: StepDefinition, run: (context: StepContext) => ReturnType<StepDefinition['run']>) =>
  stepFunction(() => ({ ...step, run }));
const withEpoch = (context: StepContext, epoch: number): StepContext => ({
  ...context,
  op: { ...context.op, value: { ...context.op.value, epoch } },
});

describe('the checks of the simulation notice', () => {
  it('a step that is recorded before its effect', async () => {
    const recordsFirst = changed(promoteSite, async (context) => {
      const result = await promoteSite.run(context);
      return { ...result, outcome: 'done', writes: [], data: { dags: [], promotedAt: context.now().toISOString() } };
    });
    const { simulation } = await lostSite({}, { bodies: { promoteSite: recordsFirst } });
    await simulation.execute();
    await expect(simulation.rules.assertKept()).rejects.toThrow('"Promote the site" is done, no helper did it');
  });

  it('an epoch that comes from the input and not from the record of the op', async () => {
    const fromInput = changed(promoteSite, (context) => promoteSite.run(withEpoch(context, 7)));
    const { simulation } = await lostSite({}, { bodies: { promoteSite: fromInput } });
    await simulation.execute();
    await expect(simulation.rules.assertKept()).rejects.toThrow('asks under epoch 7, not 2');
  });

  it('an approval that is not judged again at the withdrawal', async () => {
    const blind = changed(withdrawGrant, async (context) => {
      const { op } = context;
      const grant = await context.table.get(records.grant());
      const since = context.now().toISOString();
      const next = { holder: 'none' as const, epoch: op.value.epoch, since };
      const writes = [
        { key: records.grant(), expect: grant?.version ?? ('absent' as const), value: next },
        { key: records.op(op.value.op), expect: op.version, value: { ...op.value, phase: 'withdrawn' as const } },
      ];
      return { outcome: 'done', because: 'blindly', writes };
    });
    const { simulation } = await lostSite(
      { timing: { approvalTtlSeconds: 1000 } },
      { bodies: { withdrawGrant: blind } },
    );
    await simulation.execute({
      entering: async (state) => {
        if (state === 'Withdraw the grant' && (await simulation.grant()) === 'a@1') await simulation.advance(1200);
      },
    });
    await expect(simulation.rules.assertKept()).rejects.toThrow('none@2 without a valid approval');
  });

  it('a site that gets its DAGs back before its grant', async () => {
    const opensFirst = changed(giveBack('as the test says'), async (context) => {
      const { from } = context.op.value.plan;
      await context.airflow(from).setPaused('sales', false);
      return await giveBack('as the test says').run(context);
    });
    const { simulation } = await degradedSite({}, { bodies: { giveBack: opensFirst } });
    const { a, b } = simulation.sites;
    const failing = { dagId: 'lifeboat_import', stage: 'unfinished', does: 'fail' } as const;
    b.faults.push(failing, failing);
    await simulation.execute({
      entering: (state) => {
        if (state === 'Fence the losing site') a.become('well');
      },
    });
    await expect(simulation.rules.assertKept()).rejects.toThrow(
      'S2: sales opened on site a while the grant is with none',
    );
  });

  it('an effect that a repeat does not find: killed before its record, it happens twice', async () => {
    let asked = 0;
    const forgets = changed(promoteSite, (context) => {
      asked += 1;
      const run = context.progress.run ?? asked;
      return promoteSite.run({ ...context, progress: { ...context.progress, run } });
    });
    const start = () => {
      asked = 0;
      return lostSite({}, { bodies: { promoteSite: forgets } });
    };
    const kill = { when: 'before', how: 'function', from: 35, to: 50 } as const;
    const { broken } = await killAtEachCommit(start, kill, async ({ simulation }) => {
      const promoted = simulation.sites.b.worked.filter((runId) => runId.includes('-4-'));
      expect(promoted).toHaveLength(1);
      expect(promoted[0]).toMatch(/-4-1$/);
    });
    expect(broken.length).toBeGreaterThan(0);
  });

  it('nothing where nothing is wrong', async () => {
    const same = changed(awaitApproval, (context) => awaitApproval.run(context));
    const { simulation } = await lostSite({}, { bodies: { awaitApproval: same } });
    await simulation.execute();
    await simulation.rules.assertKept();
  });
});
