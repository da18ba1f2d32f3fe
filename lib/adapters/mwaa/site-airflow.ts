import type { AirflowApi } from '../../ports/airflow.ts';
import type { AwsPlace, CallBudget } from '../aws-clients.ts';
import { AirflowRestApi } from './airflow-rest.ts';
import { mwaaClient } from './mwaa-environment.ts';
import { invokeRoad, webSessionRoad } from './rest-roads.ts';

/** The service gives up on Airflow after 10 s; its own answer to that must still arrive. */
export const restBudget: CallBudget = { maxAttempts: 2, connectMs: 2000, requestMs: 12_000 };

export type SiteAirflow = {
  /** Where the environment is. */
  readonly place: AwsPlace;
  readonly environment: string;
  /** Of one call; probes give a shorter one. POSTs are sent once whatever it says. */
  readonly budget?: CallBudget;
  readonly fetch?: typeof fetch;
  readonly now?: () => Date;
};

/** Airflow of one site. Connects nowhere until it is asked. */
export function siteAirflow(site: SiteAirflow): AirflowApi {
  const { place, environment, budget = restBudget, now = () => new Date() } = site;
  const repeat = mwaaClient(place, budget);
  const once = mwaaClient(place, { ...budget, maxAttempts: 1 });
  return new AirflowRestApi(
    invokeRoad({ once, repeat }, environment),
    webSessionRoad({ client: repeat, environment, requestMs: budget.requestMs, fetch: site.fetch ?? fetch, now }),
  );
}
