import { records } from '../contracts/records.ts';
import type { StepDefinition } from './step.ts';
import { tellPeople } from './tell-people.ts';

/** What a person has to do, by the phase in which the op stopped. */
export function actionFor(phase: string, op: string, target: string): string {
  if (phase === 'open') return `read runbooks/op-held.md; nothing was withdrawn: lifeboat resume ${op}`;
  if (phase === 'withdrawn') {
    return `no site runs production: mend what the reason names, then lifeboat resume ${op}`;
  }
  return `site ${target} holds the grant; mend what the reason names, then lifeboat resume ${op}`;
}

/** State "Hold for a person": the op keeps its lease, says what it needs and pages. A resume goes on from here. */
export const holdOp = (reason: string): StepDefinition => ({
  // A resume clears what the op needed; until then one page is enough.
  replays: (op) => op.needs !== null,
  whateverIsDeployed: true,
  async run(world) {
    const op = world.op.value;
    if (op.endedAt !== null) return { outcome: 'held', because: `${op.op} has ended (${op.outcome}); ${reason}` };
    const needs = actionFor(op.phase, op.op, op.plan.target);
    await tellPeople(world, {
      subject: `${world.config.pair}: ${op.kind} ${op.op} is held`,
      text: `Phase: ${op.phase}\nReason: ${reason}\nNext: ${needs}\nRunbook: runbooks/op-held.md`,
    });
    return {
      outcome: 'held',
      because: reason,
      data: { reason, phase: op.phase },
      writes: [{ key: records.op(op.op), expect: world.op.version, value: { ...op, needs: `${reason}; ${needs}` } }],
    };
  },
});
