import type { SiteRecord } from '../contracts/control.ts';
import { records } from '../contracts/records.ts';
import type { Versioned } from '../ports/control-table.ts';
import type { StepContext } from './step.ts';

/** One name that is looked at, with the record as it was read just before. */
export type NameTurn = {
  readonly name: string;
  readonly because: string;
  readonly current: Versioned<SiteRecord> | null;
  readonly requestSha256: string | null;
};

/** The record names the environment, and this op as its user, before anything is asked for or used. */
export async function keepName(world: StepContext, turn: NameTurn): Promise<void> {
  const before = turn.current?.value;
  const isKept = before?.environment === turn.name && before.op === world.op.value.op && before.state === 'creating';
  if (isKept) return;
  await commit(world, turn, { state: 'creating', passedOver: before?.passedOver ?? [], failed: false });
  world.log.info({ environment: turn.name, because: turn.because }, 'environment of the site is recorded');
}

/** The record remembers a name that cannot be used; `failed` when its creation was ours and has failed. */
export async function passOverName(world: StepContext, turn: NameTurn, failed: boolean): Promise<void> {
  const passed = { environment: turn.name, why: turn.because };
  const passedOver = [...(turn.current?.value.passedOver ?? []), passed];
  await commit(world, turn, { state: 'gone', passedOver, failed });
  world.log.warn({ environment: turn.name, because: turn.because }, 'environment is passed over');
}

/** Only the execution that has the op may say which environment the site has. */
async function commit(
  world: StepContext,
  { name, current, requestSha256 }: NameTurn,
  next: Pick<SiteRecord, 'state' | 'passedOver'> & { readonly failed: boolean },
): Promise<void> {
  const { op, plan } = world.op.value;
  const at = world.now().toISOString();
  const failedBefore = current?.value.op === op ? current.value.failedAt : null;
  const value: SiteRecord = {
    side: plan.target,
    environment: name,
    region: world.config.sites[plan.target].region,
    state: next.state,
    op,
    requestSha256: requestSha256 ?? 'not known',
    passedOver: next.passedOver,
    keptBecause: null,
    failedAt: next.failed ? at : failedBefore,
    askedAt: at,
  };
  await world.table.commit([
    { key: records.op(op), expect: world.op.version },
    { key: records.site(plan.target), expect: current?.version ?? 'absent', value },
  ]);
}
