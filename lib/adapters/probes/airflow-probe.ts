import type { PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import type { AirflowApi, AirflowHealth } from '../../ports/airflow.ts';
import type { Probe } from '../../ports/probe.ts';
import { type Finding, observe } from './observe.ts';

/** Airflow's own word on its database and scheduler, through its web server. */
export function airflowProbe(options: {
  vantage: string;
  config: Pick<PairConfig, 'sites'>;
  airflow: (side: Side) => AirflowApi;
}): Probe {
  const { vantage, config, airflow } = options;
  return {
    signal: 'airflow',
    look: (site, now) =>
      observe({ site, signal: 'airflow', vantage, now }, async () => {
        if (config.sites[site].webServerAccess === 'PRIVATE_ONLY') {
          return { outcome: 'unreadable', cause: 'the web server is private: only its VPC can ask it' };
        }
        return findInHealth(await airflow(site).health());
      }),
  };
}

function findInHealth(health: AirflowHealth): Finding {
  const components = Object.fromEntries(
    Object.entries(health).map(([name, { status }]) => [name, status ?? 'not running']),
  );
  const evidence = { components };
  const vital = { metadatabase: health.metadatabase.status, scheduler: health.scheduler.status };
  const ill = Object.entries(vital).filter(([, status]) => status === 'unhealthy');
  if (ill.length > 0) {
    return { outcome: 'dead', cause: `Airflow says unhealthy of ${ill.map(([name]) => name).join(' and ')}`, evidence };
  }
  const unknown = Object.entries(vital).find(([, status]) => status !== 'healthy');
  if (unknown !== undefined) {
    const [name, status] = unknown;
    return { outcome: 'unreadable', cause: `Airflow says ${status ?? 'nothing'} of ${name}`, evidence };
  }
  return { outcome: 'alive', cause: 'Airflow says healthy of database and scheduler', evidence };
}
