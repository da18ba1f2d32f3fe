import type { z } from 'zod';
import * as control from './control.ts';
import type { Side } from './ids.ts';
import { Verdict } from './observation.ts';

/** Key of one record in the control table together with the schema that every reading of it passes. */
export type RecordKey<T> = { readonly sk: string; readonly schema: z.ZodType<T> };
/** All records whose sort key begins with `prefix`. */
export type RecordRange<T> = { readonly prefix: string; readonly schema: z.ZodType<T> };

const key = <T>(sk: string, schema: z.ZodType<T>): RecordKey<T> => ({ sk, schema });
const range = <T>(prefix: string, schema: z.ZodType<T>): RecordRange<T> => ({ prefix, schema });
const sixDigits = (epoch: number) => String(epoch).padStart(6, '0');

/** The records of one pair; the partition key is `pair#<id>`. */
export const records = {
  control: () => key('control', control.ControlRecord),
  grant: () => key('grant', control.Grant),
  grantPeriod: (epoch: number) => key(`grant#${sixDigits(epoch)}`, control.GrantPeriod),
  grantPeriods: () => range('grant#', control.GrantPeriod),
  verdict: (side: Side) => key(`verdict#${side}`, Verdict),
  op: (op: string) => key(`op#${op}`, control.OpRecord),
  ops: () => range('op#', control.OpRecord),
  step: (op: string, state: string, iteration = 0) => key(`step#${op}#${state}#${iteration}`, control.StepRecord),
  steps: (op: string) => range(`step#${op}#`, control.StepRecord),
  approval: (op: string) => key(`approval#${op}`, control.Approval),
  fence: (epoch: number, side: Side) => key(`fence#${sixDigits(epoch)}#${side}`, control.FenceRecord),
  fences: () => range('fence#', control.FenceRecord),
  site: (side: Side) => key(`site#${side}`, control.SiteRecord),
  sites: () => range('site#', control.SiteRecord),
  captured: (side: Side) => key(`captured#${side}`, control.CapturedRecord),
  snapshot: (id: string) => key(`snapshot#${id}`, control.SnapshotRecord),
  snapshots: () => range('snapshot#', control.SnapshotRecord),
  tick: (machine: 'watch' | 'protect') => key(`tick#${machine}`, control.TickRecord),
  page: () => key('page', control.PageRecord),
  gap: (side: Side) => key(`gap#${side}`, control.HeartbeatGaps),
  audit: (id: string) => key(`audit#${id}`, control.AuditRecord),
  audits: () => range('audit#', control.AuditRecord),
};
