import type { GrantPeriod, SnapshotRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import { ageSeconds, spoken } from './time.ts';

/** Why a snapshot that would have come first is not the one that is imported. */
export type PassedOver = { readonly snapshotId: string; readonly why: string };
export type SnapshotChoice = {
  readonly chosen: SnapshotRecord | null;
  /** The better candidates that were refused, best first; all of them when none is chosen. */
  readonly passedOver: readonly PassedOver[];
};

export type ChoiceRules = {
  /** The site that would import. */
  readonly target: Side;
  /** Epoch of the op: what was exported under it, or later, cannot be what it restores. */
  readonly opEpoch: number;
  /** The plan's worst accepted recovery point. */
  readonly maxAgeSeconds: number;
  /** Alembic heads of the target's database; left out where nobody could read them yet. */
  readonly alembicHeads?: readonly string[];
  /** Id of this op's journaled final export, given only when its fence is acknowledged. */
  readonly finalExportId?: string | null;
  readonly now: Date;
};

/** Newest first: by epoch, then by the moment the data is of. */
const newestFirst = (one: SnapshotRecord, other: SnapshotRecord): number =>
  other.epoch - one.epoch || Date.parse(other.snapshotAt) - Date.parse(one.snapshotAt);

const sameHeads = (one: readonly string[], other: readonly string[]): boolean =>
  [...one].sort().join() === [...other].sort().join();

/**
 * The snapshot with the greatest (epoch, snapshotAt) among those that are verified where they would be imported, legal,
 * of the same database schema, and young enough.
 */
export function selectSnapshot(
  snapshots: readonly SnapshotRecord[],
  periods: readonly GrantPeriod[],
  rules: ChoiceRules,
): SnapshotChoice {
  const passedOver: PassedOver[] = [];
  for (const snapshot of [...snapshots].sort(newestFirst)) {
    const why = objection(snapshot, periods, rules);
    if (why === null) return { chosen: snapshot, passedOver };
    passedOver.push({ snapshotId: snapshot.snapshotId, why });
  }
  return { chosen: null, passedOver };
}

function objection(snapshot: SnapshotRecord, periods: readonly GrantPeriod[], rules: ChoiceRules): string | null {
  const { target, maxAgeSeconds, alembicHeads, now } = rules;
  if (snapshot.invalid !== null) return `invalid: ${snapshot.invalid}`;
  if (snapshot.kind === 'delta') return 'is a delta, which is imported only behind its base';
  if (snapshot.verified?.side !== target) return `not verified in the bucket of site ${target}`;
  const illegal = illegality(snapshot, periods, rules);
  if (illegal !== null) return illegal;
  if (alembicHeads !== undefined && !sameHeads(snapshot.alembicHeads, alembicHeads)) {
    return `other database schema: ${snapshot.alembicHeads.join()}, site ${target} has ${alembicHeads.join()}`;
  }
  const age = ageSeconds(snapshot.snapshotAt, now);
  return age > maxAgeSeconds ? `${spoken(age)} old, the plan accepts at most ${spoken(maxAgeSeconds)}` : null;
}

/** Only the site that held the grant at the moment of the data may be restored; the final export is journaled. */
function illegality(
  snapshot: SnapshotRecord,
  periods: readonly GrantPeriod[],
  { opEpoch, finalExportId }: ChoiceRules,
): string | null {
  const { epoch, site, snapshotAt } = snapshot;
  if (epoch >= opEpoch) return `of epoch ${epoch}, which is not before the op's epoch ${opEpoch}`;
  const period = periods.find((one) => one.epoch === epoch);
  if (period?.holder !== site) return `site ${site} did not hold the grant at epoch ${epoch}`;
  if (snapshot.snapshotId === finalExportId && epoch === opEpoch - 1) return null;
  const at = Date.parse(snapshotAt);
  const within = at >= Date.parse(period.since) && (period.until === null || at < Date.parse(period.until));
  return within ? null : `taken at ${snapshotAt}, when site ${site} did not hold the grant`;
}
