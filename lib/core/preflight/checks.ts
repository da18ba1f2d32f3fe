import type { Check } from './check.ts';
import { deploymentChecks } from './deployment.ts';
import { environmentChecks } from './environments.ts';
import type { LookName } from './facts.ts';
import { helperChecks, lifeSigns } from './helpers.ts';
import { recoveryChecks } from './recovery.ts';
import { rightsChecks } from './rights.ts';
import { siteNameChecks } from './site-names.ts';
import { standingChecks } from './standing.ts';
import { storageChecks } from './storage.ts';

/**
 * Every check, in the order in which they are shown.
 *
 * @param helperVersion version of the helper DAGs of this clone
 */
export const allChecks = (helperVersion: string): readonly Check[] => [
  ...deploymentChecks,
  ...rightsChecks,
  ...storageChecks,
  ...environmentChecks,
  ...siteNameChecks,
  ...helperChecks(helperVersion),
  ...lifeSigns,
  ...recoveryChecks,
  ...standingChecks,
];

/** What has to be looked at for these checks. */
export const looksFor = (checks: readonly Check[]): ReadonlySet<LookName> =>
  // The control records say which site is the target.
  new Set<LookName>(['control', ...checks.flatMap(({ needs }) => needs)]);
