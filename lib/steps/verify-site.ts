import { CanaryStamp, PromoteResult } from '../contracts/helper.ts';
import { isHelperDag, keysOf } from '../contracts/names.ts';
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
  const opened = await openedByPromotion(world);
  const dags = await world.airflow(world.op.value.plan.target).listDags();
  const shut = dags.filter((dag) => !isHelperDag(dag.dagId) && opened.has(dag.dagId) && dag.isPaused);
  return shut.length === 0 ? null : `paused again by somebody: ${shut.map(({ dagId }) => dagId).join(', ')}`;
}

/** Ids of the DAGs that the promotion opened. The journal names only the others; the result object has all of them. */
async function openedByPromotion(world: StepContext): Promise<ReadonlySet<string>> {
  const { op, plan } = world.op.value;
  const key = String((await finishedData(world, op, 'Promote the site'))?.resultKey);
  const stored = await world.bucket(plan.target).read(key);
  if (!stored)
    throw new TargetNotReadyError(`the result of the promotion, ${key}, is not in the bucket of ${plan.target}`);
  const { dags } = PromoteResult.parse(JSON.parse(stored.body.toString('utf8')));
  return new Set(dags.filter((dag) => dag.unpaused).map(({ dagId }) => dagId));
}
