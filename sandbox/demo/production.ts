import { execFile } from 'node:child_process';
import path from 'node:path';
import type { Side } from '../../lib/contracts/ids.ts';
import { helperDags, isHelperDag } from '../../lib/contracts/names.ts';
import type { Access } from '../access.ts';
import { projectRoot } from '../place.ts';
import { until } from '../until.ts';
import type { Sandbox } from '../up.ts';

/** Production DAGs of the demo: when they run, and for catchup DAGs the seconds between two slots. */
export const catchupSlots = {
  billing_every_minute: 60,
  meter_every_20_seconds: 20,
  ledger_every_30_seconds: 30,
} as const;
export const longDag = 'long_export';
const productionDags = [
  ...Object.keys(catchupSlots),
  'report_every_minute',
  'orders_producer',
  'orders_consumer',
  'vault_reader',
  longDag,
];

/** Secrets with everything that gets lost in a careless copy: quotes, line breaks, tabs, 4-byte Unicode. */
export const demoSecrets = {
  variable: { key: 'demo_tariff', value: 'día "uno"\r\n\t\\N 🚢 {"rate": 0.25}' },
  connection: {
    connection_id: 'demo_warehouse',
    conn_type: 'postgres',
    host: 'warehouse.example',
    login: 'loader',
    password: 'p\\"ä\t🔑\n%41',
    extra: '{"sslmode": "require", "token": "t-🗝"}',
  },
} as const;

/** Waits until a site has parsed all helper and production DAGs. */
export async function waitForDags(access: Access, side: Side): Promise<void> {
  const wanted = [...Object.values(helperDags), ...productionDags];
  await until(`site ${side} parses its ${wanted.length} DAGs`, 120, async () => {
    const there = new Set((await access.airflow(side).listDags()).map((dag) => dag.dagId));
    return wanted.every((id) => there.has(id));
  });
}

/** Runs the product's own command line against the sandbox, as a person would. */
export function runLifeboat(
  sandbox: Sandbox,
  ...words: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const args = [path.join(projectRoot, 'bin', 'lifeboat.mjs'), ...words, '--sandbox', sandbox.name];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: projectRoot, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

/** The same, for a command that has to succeed: 0, or 6 (done, with warnings). Throws with what it printed. */
export async function lifeboat(sandbox: Sandbox, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runLifeboat(sandbox, ...words);
  if (code !== 0 && code !== 6) throw new Error(`lifeboat ${words.join(' ')} ended with ${code}: ${stderr || stdout}`);
  return stdout;
}

/** Gives site a its production: secrets, open DAGs, and one long task that is at work when the site is lost. */
export async function startProduction(access: Access): Promise<void> {
  const airflow = access.airflow('a');
  const { variable, connection } = demoSecrets;
  await airflow.setVariable(variable.key, variable.value);
  await airflow.request('POST', '/connections', { body: connection });
  for (const dag of await airflow.listDags()) {
    if (!isHelperDag(dag.dagId)) await airflow.setPaused(dag.dagId, false);
  }
  await airflow.triggerRun(longDag, 'long_run_1', {});
}
