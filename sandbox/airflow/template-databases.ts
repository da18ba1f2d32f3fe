import path from 'node:path';
import { InstallError } from '../host/errors.ts';
import type { PostgresServer } from '../host/postgres.ts';
import { logTail, startProcess } from '../host/processes.ts';
import type { PythonEnvironment } from '../host/python-tools.ts';
import { siteEnvironment } from './settings.ts';

/** An installed version of Airflow. */
export interface AirflowInstallation {
  readonly version: string;
  readonly environment: PythonEnvironment;
}

/** The user that the REST API and the web pages are used as. */
export interface Administrator {
  readonly name: string;
  readonly password: string;
}

/** Names of the databases that new sites are copied from. */
export interface TemplateDatabases {
  readonly metadata: string;
  readonly celery: string;
}

/** What is needed to make the templates. */
export interface TemplateOptions {
  readonly sandbox: string;
  readonly postgres: PostgresServer;
  readonly airflow: AirflowInstallation;
  readonly administrator: Administrator;
  /** Scratch folder; also gets the log. */
  readonly folder: string;
}

/**
 * Makes the migrated template databases of a version, with the administrator in them, once for each PostgreSQL (about 6 s; later at once).
 * Throws `InstallError` with the end of Airflow's output.
 */
export async function prepareTemplates(options: TemplateOptions): Promise<TemplateDatabases> {
  const { postgres } = options;
  const suffix = options.airflow.version.replaceAll('.', '_');
  const templates = { metadata: `template_airflow_${suffix}`, celery: `template_celery_${suffix}` };
  if ((await postgres.databaseExists(templates.metadata)) && (await postgres.databaseExists(templates.celery))) {
    return templates;
  }
  // They get their names when they are complete, so a broken run before this one is never taken for a template.
  const unfinished = { metadata: `unfinished_airflow_${suffix}`, celery: `unfinished_celery_${suffix}` };
  for (const name of [...Object.values(unfinished), ...Object.values(templates)]) await postgres.dropDatabase(name);
  for (const name of Object.values(unfinished)) await postgres.createDatabase(name);
  await runPrepareScript(options, unfinished);
  await postgres.renameDatabase(unfinished.metadata, templates.metadata);
  await postgres.renameDatabase(unfinished.celery, templates.celery);
  return templates;
}

async function runPrepareScript(options: TemplateOptions, databases: TemplateDatabases): Promise<void> {
  const { airflow, postgres, administrator } = options;
  const settings = siteEnvironment({
    environmentName: 'template',
    region: 'us-east-1',
    home: options.folder,
    // Nothing in the template is encrypted; each site gets a key of its own.
    fernetKey: '',
    webSecretKey: 'template',
    metadataAddress: postgres.address(databases.metadata),
    celeryAddress: postgres.address(databases.celery),
    webServerPort: 8080,
    statsdPort: undefined,
    airflowConfigurationOptions: {},
    environmentVariables: { LIFEBOAT_ADMIN_USER: administrator.name, LIFEBOAT_ADMIN_PASSWORD: administrator.password },
  });
  const started = await startProcess({
    sandbox: options.sandbox,
    part: 'template',
    command: airflow.environment.python,
    args: [path.join(import.meta.dirname, 'prepare_database.py')],
    environment: settings,
    logFile: path.join(options.folder, 'template.log'),
  });
  const { code } = await started.exited;
  if (code === 0) return;
  throw new InstallError({
    cause: `The metadata database of Airflow ${airflow.version} could not be made:\n${logTail(started.logFile)}`,
    fix: `Read ${started.logFile}; delete the folder ${airflow.environment.folder} to install Airflow anew.`,
  });
}
