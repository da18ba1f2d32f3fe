import { otherSide, type PairConfig, type Strategy } from '../contracts/config.ts';
import type { SnapshotRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import { Manifest } from '../contracts/manifest.ts';
import type { Diagnosis, Health, Verdict } from '../contracts/observation.ts';
import { records } from '../contracts/records.ts';
import { targetState } from '../core/creation/target.ts';
import { lossDiagnoses } from '../core/decision-table.ts';
import { canFence } from '../core/fence-reach.ts';
import { effectiveMode, pauseLimit } from '../core/limits.ts';
import { selectSnapshot } from '../core/snapshot-choice.ts';
import { secondsBetween } from '../report/time-text.ts';
import { addressed } from './addressed.ts';
import type { PairAccess } from './pair-access.ts';
import { hasEnded, isStale, losingSide, type PairFacts, standingFence } from './pair-facts.ts';

/** What a person may say about a failover before it begins. */
export type FailoverWishes = {
  readonly target?: Side | undefined;
  readonly acceptUnfenced: boolean;
  readonly acceptRecoveryPointSeconds?: number | undefined;
};

/** Why a failover cannot begin, or would end before it moved production. */
export type Blocker = {
  readonly kind: 'op-in-progress' | 'not-ready' | 'no-snapshot' | 'healthy';
  readonly because: string;
  readonly fix: string;
};

export type Interrupted = { readonly dagId: string; readonly runId: string; readonly tasks: readonly string[] };

/** What `lifeboat failover` would do now. */
export type FailoverPlan = {
  readonly pair: string;
  readonly from: Side;
  readonly target: Side;
  readonly epoch: number;
  readonly diagnosis: Diagnosis | null;
  readonly health: Health | null;
  readonly because: readonly string[];
  readonly snapshot: { readonly id: string; readonly at: string; readonly ageSeconds: number } | null;
  /** Why newer snapshots would not be taken. */
  readonly passedOver: readonly string[];
  readonly worstRecoveryPointSeconds: number;
  readonly strategy: Strategy;
  /** The environment that the op would create, and where; null when it exists. */
  readonly creates: { readonly environment: string; readonly region: string } | null;
  readonly leastRung: 'R0' | 'R2';
  readonly diagnoses: readonly Diagnosis[];
  /** Runs that had not ended at the recovery point; null when the manifest could not be read. */
  readonly interrupted: readonly Interrupted[] | null;
  readonly steps: readonly string[];
  readonly blockers: readonly Blocker[];
};

/** Plans a failover from one reading of the pair. Reads the chosen snapshot's manifest; changes nothing. */
export async function planFailover(pair: PairAccess, facts: PairFacts, wishes: FailoverWishes): Promise<FailoverPlan> {
  const { config } = pair;
  const now = pair.now();
  const from = wishes.target ? otherSide(wishes.target) : losingSide(facts, config);
  const target = otherSide(from);
  const verdict = facts.verdicts[from];
  const worstRecoveryPointSeconds = wishes.acceptRecoveryPointSeconds ?? config.timing.maxRecoveryPointSeconds;
  const periods = await pair.table.list(records.grantPeriods());
  const choice = selectSnapshot(
    facts.snapshots,
    periods.map((period) => period.value),
    {
      target,
      opEpoch: facts.grant.epoch + 1,
      maxAgeSeconds: worstRecoveryPointSeconds,
      now,
    },
  );
  const { chosen } = choice;
  const passedOver = choice.passedOver.map(({ snapshotId, why }) => `${snapshotId}: ${why}`);
  const leastRung = wishes.acceptUnfenced ? 'R0' : 'R2';
  return {
    pair: config.pair,
    from,
    target,
    epoch: facts.grant.epoch,
    diagnosis: verdict?.diagnosis ?? null,
    health: verdict?.health ?? null,
    because: verdict?.because ?? ['this site was never judged'],
    snapshot: chosen && {
      id: chosen.snapshotId,
      at: chosen.snapshotAt,
      ageSeconds: secondsBetween(chosen.snapshotAt, now),
    },
    passedOver,
    worstRecoveryPointSeconds,
    strategy: config.strategy,
    creates: createdBy(facts, config, target),
    leastRung,
    diagnoses: diagnosesFor(verdict),
    interrupted: chosen ? await inFlightOf(pair, target, chosen) : null,
    steps: pair.failoverSteps,
    blockers: blockersOf(pair, facts, { from, target, leastRung, snapshot: chosen, passedOver }).map((blocker) => ({
      ...blocker,
      fix: addressed(blocker.fix, pair.addressing),
    })),
  };
}

function createdBy(facts: PairFacts, config: PairConfig, target: Side): FailoverPlan['creates'] {
  const verdict = facts.verdicts[target];
  const { environment, region } = config.sites[target];
  return verdict && targetState(verdict, config, facts.created) === 'creatable' ? { environment, region } : null;
}

/** A lost site is always reason enough; what a person sees now as degraded or unclear is theirs to name. */
function diagnosesFor(verdict: Verdict | null): Diagnosis[] {
  // Healthy stands down, planned and blind observers wait: no approval changes that.
  const never: readonly Diagnosis[] = ['HEALTHY', 'METRICS_PIPELINE', 'PLANNED', 'OBSERVER_FAULT'];
  const present = verdict?.diagnosis;
  if (!present || lossDiagnoses.includes(present) || never.includes(present)) return [...lossDiagnoses];
  return [...lossDiagnoses, present];
}

type Choice = {
  from: Side;
  target: Side;
  leastRung: 'R0' | 'R2';
  snapshot: SnapshotRecord | null;
  passedOver: readonly string[];
};

function blockersOf(pair: PairAccess, facts: PairFacts, choice: Choice): Blocker[] {
  const { config } = pair;
  const { from, target } = choice;
  const found: Blocker[] = [];
  if (facts.openOp && !hasEnded(facts.openOp.record)) {
    const { op, phase } = facts.openOp.record;
    found.push({ kind: 'op-in-progress', because: `op ${op} is ${phase}`, fix: `lifeboat report ${op}` });
  }
  if (facts.grant.holder !== from) {
    const because = `site ${from} does not hold the grant (holder: ${facts.grant.holder}, epoch ${facts.grant.epoch})`;
    found.push({ kind: 'not-ready', because, fix: 'leave out --target: the site without the grant takes over' });
  }
  found.push(...policyBlockers(pair, facts));
  const verdict = facts.verdicts[from];
  if (!verdict || isStale(verdict, config, pair.now())) {
    const because = `there is no verdict on site ${from} of the last three ticks`;
    found.push({ kind: 'not-ready', because, fix: 'bring the watch back first: runbooks/watch-not-running.md' });
  } else if (verdict.health === 'healthy') {
    const because = `site ${from} is healthy (${verdict.diagnosis}): a failover would stand down before it takes the grant`;
    found.push({ kind: 'healthy', because, fix: 'nothing to do; lifeboat status shows what the verdict rests on' });
  } else if (choice.leastRung === 'R2' && !canFence(verdict, config.controllerRegion)) {
    const because = `site ${from} cannot be fenced from here: its web server does not answer, so the op would stop before the withdrawal`;
    found.push({ kind: 'not-ready', because, fix: 'if you accept that it may go on running: add --accept-unfenced' });
  }
  found.push(...targetBlockers(facts, pair.config, target));
  if (!choice.snapshot) {
    found.push({
      kind: 'no-snapshot',
      because: ['no restorable snapshot within the limit', ...choice.passedOver].join('; '),
      fix: 'accept an older one with --accept-recovery-point, for example 2d; see runbooks/snapshot-stale.md',
    });
  }
  return found;
}

function policyBlockers(pair: PairAccess, facts: PairFacts): Blocker[] {
  const pause = pauseLimit(facts.control, pair.now());
  const observing = effectiveMode(pair.config.mode, facts.control.mode) === 'observe';
  const found: Blocker[] = [];
  if (pause) found.push({ kind: 'not-ready', because: pause, fix: 'lifeboat pause --end' });
  if (observing) {
    const because = 'mode observe only watches: it begins no op, whoever asks';
    found.push({ kind: 'not-ready', because, fix: 'change mode in the pair configuration and deploy it' });
  }
  return found;
}

function targetBlockers(facts: PairFacts, config: PairConfig, target: Side): Blocker[] {
  const verdict = facts.verdicts[target];
  const fence = standingFence(facts, target);
  const fenced: Blocker[] = fence
    ? [
        {
          kind: 'not-ready',
          because: `site ${target} is fenced by op ${fence.op}`,
          fix: 'it has to rejoin the pair first',
        },
      ]
    : [];
  if (verdict && targetState(verdict, config, facts.created) === 'stranger') return [...fenced, strangerAt(target)];
  if (verdict?.diagnosis === 'HEALTHY' || createdBy(facts, config, target) !== null) return fenced;
  const seen = verdict
    ? `is ${verdict.health} (${verdict.diagnosis}): ${verdict.because.join('; ')}`
    : 'was never judged';
  return [
    ...fenced,
    { kind: 'not-ready', because: `site ${target} ${seen}`, fix: 'make the standby well; lifeboat status' },
  ];
}

const strangerAt = (target: Side): Blocker => ({
  kind: 'not-ready',
  because: `an environment of the name of site ${target} exists that no op has made: no op can create it there`,
  fix: 'set strategy warm-standby if it is the standby, or give the site another environment name; then deploy',
});

async function inFlightOf(pair: PairAccess, target: Side, snapshot: SnapshotRecord): Promise<Interrupted[] | null> {
  try {
    const stored = await pair.bucket(target).read(snapshot.manifestKey, snapshot.versionId ?? undefined);
    if (!stored || stored.sha256 !== snapshot.manifestSha256) return null;
    return Manifest.parse(JSON.parse(stored.body.toString('utf8'))).inFlight.map((run) => ({
      dagId: run.dagId,
      runId: run.runId,
      tasks: run.tasks.map((task) => `${task.taskId} (${task.state ?? 'no state'})`),
    }));
  } catch {
    // The list is for the reader's eyes only: a bucket that cannot be read must not keep anybody from failing over.
    return null;
  }
}
