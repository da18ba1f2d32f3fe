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
  /** Id of the snapshot that the op has imported before it withdrew the grant: its age was judged then. */
  readonly importedId?: string | null;
  readonly now: Date;
};

/** Newest first: by epoch, then by the moment the data is of. */
const newestFirst = (one: SnapshotRecord, other: SnapshotRecord): number =>
  other.epoch - one.epoch || Date.parse(other.snapshotAt) - Date.parse(one.snapshotAt);

/**
 * The snapshot with the greatest (epoch, snapshotAt) among those that are verified where they would be imported, legal,
 * and young enough or imported already.
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
  const { target, maxAgeSeconds, importedId, now } = rules;
  if (snapshot.invalid !== null) return `invalid: ${snapshot.invalid}`;
  if (snapshot.kind === 'delta') return 'is a delta, which is imported only behind its base';
  if (snapshot.verified?.side !== target) return `not verified in the bucket of site ${target}`;
  const illegal = illegality(snapshot, periods, rules);
  if (illegal !== null) return illegal;
  if (snapshot.snapshotId === importedId) return null;
  const age = ageSeconds(snapshot.snapshotAt, now);
  return age > maxAgeSeconds ? `${spoken(age)} old, the plan accepts at most ${spoken(maxAgeSeconds)}` : null;
}

/** Only the site that held the grant at the moment of the data may be restored. */
function illegality(
  snapshot: SnapshotRecord,
  periods: readonly GrantPeriod[],
  { opEpoch }: ChoiceRules,
): string | null {
  const { epoch, site, snapshotAt } = snapshot;
  if (epoch >= opEpoch) return `of epoch ${epoch}, which is not before the op's epoch ${opEpoch}`;
  const period = periods.find((one) => one.epoch === epoch);
  if (period?.holder !== site) return `site ${site} did not hold the grant at epoch ${epoch}`;
  const at = Date.parse(snapshotAt);
  const within = at >= Date.parse(period.since) && (period.until === null || at < Date.parse(period.until));
  return within ? null : `taken at ${snapshotAt}, when site ${site} did not hold the grant`;
}
