import { PromoteResult } from '../contracts/helper.ts';
import { helperDags, namesOf } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { readChosenManifest, readPauseMap } from './pause-map.ts';
import { runHelper } from './run-helper.ts';
import type { StepDefinition } from './step.ts';
import { stepNumbers } from './step-numbers.ts';

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
    const opened = run.result.dags.filter((dag) => dag.unpaused).length;
    const left = run.result.leftPaused;
    return {
      outcome: 'done',
      because:
        `${opened} DAGs opened on site ${target}` +
        (left.length > 0 ? `; left paused: ${left.map(({ dagId, why }) => `${dagId} (${why})`).join(', ')}` : ''),
      data: { ...run.result, promotedAt: world.now().toISOString() },
      writes: [{ key: records.op(op.op), expect: world.op.version, value: { ...op, phase: 'promoted' } }],
    };
  },
};
