import { otherSide } from '../contracts/config.ts';
import type { SnapshotRecord } from '../contracts/control.ts';
import { Side } from '../contracts/ids.ts';
import { Manifest } from '../contracts/manifest.ts';
import { keysOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { SiteUnreachableError, SnapshotInvalidError } from '../core/errors.ts';
import { ageSeconds } from '../core/time.ts';
import type { StoredObject } from '../ports/site-bucket.ts';
import type { StepResult } from './step.ts';
import { type TickContext, tickData } from './tick.ts';

/**
 * State "Verify the snapshot": reads the manifest and hashes every object in the bucket of the site that would import
 * it. Pending until replication has carried everything there, for as long as a helper may run. What does not match is
 * invalid for good.
 */
export async function verifySnapshot(world: TickContext): Promise<StepResult> {
  const exported = await tickData(world, world.tickId, 'Export the snapshot');
  const from = Side.parse(exported?.side);
  const there = otherSide(from);
  const snapshotId = String(exported?.snapshotId);
  const bucket = world.bucket(there);
  const stored = await bucket.read(keysOf(world.config.pair).manifest(snapshotId));
  if (!stored) return waitForReplication(world, `the manifest of ${snapshotId} has not reached ${bucket.name}`);
  if (stored.sha256 !== exported?.manifestSha256) {
    throw new SnapshotInvalidError(
      `manifest of ${snapshotId} in ${bucket.name} has sha256 ${stored.sha256}, the export sealed ${String(exported?.manifestSha256)}`,
    );
  }
  const manifest = Manifest.parse(JSON.parse(stored.body.toString('utf8')));
  const first = await firstSight(world, manifest, stored);
  for (const object of manifest.objects) {
    const found = await bucket.hash(object.key);
    if (!found) return waitForReplication(world, `${object.key} has not reached ${bucket.name}`);
    if (found.sha256 !== object.sha256 || found.bytes !== object.bytes) {
      const reason = `${object.key} in ${bucket.name} has ${found.bytes} bytes, sha256 ${found.sha256}; sealed were ${object.bytes}, ${object.sha256}`;
      await world.table.commit([
        { key: records.snapshot(snapshotId), expect: first.version, value: { ...first.value, invalid: reason } },
      ]);
      throw new SnapshotInvalidError(reason);
    }
  }
  const verified = { side: there, at: world.now().toISOString() };
  await world.table.commit([
    { key: records.snapshot(snapshotId), expect: first.version, value: { ...first.value, verified } },
  ]);
  return {
    outcome: 'done',
    because: `${manifest.objects.length} objects of ${snapshotId} hashed again in ${bucket.name}`,
    data: { snapshotId, snapshotAt: manifest.snapshotAt, objects: manifest.objects.length, there },
  };
}

async function waitForReplication(world: TickContext, because: string): Promise<StepResult> {
  const since = String(world.progress.waitingSince ?? world.now().toISOString());
  if (world.progress.waitingSince === undefined) await world.remember({ waitingSince: since });
  const limit = world.config.timing.helperTimeoutSeconds;
  if (ageSeconds(since, world.now()) > limit) {
    throw new SiteUnreachableError(`${because} within ${limit} s: is replication at work, and its Region there?`);
  }
  return { outcome: 'pending', because, waitSeconds: Math.ceil(world.config.timing.pollSeconds) };
}

/** The digest and version that count are the ones of the first sight; every later read is by them. */
async function firstSight(world: TickContext, manifest: Manifest, stored: StoredObject) {
  const key = records.snapshot(manifest.snapshotId);
  const known = await world.table.get(key);
  if (known) {
    if (known.value.manifestSha256 !== stored.sha256) {
      throw new SnapshotInvalidError(`manifest of ${manifest.snapshotId} changed after it was first seen`);
    }
    return known;
  }
  const value: SnapshotRecord = {
    snapshotId: manifest.snapshotId,
    kind: manifest.kind,
    site: manifest.site,
    epoch: manifest.epoch,
    snapshotAt: manifest.snapshotAt,
    sealedAt: manifest.sealedAt,
    manifestKey: keysOf(world.config.pair).manifest(manifest.snapshotId),
    manifestSha256: stored.sha256,
    versionId: stored.versionId,
    alembicHeads: manifest.environment.alembicHeads,
    airflowVersion: manifest.environment.airflowVersion,
    bytes: manifest.objects.reduce((sum, object) => sum + object.bytes, 0),
    verified: null,
    invalid: null,
  };
  await world.table.commit([{ key, expect: 'absent', value }]);
  return { value, version: 1 };
}
