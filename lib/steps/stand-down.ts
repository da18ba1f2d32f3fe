import { records } from '../contracts/records.ts';
import { endOp } from '../core/close.ts';
import { clearOpOfRow } from './clear-op-of-row.ts';
import { legal, readControlAndGrant } from './ruled.ts';
import { finishedData, type StepContext, type StepDefinition } from './step.ts';
import { tellPeople } from './tell-people.ts';

/**
 * States "Stand down" and "Stand down after an error": ends an op that has not withdrawn the grant; production was
 * never touched. Outcome `withdrawn` when the withdrawal was committed although its answer was lost: then the op has
 * to give back.
 */
export const standDown = (reason: string): StepDefinition => ({
  // Asked again while the op is open: its withdrawal may have been committed since.
  replays: (op) => op.endedAt !== null,
  whateverIsDeployed: true,
  async run(world) {
    const op = world.op.value;
    const because = (await reasonInJournal(world)) ?? reason;
    const { control, grant } = await readControlAndGrant(world);
    if (grant.value.epoch === op.epoch) {
      return { outcome: 'withdrawn', because: `the grant was withdrawn by this op at ${grant.value.since}` };
    }
    const failure = world.state === 'Stand down after an error' ? because : null;
    const ended = legal(
      endOp({ control: control.value, grant: grant.value, op, outcome: 'stood-down', failure, now: world.now() }),
    );
    await clearOpOfRow(world, op.plan.target, op.op).catch((error: unknown) => {
      // The next op's first import replaces it after this one has ended; a standby that is away must not keep the lease.
      world.log.warn({ side: op.plan.target, error: String(error) }, 'the standby keeps the op in its reserved row');
    });
    await tellPeople(world, {
      subject: `${world.config.pair}: ${op.kind} stood down, production was not touched`,
      text: `${because}\nReport: lifeboat report ${op.op}`,
    });
    return {
      outcome: 'done',
      because,
      writes: [
        { key: records.control(), expect: control.version, value: ended.control },
        { key: records.op(op.op), expect: world.op.version, value: ended.op },
      ],
    };
  },
});

/** Why the op ended without an error: what the state that looked last has said. */
async function reasonInJournal(world: StepContext): Promise<string | null> {
  if (world.state !== 'Stand down') return null;
  for (const state of ['Judge again', 'Wait for approval']) {
    const said = await finishedData(world, world.op.value.op, state);
    if (said !== null) return String(said.because);
  }
  return null;
}
