import { otherSide, type PairConfig } from '../contracts/config.ts';
import type {
  ControlRecord,
  Decision,
  DecisionKind,
  Grant,
  OpPlan,
  OpRecord,
  SiteRecord,
} from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import type { Verdict } from '../contracts/observation.ts';
import { targetState } from './creation/target.ts';
import { decisionTable } from './decision-table.ts';
import { canFence, isFreshVerdict } from './fence-reach.ts';
import {
  acknowledgementLimit,
  cooldownLimit,
  effectiveMode,
  mayGoUnfenced,
  monthlyLimit,
  pauseLimit,
} from './limits.ts';
import { ageSeconds, spoken } from './time.ts';

/**
 * What to do about the pair. `prepare` and `fail-over` name the target and the least fence rung of the op to begin;
 * `fail-over` with an op open means: write the policy's approval of that op.
 */
export type PairDecision = Decision & { readonly target?: Side; readonly leastRung?: OpPlan['leastRung'] };

export type DecideInput = {
  readonly control: ControlRecord;
  readonly grant: Grant;
  readonly config: Pick<
    PairConfig,
    'mode' | 'preAuthorisedUnfenced' | 'timing' | 'controllerRegion' | 'strategy' | 'sites' | 'homeSite'
  >;
  /** Newest verdict of each site; null when it was never judged. */
  readonly verdicts: Readonly<Record<Side, Verdict | null>>;
  /** Environments that ops have created. */
  readonly created: readonly SiteRecord[];
  /** The op that has the lease. */
  readonly openOp: OpRecord | null;
  readonly now: Date;
};

type Situation = DecideInput & { readonly holder: Side; readonly verdict: Verdict; readonly other: Verdict | null };
type Step = { readonly kind: DecisionKind; readonly because: readonly string[] };

const step = (kind: DecisionKind, ...because: string[]): Step => ({ kind, because });

/** Decides with reasons. Never withdraws anything itself: Begin and the withdrawal check their own rules again. */
export function decide(input: DecideInput): PairDecision {
  const { grant, verdicts } = input;
  if (grant.holder === 'none') {
    return { kind: 'hold', because: [`no site holds the grant (epoch ${grant.epoch}): ${opInCharge(input.openOp)}`] };
  }
  const verdict = verdicts[grant.holder];
  const other = verdicts[otherSide(grant.holder)];
  if (verdict === null)
    return { kind: 'hold', because: [`site ${grant.holder}, which holds the grant, was not judged`] };
  const situation: Situation = { ...input, holder: grant.holder, verdict, other };
  const about = withOtherSite(aboutHolder(situation), situation);
  const acts = about.kind === 'prepare' || about.kind === 'fail-over';
  return {
    kind: about.kind,
    because: [...about.because],
    ...(acts ? { target: otherSide(grant.holder), leastRung: leastRung(situation) } : {}),
  };
}

const opInCharge = (op: OpRecord | null): string =>
  op === null ? 'no op is open, a person must look' : `${op.op} is between its withdrawal and its end`;

const leastRung = ({ verdict, config }: Situation): OpPlan['leastRung'] =>
  canFence(verdict, config.controllerRegion) ? 'R2' : 'R0';

function aboutHolder(situation: Situation): Step {
  const { holder, verdict, control, config, openOp, now } = situation;
  const mode = effectiveMode(config.mode, control.mode);
  const seen = [`site ${holder} holds the grant and is ${verdict.diagnosis}`, ...verdict.because];
  const kind = decisionTable[verdict.diagnosis][mode];
  if (!isFreshVerdict(verdict, config.timing.tickSeconds, now)) {
    return step('page', `the verdict of site ${holder} is ${spoken(ageSeconds(verdict.judgedAt, now))} old`, ...seen);
  }
  if (kind === 'page' && verdict.diagnosis === 'UNCLEAR') return whenLong(verdict, situation, seen);
  if (kind !== 'prepare' && kind !== 'fail-over') return openOp === null ? step(kind, ...seen) : duringOp(openOp, seen);
  const pause = pauseLimit(control, now);
  if (pause !== null) return step('page', pause, ...seen);
  if (openOp !== null) return aboutOpenOp(openOp, kind, situation, seen);
  const cooldown = cooldownLimit(control, now);
  if (cooldown !== null) return step('page', `${cooldown}: only a person may begin an op`, ...seen);
  const target = targetObjection(situation);
  if (target?.isBad) return step('page', target.because, ...seen);
  const obstacle = kind === 'fail-over' ? (target?.because ?? automaticObstacle(situation)) : null;
  if (obstacle !== null) return step('prepare', `not by itself: ${obstacle}`, ...seen);
  return step(kind, ...seen);
}

