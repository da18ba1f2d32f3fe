import type { SnapshotRecord } from '../contracts/control.ts';
import { ImportResult } from '../contracts/helper.ts';
import { helperDags, namesOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { HelperRefusedError, NoSnapshotError } from '../core/errors.ts';
import type { Versioned, Write } from '../ports/control-table.ts';
import { requireWithdrawn } from './ruled.ts';
import { runHelper } from './run-helper.ts';
import type { StepContext, StepDefinition, StepResult } from './step.ts';
import { stepNumbers } from './step-numbers.ts';

/**
 * Refusals that say something about the snapshot and nothing about the site: an older one may still be good. A key that
 * cannot be used or a database of another schema is the target's fault; it is mended there and no snapshot is worse for it.
 */
const snapshotIsBad = new Set(['ObjectCorruptError', 'ManifestInvalidError']);

type Stage = 'terminal' | 'unfinished' | 'history';

/**
 * States "Import the snapshot", "Import the rest", "Import the history": one stage of the chosen snapshot by the
 * helper DAG of the target. A snapshot that turns out to be bad is marked so, and outcome `choose-again` asks for the
 * next older one; the helper has written nothing then.
 */
const importSnapshot = (stage: Stage, chosenBy: string): StepDefinition => ({
  async run(world) {
    const snapshot = await readChosen(world, chosenBy);
    if (stage === 'unfinished') await requireWithdrawn(world, world.op.value);
    // A repeat of the look that found it bad must not ask the helper for it once more.
    const { invalid } = snapshot.value;
    if (invalid !== null && stage !== 'history') return await chooseAgain(world, snapshot, chosenBy, invalid);
    try {
      const run = await runHelper(world, askFor(world, stage, snapshot.value), ImportResult);
      if (!run.ended) return { outcome: 'pending', because: run.because, waitSeconds: poll(world) };
      return imported(snapshot.value, stage, run.result);
    } catch (error) {
      const isBad = error instanceof HelperRefusedError && snapshotIsBad.has(error.helperError);
      if (!isBad || stage === 'history') throw error;
      return await chooseAgain(world, snapshot, chosenBy, error.message);
    }
  },
});

async function readChosen(world: StepContext, chosenBy: string): Promise<Versioned<SnapshotRecord>> {
  const { op, snapshotId } = world.op.value;
  const snapshot = snapshotId ? await world.table.get(records.snapshot(snapshotId)) : null;
  if (snapshot) return snapshot;
  throw new NoSnapshotError(`op ${op} has no chosen snapshot; state "${chosenBy}" has to run first`);
}

function askFor(world: StepContext, stage: Stage, snapshot: SnapshotRecord) {
  const op = world.op.value;
  const { target } = op.plan;
  const names = namesOf(world.config);
  return {
    side: target,
    dagId: helperDags.import,
    owner: op.op,
    stepNumber: stepNumbers[world.state] ?? 0,
    progress: world.progress,
    remember: world.remember,
    request: {
      kind: 'import' as const,
      pair: world.config.pair,
      site: target,
      op: op.op,
      epoch: op.epoch,
      bucket: names.siteBucket(target),
      region: world.config.sites[target].region,
      requestedAt: world.now().toISOString(),
      stage,
      snapshotId: snapshot.snapshotId,
      manifestSha256: snapshot.manifestSha256,
      manifestVersionId: snapshot.versionId,
      keyAlias: names.keyAlias,
      interruptedDefault: op.interruptedPolicy,
    },
  };
}

/** Interrupted runs that the journal, and with it the report, names one by one. */
const mostInterrupted = 300;

const poll = (world: StepContext) => Math.ceil(world.config.timing.pollSeconds);

function imported(snapshot: SnapshotRecord, stage: string, result: ImportResult): StepResult {
  const rows = Object.values(result.rows).reduce((sum, count) => sum + count, 0);
  return {
    outcome: 'done',
    because: `imported ${stage} part of ${snapshot.snapshotId}: ${rows} rows in ${result.seconds.toFixed(1)} s`,
    data: {
      ...{ snapshotId: snapshot.snapshotId, snapshotAt: snapshot.snapshotAt, ...result },
      // A record has an end (400 KB); the whole list stays in the helper's result object.
      interrupted: result.interrupted.slice(0, mostInterrupted),
      interruptedCount: result.interrupted.length,
    },
  };
}

async function chooseAgain(
  world: StepContext,
  snapshot: Versioned<SnapshotRecord>,
  chosenBy: string,
  reason: string,
): Promise<StepResult> {
  const choice = await world.table.get(records.step(world.op.value.op, chosenBy));
  const { attempt } = world.op.value;
  const writes: Write[] = [
    { key: records.op(world.op.value.op), expect: world.op.version },
    {
      key: records.snapshot(snapshot.value.snapshotId),
      expect: snapshot.version,
      value: { ...snapshot.value, invalid: reason },
    },
  ];
  if (choice) {
    // The choice is made again by the next look of that state, so its record must not be replayed as done.
    writes.push({
      key: records.step(world.op.value.op, chosenBy),
      expect: choice.version,
      value: { ...choice.value, attempt, status: 'failed', error: { name: 'SnapshotInvalidError', message: reason } },
    });
  }
  await world.table.commit(writes);
  world.log.warn({ snapshotId: snapshot.value.snapshotId, reason }, 'snapshot refused, an older one is taken');
  return {
    outcome: 'choose-again',
    because: `snapshot ${snapshot.value.snapshotId} refused (${reason}); the standby is untouched`,
    data: { snapshotId: snapshot.value.snapshotId, refused: reason },
  };
}

const imports: Readonly<Record<string, StepDefinition>> = {
  'Import the snapshot': importSnapshot('terminal', 'Choose the snapshot'),
  'Import the rest': importSnapshot('unfinished', 'Choose the last snapshot'),
  'Import the history': importSnapshot('history', 'Choose the last snapshot'),
};

/** The stage that a state of the failover imports. */
export function importOfState(state: string): StepDefinition {
  const definition = imports[state];
  if (!definition)
    throw new Error(`state ${state} imports nothing; expected one of ${Object.keys(imports).join(', ')}`);
  return definition;
}
