import type { PairConfig } from '../contracts/config.ts';
import type { HeartbeatGaps } from '../contracts/control.ts';
import { gapLimitSeconds, worstGap } from '../core/heartbeat-gap.ts';
import { clock, spoken } from '../report/time-text.ts';

/** The worst heartbeat gap of a site beside the silence at which the heartbeat counts as dead; null: never looked. */
export type GapFacts = {
  readonly worstSeconds: number;
  /** When the worst one began; null when there was none. */
  readonly worstFrom: string | null;
  readonly limitSeconds: number;
  /** The first look that is in it: 30 days ago at most. */
  readonly since: string;
};

/** What the record of a site's heartbeat gaps says now. */
export function gapFacts(gaps: HeartbeatGaps | null, { timing }: PairConfig, now: Date): GapFacts | null {
  if (gaps === null) return null;
  const worst = worstGap(gaps, timing, now);
  return {
    worstSeconds: worst?.seconds ?? 0,
    worstFrom: worst?.from ?? null,
    limitSeconds: gapLimitSeconds(timing),
    since: gaps.since,
  };
}

/** The same as one line. */
export function gapLine(gap: GapFacts): string {
  const worst = gap.worstFrom === null ? 'none' : `${spoken(gap.worstSeconds)} (${clock(gap.worstFrom)})`;
  return `worst heartbeat gap 30 d: ${worst} / limit ${spoken(gap.limitSeconds)}; looked at since ${clock(gap.since)}`;
}
