import { SiteConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import type { Environment } from '../../ports/mwaa.ts';
import { NotReadyError } from '../errors.ts';

/** What GetEnvironment said of one environment, as far as a pair configuration needs it. Never a value of an option. */
export type SiteFacts = {
  readonly region: string;
  readonly environment: string;
  readonly status: string;
  readonly account: string;
  readonly airflowVersion: string;
  readonly environmentClass: string;
  readonly webServerAccess: SiteConfig['webServerAccess'];
  readonly dagBucket: string;
  readonly dagFolder: string;
  readonly executionRoleArn: string;
  /** Null: the environment uses the key that AWS owns. */
  readonly customerKeyArn: string | null;
  /** `core.killed_task_cleanup_time` in seconds; null where the option is not set. */
  readonly killedTaskCleanupSeconds: number | null;
  /** Names of options that say which metrics are published, and where. */
  readonly metricOptions: readonly string[];
  /** Names of options whose values name the environment's own Region. */
  readonly regionalOptions: readonly string[];
  /** `core.dags_are_paused_at_creation` is switched off: a new DAG runs at once, on a standby, too. */
  readonly startsNewDags: boolean;
};

/** An environment in one of these has no second site to offer, and nothing to be protected. */
const hopeless: readonly string[] = ['DELETING', 'DELETED', 'CREATE_FAILED'];
const metricOption = /^(metrics|scheduler)\.(metrics_(allow|block)_list|metrics_use_pattern_match|statsd_\w+)$/;
const cleanupOption = 'core.killed_task_cleanup_time';
const pausedOption = 'core.dags_are_paused_at_creation';

/**
 * Reads the facts of site `side` out of MWAA's answer.
 * @throws NotReadyError when the environment is being deleted, never came up, or the answer lacks what is needed
 */
export function siteFacts(side: Side, region: string, environment: Environment): SiteFacts {
  const name = environment.Name;
  if (hopeless.includes(environment.Status)) {
    throw new NotReadyError(
      `environment ${name} in ${region} is ${environment.Status}`,
      `name an environment that is there: --${side} <region>/<name>`,
    );
  }
  const said = (member: string, value: string | undefined): string => {
    if (value) return value;
    throw new NotReadyError(
      `MWAA says no ${member} of environment ${name} in ${region} (it is ${environment.Status})`,
      'wait until it is AVAILABLE, then run the command again',
    );
  };
  const arn = said('Arn', environment.Arn);
  const options = Object.entries(environment.AirflowConfigurationOptions ?? {});
  const option = (key: string) => options.find(([one]) => one === key)?.[1];
  const cleanup = Number(option(cleanupOption));
  const named = (keep: (key: string, value: string) => boolean) =>
    options.flatMap(([key, value]) => (keep(key, value) ? [key] : [])).sort();
  return {
    region,
    environment: name,
    status: environment.Status,
    account: arn.split(':')[4] ?? '',
    airflowVersion: said('AirflowVersion', environment.AirflowVersion),
    environmentClass: said('EnvironmentClass', environment.EnvironmentClass),
    webServerAccess: accessOf(environment),
    dagBucket: said('SourceBucketArn', environment.SourceBucketArn).replace(/^arn:[^:]*:s3:::/, ''),
    dagFolder: said('DagS3Path', environment.DagS3Path).replace(/\/$/, ''),
    executionRoleArn: said('ExecutionRoleArn', environment.ExecutionRoleArn),
    customerKeyArn: environment.KmsKey ?? null,
    killedTaskCleanupSeconds: cleanup > 0 ? cleanup : null,
    metricOptions: named((key) => metricOption.test(key)),
    regionalOptions: named((_, value) => value.includes(region)),
    startsNewDags: /^(false|f|no|n|0|off)$/i.test(option(pausedOption)?.trim() ?? ''),
  };
}

function accessOf({ Name, WebserverAccessMode }: Environment): SiteFacts['webServerAccess'] {
  const read = SiteConfig.shape.webServerAccess.safeParse(WebserverAccessMode);
  if (read.success) return read.data;
  throw new NotReadyError(
    `the web server of ${Name} has the access mode ${WebserverAccessMode}, which this version does not know`,
    'use a newer version of lifeboat',
  );
}
