import type { PairConfig } from '../../contracts/config.ts';
import type { Probe } from '../../ports/probe.ts';
import type { AwsClients } from '../aws-clients.ts';
import { observe } from './observe.ts';
import { askRegion } from './region-calls.ts';

/** Says whether anything of the site's Region answers. */
export function regionProbe(options: {
  vantage: string;
  config: Pick<PairConfig, 'sites'>;
  clients: (region: string) => AwsClients;
}): Probe {
  const { vantage, config, clients } = options;
  return {
    signal: 'region',
    look: (site, now) =>
      observe({ site, signal: 'region', vantage, now }, (signal) =>
        askRegion(clients(config.sites[site].region), signal),
      ),
  };
}
