import { execFile } from 'node:child_process';
import path from 'node:path';
import type { Side } from '../lib/contracts/ids.ts';
import { unpackPlugins } from './airflow/plugins.ts';
import { type AirflowSite, createSite } from './airflow/site.ts';
import type { Administrator, AirflowInstallation, TemplateDatabases } from './airflow/template-databases.ts';
import type { PostgresServer } from './host/postgres.ts';
import type { AirflowBackend, CliResult, RunningAirflow } from './mwaa/backend.ts';
import { siteKey } from './pair.ts';

type BackendOptions = {
  readonly sandbox: string;
  readonly stateDir: string;
  readonly frontUrl: string;
  readonly airflow: AirflowInstallation;
  readonly postgres: PostgresServer;
  readonly templates: TemplateDatabases;
  readonly administrator: Administrator;
  readonly sideOf: (environment: string) => Side;
  readonly statsdPort: (environment: string) => number;
  readonly demoStart: Date;
  /** Gets each site that runs, by the name of its environment. */
  readonly sites: Map<string, AirflowSite>;
};

/** Real Airflow behind the fake of Amazon MWAA. */
export function airflowBackend(options: BackendOptions): AirflowBackend {
  const home = (environment: string) => path.join(options.stateDir, 'airflow', environment);
  return {
    dagsFolder: (_region, environment) => path.join(home(environment), 'dags'),
    async create(spec) {
      const side = options.sideOf(spec.environment);
      const site = await createSite({
        sandbox: options.sandbox,
        name: spec.environment.replaceAll('-', '_'),
        environmentName: spec.environment,
        region: spec.region,
        home: home(spec.environment),
        airflow: options.airflow,
        postgres: options.postgres,
        templates: options.templates,
        administrator: options.administrator,
        airflowConfigurationOptions: spec.configurationOptions,
        environmentVariables: {
          AWS_ENDPOINT_URL: options.frontUrl,
          AWS_ACCESS_KEY_ID: siteKey[side],
          AWS_SECRET_ACCESS_KEY: 'sandbox',
          LIFEBOAT_DEMO_START: options.demoStart.toISOString(),
          // Longer than any story that is told here: the long task is at work when its site is lost.
          LIFEBOAT_DEMO_LONG_SECONDS: '3600',
          LIFEBOAT_DEMO_TRACE: path.join(options.stateDir, `trace-${side}.jsonl`),
        },
        statsdPort: options.statsdPort(spec.environment),
      });
      await unpackPlugins(options.airflow.environment.python, site.pluginsFolder, spec.plugins);
      await site.start();
      options.sites.set(spec.environment, site);
      return running(site, options, () => options.sites.delete(spec.environment));
    },
  };
}

function running(site: AirflowSite, options: BackendOptions, forget: () => void): RunningAirflow {
  return {
    baseUrl: site.url,
    username: options.administrator.name,
    password: options.administrator.password,
    stop: () => site.stop(),
    destroy: async () => {
      forget();
      await site.destroy();
    },
    restart: async (spec) => {
      await site.stop();
      await unpackPlugins(options.airflow.environment.python, site.pluginsFolder, spec.plugins);
      await site.start();
    },
    cli: (args) => runCli(options.airflow.environment.program('airflow'), args, site),
  };
}

function runCli(program: string, args: readonly string[], site: AirflowSite): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = { env: { ...site.environment, PATH: process.env.PATH ?? '' }, encoding: 'buffer' as const };
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ exitCode: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}
