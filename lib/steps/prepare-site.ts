import { records } from '../contracts/records.ts';
import {
  ConfigurationRefusedError,
  CreationFailedError,
  NameTakenError,
  NoSnapshotError,
  TargetNotReadyError,
} from '../core/errors.ts';
import { ageSeconds } from '../core/time.ts';
import { CommitConflictError } from '../ports/control-table.ts';
import { checkStandby } from './check-standby.ts';
import { ensureEnvironment } from './ensure-environment.ts';
import type { StepContext, StepDefinition, StepResult } from './step.ts';

/**
 * State "Prepare the site": the environment that is to take over exists (strategy backup-restore: is created), answers,
 * has the helpers and runs nothing. Nothing of production is touched.
 */
export const prepareSite: StepDefinition = {
  async run(world) {
    try {
      const pending = await ensureEnvironment(world);
      if (pending === null) return await prepared(world, await checkStandby(world));
      // A look that worked ends an earlier wait: a creation takes longer than a target may be silent.
      if (world.progress.waitingSince !== undefined) await world.remember({ waitingSince: undefined });
      return pending;
    } catch (error) {
      if (error instanceof CommitConflictError || isFinal(error)) throw error;
      return await waitForTarget(world, error);
    }
  },
};

/** Waiting would not change it. */
const isFinal = (error: unknown): boolean =>
  [NameTakenError, CreationFailedError, ConfigurationRefusedError, NoSnapshotError].some(
    (type) => error instanceof type,
  );

/** An environment that was created for this op, or adopted, is marked as prepared together with the end of the step. */
async function prepared(world: StepContext, result: StepResult): Promise<StepResult> {
  const { target } = world.op.value.plan;
  const record = await world.table.get(records.site(target));
  if (record?.value.state !== 'creating') return result;
  const value = { ...record.value, state: 'prepared' as const };
  const { environment, passedOver } = record.value;
  return {
    ...result,
    data: { ...result.data, environment, passedOver, notes: world.progress.notes ?? [] },
    writes: [...(result.writes ?? []), { key: records.site(target), expect: record.version, value }],
  };
}

/** A target that is not ready is waited for: an op that stood down at once would only be begun again by the next tick. */
async function waitForTarget(world: StepContext, error: unknown): Promise<StepResult> {
  const since = String(world.progress.waitingSince ?? world.now().toISOString());
  if (world.progress.waitingSince === undefined) await world.remember({ waitingSince: since });
  const limit = world.config.timing.helperTimeoutSeconds;
  const why = error instanceof Error ? error.message : String(error);
  if (ageSeconds(since, world.now()) > limit) {
    // Who resumes after this waits as long again.
    await world.remember({ waitingSince: undefined });
    if (error instanceof TargetNotReadyError) throw error;
    // An error of our own: what the road threw would be tried again, and this wait would begin anew each time.
    throw new TargetNotReadyError(why, { cause: error });
  }
  const waitSeconds = Math.ceil(world.config.timing.pollSeconds);
  return { outcome: 'pending', because: `the target is not ready: ${why}`, waitSeconds };
}
