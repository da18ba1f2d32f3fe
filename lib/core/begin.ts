import { otherSide, type PairConfig } from '../contracts/config.ts';
import type { ControlRecord, Grant, OpKind, OpPlan, OpRecord } from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import type { Diagnosis } from '../contracts/observation.ts';
import { isPolicy, policyActor } from './actor.ts';
import {
  acknowledgementLimit,
  cooldownLimit,
  effectiveMode,
  mayGoUnfenced,
  monthlyLimit,
  pauseLimit,
} from './limits.ts';
import { firstRefusal, type Ruled, refuse } from './refusal.ts';
import { isAhead, plusSeconds } from './time.ts';

/** What somebody, or the watch by its policy, asks for. */
export type BeginRequest = {
  readonly op: string;
  readonly kind: OpKind;
  /** Default: the site that does not hold the grant. */
  readonly target?: Side;
  /** True when no person will be asked: the caller writes the policy's approval together with Begin. */
  readonly automatic: boolean;
  /** ARN of the caller, or `policyActor.prepare` or `policyActor.automatic`. */
  readonly by: string;
  readonly reason: string;
  readonly leastRung: OpPlan['leastRung'];
  readonly worstRecoveryPointSeconds: number;
  /** Diagnoses on which the op may withdraw the grant. */
  readonly diagnoses: readonly Diagnosis[];
  /** Epoch the caller believes the grant has; another one means that the world moved on. */
  readonly expectEpoch?: number;
  /** `since` of the verdict that led here. */
  readonly detectedAt?: string | null;
};

/** The part of the configuration that Begin fixes in the op's record or checks. */
export type BeginPolicy = Pick<PairConfig, 'pair' | 'mode' | 'strategy' | 'interruptedTasks' | 'preAuthorisedUnfenced'>;

/**
 * The text that the plan hash is taken of: the same plan gives the same text, whatever the order of its fields or
 * diagnoses. It leaves the snapshot out, because each newer one would void an approval.
 */
export const canonicalPlan = (plan: OpPlan): string =>
  JSON.stringify({
    diagnoses: [...new Set(plan.diagnoses)].sort(),
    from: plan.from,
    leastRung: plan.leastRung,
    strategy: plan.strategy,
    target: plan.target,
    worstRecoveryPointSeconds: plan.worstRecoveryPointSeconds,
  });

type BeginInput = {
  readonly control: ControlRecord;
  readonly grant: Grant;
  readonly openOps: readonly OpRecord[];
  readonly request: BeginRequest;
  readonly config: BeginPolicy;
  readonly now: Date;
};

/**
 * Begin: the op's record with its epoch (grant epoch + 1), and the control record that gives it the lease. The caller
 * commits both with the expectation that control and grant are unchanged since they were read.
 *
 * @param bound the fields of the configuration that must not change while the op runs
 * @param hash SHA-256 in hexadecimal, or any other collision-free digest of a text
 */
export function begin(
  input: BeginInput & { readonly bound: OpRecord['bound']; readonly hash: (text: string) => string },
): Ruled<{ readonly op: OpRecord; readonly control: ControlRecord }> {
  const { control, grant, request, config, now } = input;
  if (grant.holder === 'none') {
    return refuse('no-holder', `no site holds the grant (epoch ${grant.epoch}); an op must end before another begins`);
  }
  const from = grant.holder;
  const target = request.target ?? otherSide(from);
  const refusal = objection(input, from, target);
  if (refusal !== null) return refusal;
  const plan: OpPlan = {
    from,
    target,
    strategy: config.strategy,
    leastRung: request.leastRung,
    worstRecoveryPointSeconds: request.worstRecoveryPointSeconds,
    diagnoses: [...new Set(request.diagnoses)].sort(),
  };
  const op: OpRecord = {
    op: request.op,
    kind: request.kind,
    pair: config.pair,
    epoch: grant.epoch + 1,
    plan,
    planHash: input.hash(canonicalPlan(plan)),
    automatic: request.automatic,
    by: request.by,
    reason: request.reason,
    attempt: 1,
    phase: 'open',
    beganAt: now.toISOString(),
    detectedAt: request.detectedAt ?? null,
    endedAt: null,
    outcome: null,
    failure: null,
    snapshotId: null,
    needs: null,
    interruptedPolicy: config.interruptedTasks,
    bound: input.bound,
  };
  return { ok: true, op, control: { ...control, rev: control.rev + 1, op: op.op } };
}