const duringOp = (op: OpRecord, seen: readonly string[]): Step => step('hold', `${op.op} is running`, ...seen);

/** An op that waits for its approval gets the policy's, when the policy alone would begin the same op now. */
function aboutOpenOp(op: OpRecord, kind: DecisionKind, situation: Situation, seen: readonly string[]): Step {
  const { holder } = situation;
  if (kind !== 'fail-over' || op.phase !== 'open' || op.plan.target !== otherSide(holder)) return duringOp(op, seen);
  const rung = leastRung(situation);
  const obstacle =
    targetObjection(situation)?.because ??
    automaticObstacle(situation) ??
    (op.plan.leastRung === 'R2' && rung === 'R0'
      ? `${op.op} needs a fence, and site ${holder} cannot be fenced from here`
      : null);
  if (obstacle !== null) return step('hold', `${op.op} waits for a person: ${obstacle}`, ...seen);
  return step('fail-over', `the policy approves ${op.op}`, ...seen);
}

/** Why the other site could not take over now; `isBad` when it is known to be unable and nothing can be prepared. */
function targetObjection({
  holder,
  other,
  config,
  created,
  now,
}: Situation): { isBad: boolean; because: string } | null {
  const side = otherSide(holder);
  if (other === null) return { isBad: true, because: `site ${side} was never judged and cannot take over` };
  if (!isFreshVerdict(other, config.timing.tickSeconds, now)) {
    return { isBad: true, because: `the verdict of site ${side} is ${spoken(ageSeconds(other.judgedAt, now))} old` };
  }
  const state = targetState(other, config, created);
  if (state === 'stranger') return { isBad: true, because: strangerAt(side) };
  if (other.diagnosis === 'HEALTHY' || state === 'creatable') return null;
  const isBad = other.health === 'down' || other.diagnosis === 'ENV_GONE';
  return { isBad, because: `site ${side} should take over but is ${other.diagnosis}: ${other.because.join('; ')}` };
}

const strangerAt = (side: Side): string =>
  `an environment of the name of site ${side} exists that no op has made: no op can create it there`;

/** Why the policy must ask a person, or null. */
function automaticObstacle({ control, verdict, config, holder, now }: Situation): string | null {
  const limit = acknowledgementLimit(control) ?? monthlyLimit(control, now) ?? cooldownLimit(control, now);
  if (limit !== null) return limit;
  if (canFence(verdict, config.controllerRegion) && verdict.diagnosis === 'ENV_DOWN') return null;
  if (mayGoUnfenced(config.preAuthorisedUnfenced, now)) return null;
  return `site ${holder} cannot be fenced from here, and no preAuthorisedUnfenced is valid`;
}

function whenLong(verdict: Verdict, { config, openOp, now }: Situation, seen: readonly string[]): Step {
  const lasted = ageSeconds(verdict.since, now);
  if (openOp !== null) return duringOp(openOp, seen);
  return lasted > config.timing.unclearPageSeconds
    ? step('page', `unclear for ${spoken(lasted)}`, ...seen)
    : step('hold', `unclear for ${spoken(lasted)}, paged after ${spoken(config.timing.unclearPageSeconds)}`, ...seen);
}

/** The site without the grant never causes more than a page; during an op, the op looks at it. */
function withOtherSite(about: Step, { other, holder, config, created, openOp, now }: Situation): Step {
  if (other === null || openOp !== null || (about.kind !== 'hold' && about.kind !== 'count')) return about;
  const state = targetState(other, config, created);
  if (state === 'stranger') return step('page', strangerAt(otherSide(holder)), ...about.because);
  if (other.diagnosis === 'HEALTHY' || other.diagnosis === 'PLANNED' || state === 'creatable') return about;
  const isShort = ageSeconds(other.since, now) <= config.timing.unclearPageSeconds;
  if (other.diagnosis === 'UNCLEAR' && isShort) return about;
  const because = `site ${otherSide(holder)}, which should be able to take over, is ${other.diagnosis}`;
  return step('page', because, ...other.because, ...about.because);
}
