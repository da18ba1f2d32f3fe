import { records } from '../contracts/records.ts';
import { endOp } from '../core/close.ts';
import { clearOpOfRow } from './clear-op-of-row.ts';
import { legal, readControlAndGrant } from './ruled.ts';
import { finishedData, type StepDefinition } from './step.ts';
import { tellPeople } from './tell-people.ts';

/** State "Close the op": the lease is free again; people are told what is left to do by hand. */
export const closeOp: StepDefinition = {
  async run(world) {
    const op = world.op.value;
    const { control, grant } = await readControlAndGrant(world);
    const ended = legal(
      endOp({ control: control.value, grant: grant.value, op, outcome: 'recovered', now: world.now() }),
    );
    await clearOpOfRow(world, op.plan.target, op.op);
    const [fence, history] = await Promise.all([
      world.table.get(records.fence(op.epoch, op.plan.from)),
      finishedData(world, op.op, 'Import the history'),
    ]);
    const warnings = [
      ...(fence?.value.acknowledgedAt ? [] : [`site ${op.plan.from} is not fenced: production may still run there`]),
      ...(history ? [] : ['history is not imported yet (HISTORY_PENDING)']),
    ];
    await tellPeople(world, {
      subject: `${world.config.pair}: ${op.kind} ended, site ${op.plan.target} runs production`,
      text: [...warnings, `Report: lifeboat report ${op.op}`].join('\n'),
    });
    return {
      outcome: 'done',
      because: `recovered on site ${op.plan.target}${warnings.length > 0 ? `; ${warnings.join('; ')}` : ''}`,
      data: { warnings },
      writes: [
        { key: records.control(), expect: control.version, value: ended.control },
        { key: records.op(op.op), expect: world.op.version, value: ended.op },
      ],
    };
  },
};
