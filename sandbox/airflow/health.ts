import { z } from 'zod';

const Component = z.object({ status: z.string().nullable() });

/** What `GET /health` of Airflow 2 says. */
const Health = z.object({
  metadatabase: Component,
  scheduler: Component.extend({ latest_scheduler_heartbeat: z.string().nullable() }),
  triggerer: Component.extend({ latest_triggerer_heartbeat: z.string().nullable() }),
});

/** The health of one Airflow as its web server sees it. */
export type AirflowHealth = z.infer<typeof Health>;

/** Asks the web server at `url` for Airflow's health. Throws when it does not answer within `timeoutMilliseconds` or answers something else. */
export async function readHealth(url: string, timeoutMilliseconds = 3000): Promise<AirflowHealth> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(timeoutMilliseconds) });
  return Health.parse(await response.json());
}

/** Says whether the scheduler is well and has beaten since `since`, so that the last beat of a dead one does not count. */
export function schedulerBeatsSince(health: AirflowHealth, since: Date): boolean {
  const beat = health.scheduler.latest_scheduler_heartbeat;
  return health.scheduler.status === 'healthy' && beat !== null && Date.parse(beat) > since.getTime();
}
