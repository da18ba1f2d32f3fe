import { ExportResult } from '../contracts/helper.ts';
import { Side } from '../contracts/ids.ts';
import { helperDags, namesOf } from '../contracts/names.ts';
import { runHelper } from './run-helper.ts';
import type { StepResult } from './step.ts';
import { stepNumbers } from './step-numbers.ts';
import { type TickContext, tickData } from './tick.ts';

/** State "Export the snapshot": the export helper of the site that holds the grant, polled until it has sealed. */
export async function exportSnapshot(world: TickContext): Promise<StepResult> {
  const captured = await tickData(world, world.tickId, 'Capture the configuration');
  const side = Side.parse(captured?.side);
  const epoch = Number(captured?.epoch);
  const site = world.config.sites[side];
  const names = namesOf(world.config);
  const snapshotId = String(
    world.progress.snapshotId ?? `${String(epoch).padStart(6, '0')}-${world.newId().toUpperCase()}`,
  );
  if (world.progress.snapshotId === undefined) await world.remember({ snapshotId });
  const run = await runHelper(
    world,
    {
      side,
      dagId: helperDags.export,
      owner: world.tickId,
      stepNumber: stepNumbers[world.state] ?? 0,
      progress: world.progress,
      remember: world.remember,
      // A failed export has no manifest; the next tick makes a new one under a new id.
      mostRuns: 1,
      request: {
        kind: 'export',
        pair: world.config.pair,
        site: side,
        op: world.tickId,
        epoch,
        bucket: names.siteBucket(side),
        region: site.region,
        requestedAt: world.now().toISOString(),
        snapshotId,
        environment: {
          name: site.environment,
          arn: String(captured?.arn),
          region: site.region,
          airflowVersion: String(captured?.airflowVersion),
        },
        historyDays: world.config.historyDays,
        keyAlias: names.keyAlias,
        bundle: null,
      },
    },
    ExportResult,
  );
  const waitSeconds = Math.ceil(world.config.timing.pollSeconds);
  if (!run.ended) return { outcome: 'pending', because: run.because, waitSeconds };
  return {
    outcome: 'done',
    because: `sealed ${run.result.snapshotId} at ${run.result.sealedAt}`,
    data: { side, ...run.result },
  };
}
