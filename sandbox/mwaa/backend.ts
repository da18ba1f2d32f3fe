/** What the fake of Amazon MWAA needs from whoever runs real Airflow behind it. */

/** One Airflow to build: what the environment's owner asked for and MWAA would hand to its containers. */
export type AirflowSpec = {
  readonly region: string;
  readonly environment: string;
  /** E.g. `2.10.3`. */
  readonly airflowVersion: string;
  /** AirflowConfigurationOptions as sent, e.g. `core.default_timezone`. */
  readonly configurationOptions: Readonly<Record<string, string>>;
  /** The plugins.zip that goes into the plugins folder; null leaves it empty. */
  readonly plugins: Uint8Array | null;
  readonly environmentClass: string;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly schedulers: number;
};

export type CliResult = { readonly exitCode: number; readonly stdout: Buffer; readonly stderr: Buffer };

/** An Airflow whose web server answers. */
export type RunningAirflow = {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  /** Ends every process, keeps database and files. Safe to repeat. */
  stop(): Promise<void>;
  /** Ends every process and drops database and files. Safe to repeat. */
  destroy(): Promise<void>;
  /** Replaces every process, as an update of MWAA replaces its containers; resolves when the web server answers again. */
  restart(spec: AirflowSpec): Promise<void>;
  /** Runs `airflow <args>` inside the environment. */
  cli(args: readonly string[]): Promise<CliResult>;
};

export type AirflowBackend = {
  /** Absolute folder the environment's DAGs are synchronised to; may not exist yet. */
  dagsFolder(region: string, environment: string): string;
  /**
   * Builds and starts an Airflow on a database of its own; resolves when its web server answers.
   * @throws Error with a message for the environment's owner; the backend has then cleaned up after itself.
   */
  create(spec: AirflowSpec): Promise<RunningAirflow>;
};
