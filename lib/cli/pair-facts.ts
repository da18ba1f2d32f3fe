import type { PairConfig } from '../contracts/config.ts';
import type {
  Approval,
  ControlRecord,
  FenceRecord,
  Grant,
  HeartbeatGaps,
  OpRecord,
  PageRecord,
  SiteRecord,
  SnapshotRecord,
  StepRecord,
  TickRecord,
} from '../contracts/control.ts';
import type { Side } from '../contracts/ids.ts';
import type { Verdict } from '../contracts/observation.ts';
import { records } from '../contracts/records.ts';
import { approvalObjection } from '../core/approval.ts';
import { isFreshVerdict } from '../core/fence-reach.ts';
import type { ControlTable } from '../ports/control-table.ts';
import { NotAdoptedError, OpNotFoundError } from './errors.ts';

/** All that the control table holds about one op. */
export type OpFacts = {
  readonly record: OpRecord;
  /** In the order in which they began. */
  readonly steps: readonly StepRecord[];
  readonly approval: Approval | null;
  readonly fence: FenceRecord | null;
};

/** One reading of a pair. */
export type PairFacts = {
  readonly control: ControlRecord;
  readonly grant: Grant;
  readonly verdicts: Readonly<Record<Side, Verdict | null>>;
  readonly gaps: Readonly<Record<Side, HeartbeatGaps | null>>;
  /** What people were paged about, and how often mode observe would have acted; null before the first of both. */
  readonly page: PageRecord | null;
  /** Environments that ops have created. */
  readonly created: readonly SiteRecord[];
  readonly fences: readonly FenceRecord[];
  readonly snapshots: readonly SnapshotRecord[];
  readonly ticks: { readonly watch: TickRecord | null; readonly protect: TickRecord | null };
  readonly openOp: OpFacts | null;
};

export type Role = 'active' | 'standby' | 'none';

/**
 * Reads a pair from its control table.
 * @throws NotAdoptedError when the pair has no grant yet.
 */
export async function readPair(table: ControlTable): Promise<PairFacts> {
  const [control, grant, verdictA, verdictB, gapsA, gapsB, page, watch, protect] = await Promise.all([
    table.get(records.control()),
    table.get(records.grant()),
    table.get(records.verdict('a')),
    table.get(records.verdict('b')),
    table.get(records.gap('a')),
    table.get(records.gap('b')),
    table.get(records.page()),
    table.get(records.tick('watch')),
    table.get(records.tick('protect')),
  ]);
  if (!control || !grant) {
    throw new NotAdoptedError('this pair was never adopted: it has no grant', 'lifeboat adopt');
  }
  const [fences, snapshots, created, openOp] = await Promise.all([
    table.list(records.fences()),
    table.list(records.snapshots()),
    table.list(records.sites()),
    control.value.op === null ? null : readOp(table, control.value.op),
  ]);
  return {
    control: control.value,
    grant: grant.value,
    verdicts: { a: verdictA?.value ?? null, b: verdictB?.value ?? null },
    gaps: { a: gapsA?.value ?? null, b: gapsB?.value ?? null },
    page: page?.value ?? null,
    created: created.map((site) => site.value),
    fences: fences.map((fence) => fence.value),
    snapshots: snapshots.map((snapshot) => snapshot.value),
    ticks: { watch: watch?.value ?? null, protect: protect?.value ?? null },
    openOp,
  };
}

/**
 * Reads one op with its journal.
 * @throws OpNotFoundError
 */
export async function readOp(table: ControlTable, op: string): Promise<OpFacts> {
  const record = await table.get(records.op(op));
  if (!record) throw new OpNotFoundError(`there is no op ${op} in this pair`, 'list the ops with: lifeboat history');
  const { epoch, plan } = record.value;
  const [steps, approval, fence] = await Promise.all([
    table.list(records.steps(op)),
    table.get(records.approval(op)),
    table.get(records.fence(epoch, plan.from)),
  ]);
  return {
    record: record.value,
    steps: steps.map((step) => step.value).toSorted((x, y) => Date.parse(x.startedAt) - Date.parse(y.startedAt)),
    approval: approval?.value ?? null,
    fence: fence?.value.op === op ? fence.value : null,
  };
}

/** The fence that stands against a site now: of the present epoch, while another site holds the grant or none does. */
export function standingFence(facts: PairFacts, side: Side): FenceRecord | null {
  if (facts.grant.holder === side) return null;
  return facts.fences.find((fence) => fence.side === side && fence.epoch === facts.grant.epoch) ?? null;
}

/** What a site does now. Derived, never stored. A fenced site is no standby until it has rejoined. */
export function roleOf(facts: PairFacts, side: Side): Role {
  if (facts.grant.holder === side) return 'active';
  if (standingFence(facts, side)) return 'none';
  return facts.grant.holder === 'none' && facts.openOp?.record.plan.from === side ? 'none' : 'standby';
}

/** The site that an op would take production from: the holder; during an op, the one it was taken from. */
export function losingSide(facts: PairFacts, config: PairConfig): Side {
  if (facts.grant.holder !== 'none') return facts.grant.holder;
  return facts.openOp?.record.plan.from ?? config.homeSite;
}

/** True when the verdict is older than three ticks: too old to act on. */
export const isStale = (verdict: Verdict, config: PairConfig, now: Date): boolean =>
  !isFreshVerdict(verdict, config.timing.tickSeconds, now);

/** True while an op stands at Wait for approval without a valid approval. */
export function waitsForApproval(op: OpFacts, now: Date): boolean {
  if (op.record.phase !== 'open') return false;
  if (approvalObjection(op.approval, op.record, now) === null) return false;
  return op.steps.some((step) => step.state === 'Wait for approval') || stepDone(op, 'Import the snapshot');
}

const stepDone = (op: OpFacts, state: string): boolean =>
  op.steps.some((step) => step.state === state && step.status === 'done');

/**
 * True when nothing of an open op has moved for longer than any function can run: its execution is probably gone.
 * Who has just resumed it passes `watchedSince`: the new execution gets the same time before it is suspected.
 */
export function isStalled(op: OpFacts, config: PairConfig, now: Date, watchedSince?: Date): boolean {
  const moments = [
    watchedSince ?? op.record.beganAt,
    op.record.beganAt,
    ...op.steps.flatMap((step) => [step.claimedAt, step.endedAt ?? step.claimedAt]),
  ];
  const newest = Math.max(...moments.map((moment) => new Date(moment).getTime()));
  return (now.getTime() - newest) / 1000 > config.timing.longestFunctionSeconds;
}

const ended: readonly string[] = ['closed', 'stood-down', 'given-back'];
/** True when an op will not move again, whatever anybody does. */
export const hasEnded = (record: OpRecord): boolean => ended.includes(record.phase);

/** True while an op keeps its lease and waits for the action that it names. */
export const isHeld = ({ record }: OpFacts): boolean => record.needs !== null && !hasEnded(record);
