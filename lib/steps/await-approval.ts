import { records } from '../contracts/records.ts';
import { isFreshVerdict } from '../core/fence-reach.ts';
import type { StepDefinition } from './step.ts';
import { tellPeople } from './tell-people.ts';

/**
 * State "Wait for approval": pending until a person, or the policy of an automatic op, has approved this plan.
 * Outcome `expired` when the approval that was given has run out, when nobody approved in time, or when the site is
 * HEALTHY again, so that there is nothing left to approve. Pages once when it begins to wait.
 */
export const awaitApproval: StepDefinition = {
  replays: (op) => op.phase !== 'open',
  async run(world) {
    const op = world.op.value;
    const approval = await world.table.get(records.approval(op.op));
    if (approval) {
      if (Date.parse(approval.value.expiresAt) <= world.now().getTime()) {
        return {
          outcome: 'expired',
          because: `the approval of ${approval.value.by} expired at ${approval.value.expiresAt}`,
        };
      }
      return {
        outcome: 'done',
        because: `approved by ${approval.value.by} at ${approval.value.at}`,
        data: { by: approval.value.by, at: approval.value.at },
      };
    }
    const losing = await world.table.get(records.verdict(op.plan.from));
    const isWell = losing?.value.diagnosis === 'HEALTHY';
    if (isWell && isFreshVerdict(losing.value, world.config.timing.tickSeconds, world.now())) {
      const seen = losing.value.because.join('; ');
      return { outcome: 'expired', because: `site ${op.plan.from} is HEALTHY again before anybody approved: ${seen}` };
    }
    const waitedSince = Date.parse(String(world.progress.waitingSince ?? world.now().toISOString()));
    if (world.progress.waitingSince === undefined) {
      await world.remember({ waitingSince: world.now().toISOString() });
      await tellPeople(world, {
        subject: `${world.config.pair}: ${op.kind} to site ${op.plan.target} is prepared and waits for approval`,
        text:
          `${op.reason}\n\nLook: lifeboat plan failover\nApprove: lifeboat approve ${op.op}\n` +
          'Until it is approved production is untouched.',
      });
    }
    const seconds = Math.round((world.now().getTime() - waitedSince) / 1000);
    if (seconds > world.config.timing.approvalTtlSeconds) {
      return { outcome: 'expired', because: `nobody approved within ${world.config.timing.approvalTtlSeconds} s` };
    }
    return {
      outcome: 'pending',
      because: `waiting for approval since ${seconds} s: lifeboat approve ${op.op}`,
      waitSeconds: Math.ceil(world.config.timing.pollSeconds),
    };
  },
};
