import type { SiteRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import { give } from '../core/grant.ts';
import { legal, readControlAndGrant } from './ruled.ts';
import type { StepDefinition } from './step.ts';

/** The record of an environment that is gone, or of another one, says nothing about the one that gets the grant. */
const isUsed = ({ state, environment }: SiteRecord, name: string): boolean => state !== 'gone' && environment === name;

/** State "Give the grant": none -> target, in one transaction with its record; needs the fence acknowledged or waived. */
export const giveGrant: StepDefinition = {
  async run(world) {
    const op = world.op.value;
    const { control, grant } = await readControlAndGrant(world);
    const fenceKey = records.fence(op.epoch, op.plan.from);
    const fence = await world.table.get(fenceKey);
    const siteKey = records.site(op.plan.target);
    const site = await world.table.get(siteKey);
    const move = legal(
      give({ grant: grant.value, control: control.value, op, fence: fence?.value ?? null, now: world.now() }),
    );
    return {
      outcome: 'done',
      because: `site ${op.plan.target} holds the grant, epoch ${op.epoch}`,
      data: { holder: op.plan.target, epoch: op.epoch },
      writes: [
        { key: records.grant(), expect: grant.version, value: move.grant },
        { key: records.grantPeriod(op.epoch), expect: 'absent', value: move.period },
        { key: records.control(), expect: control.version },
        ...(site && isUsed(site.value, world.config.sites[op.plan.target].environment)
          ? [{ key: siteKey, expect: site.version, value: { ...site.value, state: 'in-use' as const } }]
          : []),
        ...(fence ? [{ key: fenceKey, expect: fence.version }] : []),
        { key: records.op(op.op), expect: world.op.version, value: move.op },
      ],
    };
  },
};
