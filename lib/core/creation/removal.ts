import type { Grant, OpRecord, SiteRecord } from '../../contracts/control.ts';
import { ageSeconds, spoken } from '../time.ts';

/** `keep`: nothing to do now. `mark`: write `deleting` before the first call. `sweep`: names to delete or forget. */
export type Removal =
  | { readonly action: 'keep' }
  | { readonly action: 'mark'; readonly because: string }
  | { readonly action: 'sweep'; readonly names: readonly string[] };

/**
 * What becomes of an environment that an op created, between ops. It is kept for a while after its op has ended without
 * it, so that the next op of the same loss finds it; names that were passed over are swept at once. While an op is open,
 * or the site holds the grant, nothing is touched.
 *
 * @param owner the op of the record; null when it is not known any more
 */
export function removalOf(input: {
  readonly record: SiteRecord;
  readonly owner: OpRecord | null;
  readonly openOp: string | null;
  readonly grant: Grant;
  readonly prepareTtlSeconds: number;
  readonly now: Date;
}): Removal {
  const { record, owner, openOp, grant, prepareTtlSeconds, now } = input;
  if (openOp !== null || grant.holder === 'none') return { action: 'keep' };
  const passedOver = record.passedOver.map(({ environment }) => environment);
  if (record.state === 'deleting') return { action: 'sweep', names: [record.environment, ...passedOver] };
  const isUnused = (record.state === 'creating' || record.state === 'prepared') && grant.holder !== record.side;
  const endedAt = owner === null ? record.askedAt : owner.endedAt;
  if (isUnused && endedAt !== null && ageSeconds(endedAt, now) >= prepareTtlSeconds) {
    const because = `${record.environment} was kept for ${spoken(prepareTtlSeconds)} after ${record.op} ended without it`;
    return { action: 'mark', because };
  }
  return passedOver.length > 0 ? { action: 'sweep', names: passedOver } : { action: 'keep' };
}
