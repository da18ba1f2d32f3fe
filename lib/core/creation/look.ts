import type { OpRecord, SiteRecord } from '../../contracts/control.ts';
import { ageSeconds, spoken } from '../time.ts';

/** By which an environment is known to be the pair's own: for which site, op and request it was made. */
export type OwnTags = Readonly<Partial<Record<'pair' | 'site' | 'op' | 'request', string>>>;

/** What the control plane said about one name; null when no environment has it. */
export type SeenEnvironment = {
  readonly status: string;
  /** Our own tags; an environment of somebody else has none of them. */
  readonly tags: OwnTags;
  /** Message of a change that failed, as the service gave it. */
  readonly error: string | null;
} | null;

export type CreationAction =
  | { readonly action: 'create' | 'wait' | 'ready'; readonly because: string }
  /** It waits for endpoints that a person has to make. */
  | { readonly action: 'wait-for-person'; readonly because: string }
  /** This name cannot be used; the next one is tried. `failed` counts as the one failure that is allowed. */
  | { readonly action: 'pass-over'; readonly because: string; readonly failed: boolean }
  /** Nothing more can be done by itself: `taken` by somebody else, or the creation has `failed`. */
  | { readonly action: 'refuse'; readonly why: 'taken' | 'failed'; readonly because: string };

const usable = new Set(['AVAILABLE', 'UPDATE_FAILED']);
/** UNAVAILABLE before it was ever used: it cannot be mended in the time of an op. */
const failed = new Set(['CREATE_FAILED', 'UNAVAILABLE']);
const going = new Set(['DELETING', 'DELETED']);

type LookInput = {
  readonly name: string;
  /** True for the name of the configuration; a stranger there is never stepped aside for. */
  readonly isConfiguredName: boolean;
  readonly seen: SeenEnvironment;
  readonly record: SiteRecord | null;
  readonly op: OpRecord;
  /** The op whose id the environment's tag holds; null when no such op is known. */
  readonly madeFor: OpRecord | null;
  /** Digest of what this op would ask for; null when nothing can be asked for, and then an earlier one will do. */
  readonly requestSha256: string | null;
  readonly creationTimeoutSeconds: number;
  readonly now: Date;
};

/**
 * What to do about one name of a site whose environment has to exist: look first, act only on what is certain. An
 * environment is the pair's own by its tags, whatever became of the call that made it.
 */
export function nextOfCreation(input: LookInput): CreationAction {
  const { name, seen, record, op, now } = input;
  if (seen === null) return whenAbsent(input);
  if (seen.tags.pair !== op.pair || seen.tags.site !== op.plan.target) return stranger(input);
  if (going.has(seen.status) || (record?.environment === name && record.state === 'deleting')) {
    return { action: 'pass-over', because: `${name} is being deleted`, failed: false };
  }
  const foreign = objectionToAdopt(input, seen.tags);
  if (foreign !== null) return { action: 'pass-over', because: foreign, failed: false };
  if (failed.has(seen.status)) return whenFailed(input, seen.status, seen.error);
  if (usable.has(seen.status)) return { action: 'ready', because: `${name} is ${seen.status}` };
  const waited = ageSeconds(askedByThisOp(input) ?? now.toISOString(), now);
  if (waited > input.creationTimeoutSeconds) {
    return { action: 'refuse', why: 'failed', because: `${name} is still ${seen.status} after ${spoken(waited)}` };
  }
  if (seen.status === 'PENDING') {
    return { action: 'wait-for-person', because: `${name} is PENDING: its VPC endpoints have to be created by hand` };
  }
  return { action: 'wait', because: `${name} is ${seen.status}, for ${spoken(waited)} now` };
}

/** When this op asked for the name, or adopted what has it; what an earlier op waited for does not count. */
const askedByThisOp = ({ name, record, op }: LookInput): string | null =>
  record?.environment === name && record.op === op.op ? record.askedAt : null;

function whenAbsent(input: LookInput): CreationAction {
  const { name, creationTimeoutSeconds, now } = input;
  const asked = askedByThisOp(input);
  const waited = asked === null ? 0 : ageSeconds(asked, now);
  return waited > creationTimeoutSeconds
    ? { action: 'refuse', why: 'failed', because: `${name} was asked for ${spoken(waited)} ago and does not exist` }
    : { action: 'create', because: `no environment has the name ${name}` };
}

function stranger({ name, isConfiguredName }: LookInput): CreationAction {
  const because = `${name} exists and was not made for this pair`;
  return isConfiguredName
    ? { action: 'refuse', why: 'taken', because: `${because}: it is not touched; give site and pair another name` }
    : { action: 'pass-over', because, failed: false };
}

/** An environment of an earlier op is used again when that op has ended without it and would be asked for the same. */
function objectionToAdopt(input: LookInput, tags: OwnTags): string | null {
  const { name, op, madeFor, record, requestSha256 } = input;
  if (record?.environment === name && record.state === 'in-use') return `${name} has run production for ${record.op}`;
  const isMine = tags.op === op.op || (record?.environment === name && record.op === op.op);
  if (isMine) return null;
  if (madeFor !== null && (madeFor.endedAt === null || madeFor.outcome === 'recovered')) {
    return `${name} belongs to ${madeFor.op}, which ${madeFor.endedAt === null ? 'has not ended' : 'gave it the grant'}`;
  }
  return requestSha256 === null || tags.request === requestSha256
    ? null
    : `${name} was made for an earlier configuration of the lost site`;
}

function whenFailed({ name, record, op }: LookInput, status: string, error: string | null): CreationAction {
  const because = `${name} is ${status}: ${error ?? 'the service gave no reason'}`;
  const isSecond = record?.op === op.op && record.failedAt !== null;
  return isSecond ? { action: 'refuse', why: 'failed', because } : { action: 'pass-over', because, failed: true };
}
