import type { PairConfig } from '../contracts/config.ts';
import type {
  Approval,
  FenceRecord,
  GrantPeriod,
  OpRecord,
  SiteRecord,
  SnapshotRecord,
  StepRecord,
} from '../contracts/control.ts';

/** The records that a report is made of. */
export type ReportRecords = {
  readonly op: OpRecord;
  /** In the order in which they began. */
  readonly steps: readonly StepRecord[];
  readonly approval: Approval | null;
  readonly fence: FenceRecord | null;
  readonly snapshots: readonly SnapshotRecord[];
  /** Who got the grant at the op's epoch. */
  readonly period: GrantPeriod | null;
  /** The environment that was created for the target, by this op or another one. */
  readonly site: SiteRecord | null;
  readonly config: Pick<PairConfig, 'sites' | 'timing'>;
};
