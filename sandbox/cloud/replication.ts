import * as z from 'zod';
import { CALLERS } from './callers.ts';
import type { ReplicationRule } from './deployer/definitions.ts';
import type { FaultBook } from './faults.ts';
import { type Clock, systemClock, Ticker } from './schedules.ts';

const answerSchema = z.object({
  copied: z.array(z.object({ source: z.string(), key: z.string(), versionId: z.string() })),
});

export type Replicated = z.infer<typeof answerSchema>['copied'][number];

export type Replication = {
  /** Runs one pass now and answers what it copied. */
  runOnce(): Promise<Replicated[]>;
  pause(): void;
  resume(): void;
  close(): void;
};

/** The rules whose both ends can be reached. `regionOf` tells the Region of a bucket. */
export function reachable(
  rules: ReplicationRule[],
  regionOf: (bucket: string) => string,
  faults: Pick<FaultBook, 'cuts'>,
): ReplicationRule[] {
  const cut = (region: string): boolean =>
    faults.cuts({ region, service: 's3', source: CALLERS.replication, operation: 'ReplicateObject', path: '/' });
  return rules.filter((rule) => !cut(rule.sourceRegion) && !cut(regionOf(rule.destination)));
}

/**
 * Carries new object versions from bucket to bucket as S3 replication does: same version id, `x-amz-replication-status`, never a replica
 * again. The copying itself happens inside moto's process (`moto_server.py`). A cut Region (refuse, hang) holds its rules back.
 */
export function runReplication(options: {
  motoPort: number;
  rules: ReplicationRule[];
  /** Region of each bucket by its name. */
  bucketRegions: Record<string, string>;
  faults: FaultBook;
  /** A version is copied when it is at least this old. Default 0. */
  lagSeconds?: number;
  /** Default 500. */
  everyMs?: number;
  onProblem: (message: string) => void;
  clock?: Clock;
}): Replication {
  const { rules, faults, motoPort, lagSeconds = 0 } = options;
  const runOnce = async (): Promise<Replicated[]> => {
    const open = reachable(rules, (bucket) => options.bucketRegions[bucket] ?? '', faults);
    if (open.length === 0) return [];
    const response = await fetch(`http://127.0.0.1:${motoPort}/_lifeboat/replicate`, {
      method: 'POST',
      body: JSON.stringify({ rules: open.map((rule) => ({ ...rule, lagSeconds })) }),
    });
    return answerSchema.parse(await response.json()).copied;
  };
  const pass = async (): Promise<void> => {
    await runOnce().catch((error: unknown) => options.onProblem(`Replication failed: ${String(error)}`));
  };
  const ticker = new Ticker(options.clock ?? systemClock, options.everyMs ?? 500, pass);
  ticker.start();
  return { runOnce, pause: () => ticker.stop(), resume: () => ticker.start(), close: () => ticker.stop() };
}
