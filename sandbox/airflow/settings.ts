import path from 'node:path';

/** Everything the settings of one site are made of. */
export interface SettingsSource {
  readonly environmentName: string;
  readonly region: string;
  readonly home: string;
  readonly fernetKey: string;
  readonly webSecretKey: string;
  /** libpq addresses without scheme, as `PostgresServer.address` gives them. */
  readonly metadataAddress: string;
  readonly celeryAddress: string;
  readonly webServerPort: number;
  /** UDP port of 127.0.0.1 that gets StatsD lines such as `airflow.scheduler_heartbeat:1|c`. */
  readonly statsdPort: number | undefined;
  /** As in MWAA: `section.option` to value. They win over the sandbox's speed settings, not over what ties the site together. */
  readonly airflowConfigurationOptions: Readonly<Record<string, string>>;
  /** More variables of every process, such as AWS_ENDPOINT_URL and the access keys. */
  readonly environmentVariables: Readonly<Record<string, string>>;
}

/** Settings that make a small site quick and cheap; the customer's options replace them. */
const SPEED = {
  'core.dags_are_paused_at_creation': 'True',
  // A task that is failed from outside gets 5 s to end itself, then it is killed (MWAA: 60 s).
  'core.killed_task_cleanup_time': '5',
  // The heartbeat is counted once in a loop of the scheduler, at most every second, so a period of 5 s is never empty.
  'scheduler.scheduler_heartbeat_sec': '1',
  'scheduler.scheduler_health_check_threshold': '15',
  'scheduler.orphaned_tasks_check_interval': '30',
  'scheduler.job_heartbeat_sec': '2',
  'scheduler.min_file_process_interval': '5',
  'scheduler.dag_dir_list_interval': '5',
  'scheduler.parsing_processes': '1',
  'celery.worker_concurrency': '6',
  'webserver.workers': '1',
} as const;

/** Settings that hold a site together; nobody replaces them. */
function bindings(source: SettingsSource): Record<string, string> {
  return {
    'core.executor': 'CeleryExecutor',
    'core.fernet_key': source.fernetKey,
    'core.load_examples': 'False',
    'core.dags_folder': path.join(source.home, 'dags'),
    'core.plugins_folder': path.join(source.home, 'plugins'),
    // The default asks the name service for the full name of this machine, which may take seconds.
    'core.hostname_callable': 'socket.gethostname',
    'database.sql_alchemy_conn': `postgresql+psycopg2:${source.metadataAddress}`,
    'database.load_default_connections': 'False',
    // No broker server: kombu keeps the queue in tables. They stand in a second database, so the metadata is like MWAA's.
    'celery.broker_url': `sqla+postgresql+psycopg2:${source.celeryAddress}`,
    'celery.result_backend': `db+postgresql+psycopg2:${source.celeryAddress}`,
    'celery.worker_enable_remote_control': 'False',
    'celery.sync_parallelism': '1',
    'celery.operation_timeout': '10',
    'api.auth_backends': 'airflow.api.auth.backend.basic_auth,airflow.api.auth.backend.session',
    'webserver.secret_key': source.webSecretKey,
    'webserver.web_server_host': '127.0.0.1',
    'webserver.web_server_port': String(source.webServerPort),
    'webserver.base_url': `http://127.0.0.1:${source.webServerPort}`,
    'webserver.instance_name': source.environmentName,
    'webserver.worker_refresh_interval': '0',
    // The template database holds the roles and permissions already.
    'fab.update_fab_perms': 'False',
    'logging.base_log_folder': path.join(source.home, 'logs'),
    'usage_data_collection.enabled': 'False',
    'metrics.statsd_on': source.statsdPort === undefined ? 'False' : 'True',
    'metrics.statsd_host': '127.0.0.1',
    'metrics.statsd_port': String(source.statsdPort ?? 8125),
    'metrics.statsd_prefix': 'airflow',
  };
}

/** Turns an MWAA option such as `core.parallelism` into Airflow's variable `AIRFLOW__CORE__PARALLELISM`. */
export function settingVariable(option: string): string {
  const [section = '', ...rest] = option.split('.');
  return `AIRFLOW__${section}__${rest.join('.')}`.toUpperCase();
}

/** The environment variables of every process of a site. */
export function siteEnvironment(source: SettingsSource): Record<string, string> {
  const options = { ...SPEED, ...source.airflowConfigurationOptions, ...bindings(source) };
  return {
    AWS_REGION: source.region,
    AWS_DEFAULT_REGION: source.region,
    ...source.environmentVariables,
    AIRFLOW_HOME: source.home,
    AIRFLOW_ENV_NAME: source.environmentName,
    NO_PROXY: '127.0.0.1,localhost',
    // Apple's libraries stop a forked Python otherwise; elsewhere it means nothing.
    OBJC_DISABLE_INITIALIZE_FORK_SAFETY: 'YES',
    ...Object.fromEntries(Object.entries(options).map(([option, value]) => [settingVariable(option), value])),
  };
}
