import { PromoteResult } from '../contracts/helper.ts';
import type { Side } from '../contracts/ids.ts';
import { helperDags, namesOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { readChosenManifest, readPauseMap } from './pause-map.ts';
import { runHelper } from './run-helper.ts';
import type { StepDefinition } from './step.ts';
import { stepNumbers } from './step-numbers.ts';

/** Entries of a list in the journal, whose records end at 400 KB; the helper's result object has all of them. */
const mostRecorded = 500;
/** DAGs that the sentence of this step names. */
const mostNamed = 20;

/**
 * State "Promote the site": the promote helper of the target opens the DAGs that were open on the losing site, after
 * it has checked that each would go on where that one stopped. A DAG that fails its check stays paused and is named.
 */
export const promoteSite: StepDefinition = {
  async run(world) {
    const op = world.op.value;
    const { target } = op.plan;
    const { snapshot, manifest } = await readChosenManifest(world);
    const pauseMap = await readPauseMap(world);
    const names = namesOf(world.config);
    const run = await runHelper(
      world,
      {
        side: target,
        dagId: helperDags.promote,
        owner: op.op,
        stepNumber: stepNumbers[world.state] ?? 0,
        progress: world.progress,
        remember: world.remember,
        request: {
          kind: 'promote',
          pair: world.config.pair,
          site: target,
          op: op.op,
          epoch: op.epoch,
          bucket: names.siteBucket(target),
          region: world.config.sites[target].region,
          requestedAt: world.now().toISOString(),
          pauseMap,
          expected: manifest.dags,
          snapshotId: snapshot.snapshotId,
          manifestSha256: snapshot.manifestSha256,
          manifestVersionId: snapshot.versionId,
          keyAlias: names.keyAlias,
          catchUpBudget: world.config.catchUpBudget,
          exportedSiteEpoch: snapshot.epoch,
        },
      },
      PromoteResult,
    );
    if (!run.ended) {
      return { outcome: 'pending', because: run.because, waitSeconds: Math.ceil(world.config.timing.pollSeconds) };
    }
    return {
      outcome: 'done',
      because: spoken(run.result, target),
      data: { ...recorded(run.result), resultKey: run.resultKey, promotedAt: world.now().toISOString() },
      writes: [{ key: records.op(op.op), expect: world.op.version, value: { ...op, phase: 'promoted' } }],
    };
  },
};

/** What the journal keeps of the result: what people have to look at, and how many of the rest. */
function recorded({ dags, nextRuns, leftPaused, seconds }: PromoteResult) {
  const notOpened = dags.filter((dag) => !dag.unpaused);
  return {
    seconds,
    opened: dags.length - notOpened.length,
    dags: notOpened.slice(0, mostRecorded),
    nextRuns: nextRuns.slice(0, mostRecorded),
    nextRunsCount: nextRuns.length,
    leftPaused: leftPaused.slice(0, mostRecorded),
    leftPausedCount: leftPaused.length,
  };
}

function spoken({ dags, leftPaused }: PromoteResult, target: Side): string {
  const opened = `${dags.filter((dag) => dag.unpaused).length} DAGs opened on site ${target}`;
  if (leftPaused.length === 0) return opened;
  const named = leftPaused.slice(0, mostNamed).map(({ dagId, why }) => `${dagId} (${why})`);
  const more = leftPaused.length > mostNamed ? [`${leftPaused.length - mostNamed} more`] : [];
  return `${opened}; left paused: ${[...named, ...more].join(', ')}`;
}
