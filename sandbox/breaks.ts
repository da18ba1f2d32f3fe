import type { PairConfig } from '../lib/contracts/config.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { CALLERS } from './cloud/callers.ts';
import type { FaultEffect, FaultRule } from './cloud/faults.ts';

/** What can be broken by hand while a sandbox is up. `fault` ones are lifted by `break nothing`. */
export type Break = {
  readonly name: string;
  readonly says: string;
  readonly faults?: (config: PairConfig) => readonly FaultRule[];
  /** Tag of the processes that are killed. */
  readonly kill?: (config: PairConfig) => { readonly side: Side; readonly part: 'scheduler' | 'worker' | 'webserver' };
};

const cloudWatchOfA = (config: PairConfig, effect: FaultEffect): FaultRule[] =>
  [CALLERS.controller, CALLERS.probeB].map((source) => ({
    region: config.sites.a.region,
    service: 'monitoring',
    source,
    effect,
  }));

export const breaks: readonly Break[] = [
  {
    name: 'scheduler',
    says: 'kills the scheduler of site a; its workers and its web server go on',
    kill: () => ({ side: 'a', part: 'scheduler' }),
  },
  { name: 'worker', says: 'kills the worker of site a', kill: () => ({ side: 'a', part: 'worker' }) },
  { name: 'webserver', says: 'kills the web server of site a', kill: () => ({ side: 'a', part: 'webserver' }) },
  {
    name: 'region',
    says: 'cuts the Region of site a: nothing in it answers anybody',
    faults: (config) => [{ region: config.sites.a.region, effect: { kind: 'refuse' } }],
  },
  {
    name: 'cloudwatch-denied',
    says: 'the controller and the second vantage may not read CloudWatch of site a',
    faults: (config) => cloudWatchOfA(config, { kind: 'status', code: 403, errorName: 'AccessDenied' }),
  },
  {
    name: 'cloudwatch-throttled',
    says: 'CloudWatch of site a throttles the controller and the second vantage',
    faults: (config) => cloudWatchOfA(config, { kind: 'throttle' }),
  },
  {
    name: 'cloudwatch-hangs',
    says: 'CloudWatch of site a never answers the controller and the second vantage',
    faults: (config) => cloudWatchOfA(config, { kind: 'hang' }),
  },
  {
    name: 'controller-network',
    says: 'the controller reaches nothing outside its own control table',
    faults: (config) => [
      { source: CALLERS.controller, region: config.sites.a.region, effect: { kind: 'refuse' } },
      { source: CALLERS.controller, region: config.sites.b.region, effect: { kind: 'refuse' } },
      { source: CALLERS.controller, service: 'sts', effect: { kind: 'refuse' } },
      { source: CALLERS.controller, service: 'sns', effect: { kind: 'refuse' } },
      { source: CALLERS.controller, service: 'kms', effect: { kind: 'refuse' } },
    ],
  },
];