function objection({ control, grant, openOps, request, config, now }: BeginInput, from: Side, target: Side) {
  const running = control.op ?? openOps.find((op) => op.endedAt === null)?.op;
  const mode = effectiveMode(config.mode, control.mode);
  const byPolicy = isPolicy(request.by);
  const pause = pauseLimit(control, now);
  const cooldown = byPolicy ? cooldownLimit(control, now) : null;
  const acknowledgement = request.automatic ? acknowledgementLimit(control) : null;
  const month = request.automatic ? monthlyLimit(control, now) : null;
  return firstRefusal([
    [running !== undefined, 'op-in-progress', `${running} is open; one op of a pair runs at a time`],
    [
      request.expectEpoch !== undefined && request.expectEpoch !== grant.epoch,
      'expected-epoch',
      `expected grant epoch ${request.expectEpoch}, found ${grant.epoch}: look at the pair again before you begin`,
    ],
    [target === from, 'target-holds-grant', `site ${target} already holds the grant (epoch ${grant.epoch})`],
    [mode === 'observe', 'mode', 'mode observe only watches: it begins no op, whoever asks'],
    [byPolicy && mode === 'manual', 'mode', 'in mode manual only a person begins an op'],
    [
      request.automatic && (mode !== 'automatic' || request.by !== policyActor.automatic),
      'mode',
      `only the policy of mode automatic begins an op that asks nobody; the mode is ${mode}, the caller ${request.by}`,
    ],
    [pause !== null, 'paused', `${pause}; lift the pause first`],
    [cooldown !== null, 'cooldown', `${cooldown}; until then only a person begins an op`],
    [acknowledgement !== null, 'acknowledgement', `${acknowledgement}`],
    [month !== null, 'monthly-limit', `${month}`],
    [
      request.automatic && request.leastRung === 'R0' && !mayGoUnfenced(config.preAuthorisedUnfenced, now),
      'unfenced',
      'an automatic op may go on without a fence only with a preAuthorisedUnfenced that has not expired',
    ],
  ]);
}

/** Ticks of the pause after an op that has stood down after an error; each further one of the same loss adds as many. */
const backOffTicks = 10;
const longestBackOffSeconds = 3600;

/**
 * Why the policy lets some time pass before it begins another op about this loss, or null: the newest op that has ended
 * stood down after an error, and the verdict that led to it still stands, so that the next one would fail as well.
 *
 * @param since `since` of the newest verdict of site `from`
 * @param tickSeconds timing.tickSeconds
 */
export function backOffLimit(input: {
  readonly ops: readonly OpRecord[];
  readonly from: Side;
  readonly since: string | null;
  readonly tickSeconds: number;
  readonly now: Date;
}): string | null {
  const { ops, from, since, tickSeconds, now } = input;
  const hasFailed = (op: OpRecord) =>
    op.outcome === 'stood-down' && op.failure !== null && op.plan.from === from && op.detectedAt === since;
  const ended = ops.flatMap((op) => (op.endedAt === null ? [] : [{ op, endedAt: op.endedAt }]));
  const newest = ended.sort((one, other) => Date.parse(other.endedAt) - Date.parse(one.endedAt))[0];
  if (since === null || newest === undefined || !hasFailed(newest.op)) return null;
  const failed = ops.filter(hasFailed).length;
  const until = plusSeconds(newest.endedAt, Math.min(longestBackOffSeconds, backOffTicks * tickSeconds * failed));
  return isAhead(until, now)
    ? `${failed === 1 ? '1 op' : `${failed} ops`} about this loss failed, the next one begins after ${until}; the last was ${newest.op.op}: ` +
        `${newest.op.failure}`
    : null;
}
