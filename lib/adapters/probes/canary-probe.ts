import type { z } from 'zod';
import type { PairConfig } from '../../contracts/config.ts';
import { otherSide } from '../../contracts/config.ts';
import { CanaryStamp } from '../../contracts/helper.ts';
import type { Side } from '../../contracts/ids.ts';
import { keysOf } from '../../contracts/names.ts';
import type { Probe } from '../../ports/probe.ts';
import type { SiteBucket, StoredObject } from '../../ports/site-bucket.ts';
import { failureKind } from '../failure-kind.ts';
import { type Finding, observe } from './observe.ts';

/** A canary object that is no stamp. */
class CanaryStampError extends Error {
  override readonly name = 'CanaryStampError';
}

/**
 * The age of the newest canary stamp: in the site's own bucket, or in the other site's (where replication carries it)
 * when the own one is unreachable. A bucket that cannot be read is no reason to look elsewhere: it says nothing.
 */
export function canaryProbe(options: {
  vantage: string;
  config: Pick<PairConfig, 'pair' | 'timing'>;
  bucket: (side: Side) => SiteBucket;
}): Probe {
  const { vantage, config, bucket } = options;
  return {
    signal: 'canary',
    look: (site, now) =>
      observe({ site, signal: 'canary', vantage, now }, async () => {
        const key = keysOf(config.pair).canary(site);
        const find = (stored: StoredObject | null) => findInStamp(stored, site, now, config.timing.canaryStaleSeconds);
        // Asked at once: a bucket that hangs uses up the time in which the replica could be read after it.
        const replica = bucket(otherSide(site))
          .read(key)
          .catch(() => null);
        try {
          return find(await bucket(site).read(key));
        } catch (error) {
          const { kind, cause } = failureKind(error);
          if (kind === 'unreadable') throw error;
          return fromReplica(await replica, find, `its own bucket is unreachable (${cause})`);
        }
      }),
  };
}

/** Without a replica nothing is known but that the bucket does not answer. */
function fromReplica(stored: StoredObject | null, find: (stored: StoredObject) => Finding, because: string): Finding {
  if (stored === null)
    return { outcome: 'unreachable', cause: `${because}, and no replica of the stamp could be read` };
  const finding = find(stored);
  return { ...finding, cause: `${finding.cause}, by the replica, because ${because}` };
}

function findInStamp(stored: StoredObject | null, site: Side, now: Date, staleSeconds: number): Finding {
  if (stored === null) return { outcome: 'unreadable', cause: 'the canary has never stamped' };
  const stamp = parseStamp(stored, site);
  const ageSeconds = (now.getTime() - Date.parse(stamp.at)) / 1000;
  const evidence = { stampAt: stamp.at, stampEpoch: stamp.epoch, stampMode: stamp.mode, ageSeconds };
  if (stamp.paused) return { outcome: 'unreadable', cause: 'the canary is paused', evidence };
  // A stamp from the future is a broken clock: it must not keep a dead site fresh for hours.
  if (ageSeconds < -staleSeconds) {
    return { outcome: 'unreadable', cause: `the newest stamp lies in the future (${stamp.at})`, evidence };
  }
  const cause = `newest stamp is ${Math.round(Math.max(0, ageSeconds))} s old, stale after ${staleSeconds} s`;
  return { outcome: ageSeconds <= staleSeconds ? 'alive' : 'dead', cause, evidence };
}

function parseStamp(stored: StoredObject, site: Side): z.infer<typeof CanaryStamp> {
  const stamp = CanaryStamp.safeParse(jsonOf(stored.body));
  if (!stamp.success) throw new CanaryStampError(`the canary object is no stamp: ${stamp.error.issues[0]?.message}`);
  if (stamp.data.site !== site) throw new CanaryStampError(`the canary object is a stamp of site ${stamp.data.site}`);
  return stamp.data;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
