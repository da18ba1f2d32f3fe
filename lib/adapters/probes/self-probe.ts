import type { Probe } from '../../ports/probe.ts';
import type { AwsClients } from '../aws-clients.ts';
import { observe } from './observe.ts';
import { askRegion } from './region-calls.ts';

/** Says whether the vantage can trust its own eyes: the calls of the region probe, in its own Region. */
export function selfProbe(options: { vantage: string; clients: (region: string) => AwsClients }): Probe {
  const { vantage, clients } = options;
  return {
    signal: 'self',
    look: (site, now) =>
      observe({ site, signal: 'self', vantage, now }, (signal) => askRegion(clients(vantage), signal)),
  };
}
