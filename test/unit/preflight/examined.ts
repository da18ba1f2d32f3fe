import type { PairConfig } from '../../../lib/contracts/config.ts';
import { examine, type Finding, targetOf } from '../../../lib/core/preflight/check.ts';
import { allChecks } from '../../../lib/core/preflight/checks.ts';
import type { LookName } from '../../../lib/core/preflight/facts.ts';
import {
  helperVersion,
  looksOf,
  now,
  type PairValues,
  readyPair,
  readySites,
  type SiteValues,
  warm,
} from './fixture.ts';

export const checks = allChecks(helperVersion);

export type Change = (pair: PairValues, site: SiteValues) => void;

/** Changes one thing of a ready pair and makes all checks. */
export function findings(change: Change = () => {}, config: PairConfig = warm, blind: readonly LookName[] = []) {
  const [pair, site] = [structuredClone(readyPair(config)), structuredClone(readySites(config))];
  change(pair, site);
  const looks = looksOf(pair, site, blind);
  const basis = { config, now, target: targetOf(config, looks.pair.control) };
  return checks.flatMap((check) => examine(check, looks, basis).findings);
}

export const told = (found: readonly Finding[]) => found.map(({ id, level }) => `${level} ${id}`);

/** The readings are read-only types; tests put other ones in their place. */
export const put = <T extends object>(target: T, change: Partial<{ [K in keyof T]: unknown }>): void =>
  void Object.assign(target, change);
export const some = <T>(value: T | null): T & object => {
  if (value === null || typeof value !== 'object') throw new Error('the fixture has nothing here');
  return value;
};
