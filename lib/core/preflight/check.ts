import type { PairConfig } from '../../contracts/config.ts';
import { otherSide } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import type { LookName, Looks, PairLook, PairLooks, Seen, SiteLook, SiteLooks } from './facts.ts';

/** `fail` and `unknown` mean not ready; a `warning` does not. */
export type Level = 'fail' | 'unknown' | 'warning';

/** Something that a check found, with its cause and what to do. */
export type Finding = {
  readonly id: string;
  readonly level: Level;
  readonly found: string;
  readonly cause: string;
  readonly fix: string;
  /** Page and heading. */
  readonly runbook: string;
};

type Told = Pick<Finding, 'found' | 'cause' | 'fix'>;

/** What a check judges by. */
export type Ground = {
  readonly config: PairConfig;
  readonly now: Date;
  /** The site that an op would move production to. */
  readonly target: Side;
  /** What was seen; undefined when the look could not be made, which then is a finding by itself. */
  readonly see: <L extends PairLook>(look: L) => PairLooks[L] | undefined;
  readonly seeSite: <L extends SiteLook>(look: L, side: Side) => SiteLooks[L] | undefined;
  readonly fail: (told: Told) => void;
  readonly warn: (told: Told) => void;
  /** What was seen does not tell: as bad as not having looked. */
  readonly doubt: (told: Told) => void;
};

export type Check = {
  readonly id: string;
  /** What is right when it finds nothing, in a few words. */
  readonly title: string;
  /** One or two sentences for the documents: what it looks at and why that matters in a failover. */
  readonly proves: string;
  /** One or two sentences for the documents: how to put it right. */
  readonly fix: string;
  readonly needs: readonly LookName[];
  readonly judge: (ground: Ground) => void;
};

export const sides: readonly Side[] = ['a', 'b'];

/** The state of one check after it was made. */
export type Checked = {
  readonly id: string;
  readonly title: string;
  readonly state: 'ok' | Level;
  readonly findings: readonly Finding[];
};

/** Says in words what a look was to read. */
const lookWords: Readonly<Record<LookName, string>> = {
  control: 'the control records',
  table: 'the settings of the control table',
  functions: 'the functions',
  rights: 'the rights of the functions’ roles',
  machines: 'the state machines',
  schedules: 'the schedules',
  topic: 'the topic that pages people',
  clock: 'the time of AWS',
  manifest: 'the manifest of the newest verified snapshot',
  captured: 'the captured configuration',
  executionRole: 'the execution role',
  quota: 'the quota of environments',
  bucket: 'the Lifeboat bucket',
  key: 'the pair’s key',
  environment: 'the environment',
  airflow: 'Airflow',
  heartbeat: 'the heartbeat of the last week',
  stamp: 'the canary’s stamp',
  replica: 'the replica of the canary’s stamp',
  dagBucket: 'the DAG bucket',
  network: 'the subnets and security groups',
};

/** Thrown when a check looks at what it does not say it needs: a fault of the check. */
class LookNotDeclaredError extends Error {
  override readonly name = 'LookNotDeclaredError';
}

/** Makes one check by what was seen. A look that could not be made is a finding `unknown`. Pure. */
export function examine(check: Check, looks: Looks, basis: { config: PairConfig; now: Date; target: Side }): Checked {
  const findings: Finding[] = [];
  const tell = (level: Level) => (told: Told) => {
    findings.push({ id: check.id, level, ...told, runbook: `runbooks/doctor.md#${check.id}` });
  };
  const blind = new Set<string>();
  const valueSeen = <T>(name: LookName, seen: Seen<T> | undefined, where: string): T | undefined => {
    if (seen === undefined || !check.needs.includes(name)) {
      throw new LookNotDeclaredError(`check ${check.id} looks at ${name}, which it does not need or nobody read`);
    }
    if (seen.seen) return seen.value;
    const what = `${lookWords[name]}${where}`;
    if (!blind.has(what)) tell('unknown')(notSeen(what, seen));
    blind.add(what);
    return undefined;
  };
  check.judge({
    ...basis,
    see: (look) => valueSeen(look, looks.pair[look], ''),
    seeSite: (look, side) =>
      valueSeen(look, looks.site[look]?.[side], ` of site ${side} (${basis.config.sites[side].region})`),
    fail: tell('fail'),
    warn: tell('warning'),
    doubt: tell('unknown'),
  });
  const worst = (['fail', 'unknown', 'warning'] as const).find((level) => findings.some((one) => one.level === level));
  return { id: check.id, title: check.title, state: worst ?? 'ok', findings };
}

const notSeen = (what: string, { why, isDenied }: Extract<Seen<unknown>, { seen: false }>): Told => ({
  found: `${what} could not be read, so nothing is known about it`,
  cause: why,
  fix: isDenied
    ? 'use a role that may read it (docs/doctor.md, Permissions), then run lifeboat doctor again'
    : 'check the network, the Region in the pair configuration and your credentials, then run lifeboat doctor again',
});

/** The site that an op would move production to; without a holder, the one that is not the home site. */
export function targetOf(config: PairConfig, control: Looks['pair']['control']): Side {
  const holder = control?.seen ? control.value?.grant.holder : undefined;
  return otherSide(holder === 'a' || holder === 'b' ? holder : config.homeSite);
}

/** Mode observe takes no snapshots and copies nothing: what only protects is not deployed. */
export const protects = ({ config }: Pick<Ground, 'config'>): boolean => config.mode !== 'observe';

/** With backup-restore the target has no environment until it is needed, and that is right. */
export const mayBeAbsent = ({ config, target }: Pick<Ground, 'config' | 'target'>, side: Side): boolean =>
  config.strategy === 'backup-restore' && side === target;
