import type { PausedDag } from '../contracts/control.ts';
import { Manifest } from '../contracts/manifest.ts';
import { keysOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { NoSnapshotError } from '../core/errors.ts';
import type { StepContext } from './step.ts';

/** The manifest of the op's chosen snapshot, as it was verified. @throws NoSnapshotError when there is none. */
export async function readChosenManifest(world: StepContext) {
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

/** What was open on the losing site before the fence. A site that was never read has the snapshot's, the newest known. */
export async function readPauseMap(world: StepContext): Promise<PausedDag[]> {
  const { epoch, plan } = world.op.value;
  const fence = await world.table.get(records.fence(epoch, plan.from));
  if (fence?.value.pauseMap) return fence.value.pauseMap;
  const { manifest } = await readChosenManifest(world);
  return manifest.dags.map(({ dagId, isPaused }) => ({ dagId, isPaused }));
}
