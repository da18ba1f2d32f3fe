import type { Mode } from '../contracts/config.ts';
import type { DecisionKind } from '../contracts/control.ts';
import type { Diagnosis } from '../contracts/observation.ts';

type Row = Readonly<Record<Mode, DecisionKind>>;

const hold: Row = { observe: 'hold', manual: 'hold', prepare: 'hold', automatic: 'hold' };
const page: Row = { observe: 'page', manual: 'page', prepare: 'page', automatic: 'page' };

/**
 * What each diagnosis of the grant's holder asks for in each mode, before pause, limits and the other site are looked
 * at. `prepare` and `fail-over` page too. UNCLEAR pages only when it lasts.
 */
export const decisionTable: Readonly<Record<Diagnosis, Row>> = {
  HEALTHY: hold,
  PLANNED: hold,
  METRICS_PIPELINE: page,
  WEB_SERVER_DOWN: page,
  WORKERS_STUCK: page,
  ENV_GONE: page,
  OBSERVER_FAULT: page,
  PLANNED_OVERDUE: page,
  UNCLEAR: page,
  PARTITION_SUSPECTED: { observe: 'count', manual: 'page', prepare: 'prepare', automatic: 'prepare' },
  ENV_DOWN: { observe: 'count', manual: 'page', prepare: 'prepare', automatic: 'fail-over' },
  REGION_UNREACHABLE: { observe: 'count', manual: 'page', prepare: 'prepare', automatic: 'fail-over' },
};

/** The only diagnoses on which an op may withdraw the grant without a person's word. */
export const lossDiagnoses: readonly Diagnosis[] = ['ENV_DOWN', 'REGION_UNREACHABLE'];
