import { describe, expect, it } from 'vitest';
import { schedulerBeatsSince } from '../../../sandbox/airflow/health.ts';
import { settingVariable, siteEnvironment } from '../../../sandbox/airflow/settings.ts';

const source = {
  environmentName: 'orders',
  region: 'eu-west-1',
  home: '/homes/a',
  fernetKey: 'key',
  webSecretKey: 'secret',
  metadataAddress: '//postgres@127.0.0.1:5432/a_airflow',
  celeryAddress: '//postgres@127.0.0.1:5432/a_celery',
  webServerPort: 8081,
  statsdPort: 9125,
  airflowConfigurationOptions: {},
  environmentVariables: {},
};

describe('siteEnvironment', () => {
  it('lets an MWAA option replace a setting that is only there for speed', () => {
    const options = { 'core.killed_task_cleanup_time': '60', 'scheduler.catchup_by_default': 'False' };

    const environment = siteEnvironment({ ...source, airflowConfigurationOptions: options });

    expect(environment).toMatchObject({
      AIRFLOW__CORE__KILLED_TASK_CLEANUP_TIME: '60',
      AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT: 'False',
      AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC: '1',
    });
  });

  it('lets nobody replace what ties a site to its own database, keys and port', () => {
    const options = { 'core.executor': 'LocalExecutor', 'core.fernet_key': 'other', 'webserver.web_server_port': '1' };

    const environment = siteEnvironment({ ...source, airflowConfigurationOptions: options });

    expect(environment).toMatchObject({
      AIRFLOW__CORE__EXECUTOR: 'CeleryExecutor',
      AIRFLOW__CORE__FERNET_KEY: 'key',
      AIRFLOW__WEBSERVER__WEB_SERVER_PORT: '8081',
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: 'postgresql+psycopg2://postgres@127.0.0.1:5432/a_airflow',
      AIRFLOW__CELERY__BROKER_URL: 'sqla+postgresql+psycopg2://postgres@127.0.0.1:5432/a_celery',
      AIRFLOW__METRICS__STATSD_PORT: '9125',
    });
  });

  it('hands on variables such as the AWS endpoint, and the Region of the site', () => {
    const environment = siteEnvironment({
      ...source,
      environmentVariables: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    });

    expect(environment).toMatchObject({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_REGION: 'eu-west-1' });
  });

  it('sends no metrics where nobody listens', () => {
    expect(siteEnvironment({ ...source, statsdPort: undefined }).AIRFLOW__METRICS__STATSD_ON).toBe('False');
  });
});

describe('settingVariable', () => {
  it('writes an MWAA option as the variable Airflow reads', () => {
    expect(settingVariable('core.parallelism')).toBe('AIRFLOW__CORE__PARALLELISM');
  });
});

describe('schedulerBeatsSince', () => {
  const health = (status: string, beat: string | null) => ({
    metadatabase: { status: 'healthy' },
    scheduler: { status, latest_scheduler_heartbeat: beat },
    triggerer: { status: null, latest_triggerer_heartbeat: null },
  });
  const since = new Date('2026-11-24T11:00:00Z');

  it('does not take the last beat of a dead scheduler for life', () => {
    expect(schedulerBeatsSince(health('healthy', '2026-11-24T10:59:59.9+00:00'), since)).toBe(false);
    expect(schedulerBeatsSince(health('healthy', '2026-11-24T11:00:01+00:00'), since)).toBe(true);
    expect(schedulerBeatsSince(health('unhealthy', '2026-11-24T11:00:01+00:00'), since)).toBe(false);
    expect(schedulerBeatsSince(health('healthy', null), since)).toBe(false);
  });
});
