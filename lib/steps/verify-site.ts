import { CanaryStamp } from '../contracts/helper.ts';
import { helperDagPrefix, keysOf } from '../contracts/names.ts';
import { TargetNotReadyError } from '../core/errors.ts';
import { finishedData, type StepContext, type StepDefinition } from './step.ts';

/**
 * State "Verify the site": the promoted site stamps with the op's epoch through its own scheduler, queue, worker and
 * database, and every DAG that the promotion opened is open.
 */
export const verifySite: StepDefinition = {
  async run(world) {
    const { target } = world.op.value.plan;
    const since = Date.parse(String(world.progress.since ?? world.now().toISOString()));
    if (world.progress.since === undefined) await world.remember({ since: world.now().toISOString() });
    const waiting = (await canaryIsNotYetThere(world)) ?? (await dagsAreNotYetOpen(world));
    if (waiting === null) {
      return {
        outcome: 'done',
        because: `site ${target} stamps with epoch ${world.op.value.epoch} and its DAGs are open`,
        data: { verifiedAt: world.now().toISOString() },
      };
    }
    const seconds = (world.now().getTime() - since) / 1000;
    if (seconds > world.config.timing.helperTimeoutSeconds) {
      // Who resumes after this waits as long again.
      await world.remember({ since: undefined });
      throw new TargetNotReadyError(`${waiting} after ${Math.round(seconds)} s`);
    }
    return { outcome: 'pending', because: waiting, waitSeconds: Math.ceil(world.config.timing.pollSeconds) };
  },
};

async function canaryIsNotYetThere(world: StepContext): Promise<string | null> {
  const { plan, epoch, op } = world.op.value;
  const stored = await world.bucket(plan.target).read(keysOf(world.config.pair).canary(plan.target));
  if (!stored) return `site ${plan.target} has not stamped yet`;
  const stamp = CanaryStamp.parse(JSON.parse(stored.body.toString('utf8')));
  const promoted = await finishedData(world, op, 'Promote the site');
  const fresh = Date.parse(stamp.at) > Date.parse(String(promoted?.promotedAt ?? 0));
  if (stamp.epoch === epoch && stamp.mode === 'active' && fresh) return null;
  return `the newest stamp of site ${plan.target} is of ${stamp.at}, mode ${stamp.mode}, epoch ${stamp.epoch}`;
}

async function dagsAreNotYetOpen(world: StepContext): Promise<string | null> {
  const promoted = await finishedData(world, world.op.value.op, 'Promote the site');
  const opened = new Set(
    (Array.isArray(promoted?.dags) ? promoted.dags : [])
      .filter((dag): dag is { dagId: string } => dag?.unpaused === true)
      .map(({ dagId }) => dagId),
  );
  const dags = await world.airflow(world.op.value.plan.target).listDags();
  const shut = dags.filter((dag) => !dag.dagId.startsWith(helperDagPrefix) && opened.has(dag.dagId) && dag.isPaused);
  return shut.length === 0 ? null : `paused again by somebody: ${shut.map(({ dagId }) => dagId).join(', ')}`;
}
