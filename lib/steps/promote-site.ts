import { PromoteResult } from '../contracts/helper.ts';
import { Manifest } from '../contracts/manifest.ts';
import { helperDags, keysOf, namesOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { NoSnapshotError } from '../core/errors.ts';
import { runHelper } from './run-helper.ts';
import type { StepContext, StepDefinition } from './step.ts';
import { stepNumbers } from './step-numbers.ts';

/**
 * State "Promote the site": the promote helper of the target opens the DAGs that were open on the losing site, after
 * it has checked that each would go on where that one stopped. A DAG that fails its check stays paused and is named.
 */
export const promoteSite: StepDefinition = {
  async run(world) {
    const op = world.op.value;
    const { target, from } = op.plan;
    const { snapshot, manifest } = await chosenManifest(world);
    const fence = await world.table.get(records.fence(op.epoch, from));
    // A site that never answered has no pause map of its own; then the snapshot's is the newest there is.
    const pauseMap = fence?.value.pauseMap ?? manifest.dags.map(({ dagId, isPaused }) => ({ dagId, isPaused }));
    const names = namesOf(world.config);
    const run = await runHelper(
      world,
      {
        side: target,
        dagId: helperDags.promote,
        owner: op.op,
        stepNumber: stepNumbers[world.state] ?? 0,
        progress: world.progress,
        remember: world.remember,
        request: {
          kind: 'promote',
          pair: world.config.pair,
          site: target,
          op: op.op,
          epoch: op.epoch,
          bucket: names.siteBucket(target),
          region: world.config.sites[target].region,
          requestedAt: world.now().toISOString(),
          pauseMap,
          expected: manifest.dags,
          snapshotId: snapshot.snapshotId,
          manifestSha256: snapshot.manifestSha256,
          manifestVersionId: snapshot.versionId,
          keyAlias: names.keyAlias,
          catchUpBudget: world.config.catchUpBudget,
          exportedSiteEpoch: snapshot.epoch,
        },
      },
      PromoteResult,
    );
    if (!run.ended) {
      return { outcome: 'pending', because: run.because, waitSeconds: Math.ceil(world.config.timing.pollSeconds) };
    }
    const opened = run.result.dags.filter((dag) => dag.unpaused).length;
    const left = run.result.leftPaused;
    return {
      outcome: 'done',
      because:
        `${opened} DAGs opened on site ${target}` +
        (left.length > 0 ? `; left paused: ${left.map(({ dagId, why }) => `${dagId} (${why})`).join(', ')}` : ''),
      data: { ...run.result, promotedAt: world.now().toISOString() },
      writes: [{ key: records.op(op.op), expect: world.op.version, value: { ...op, phase: 'promoted' } }],
    };
  },
};

async function chosenManifest(world: StepContext) {
  const { snapshotId, plan } = world.op.value;
  const snapshot = snapshotId ? await world.table.get(records.snapshot(snapshotId)) : null;
  if (!snapshot) throw new NoSnapshotError(`op ${world.op.value.op} has no chosen snapshot`);
  const key = keysOf(world.config.pair).manifest(snapshot.value.snapshotId);
  const stored = await world.bucket(plan.target).read(key, snapshot.value.versionId ?? undefined);
  if (!stored || stored.sha256 !== snapshot.value.manifestSha256) {
    throw new NoSnapshotError(
      `the manifest of ${snapshot.value.snapshotId} is not in site ${plan.target}'s bucket as verified`,
    );
  }
  return { snapshot: snapshot.value, manifest: Manifest.parse(JSON.parse(stored.body.toString('utf8'))) };
}
