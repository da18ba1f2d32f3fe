import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Side } from '../../lib/contracts/ids.ts';
import { demoSecrets } from '../../sandbox/demo/production.ts';
import { projectRoot } from '../../sandbox/place.ts';
import type { Sandbox } from '../../sandbox/up.ts';

const run = promisify(execFile);
const Trace = z.object({
  at: z.iso.datetime({ offset: true }),
  workload: z.string(),
  run: z.string(),
  task: z.string(),
});

const readSecrets = `
import json
from airflow.models import Connection, Variable
from airflow.utils.session import create_session
with create_session() as session:
    row = session.query(Connection).filter_by(conn_id="${demoSecrets.connection.connection_id}").one()
    stored = session.query(Variable).filter_by(key="${demoSecrets.variable.key}").one()
    print("SECRETS" + json.dumps({
        "variable": stored.get_val(), "login": row.login, "password": row.password, "extra": row.extra,
        "ciphertexts": [stored._val, row._password, row._extra],
    }))
`;

/** The demo's secrets as a site's own Airflow decrypts them, and the texts they are stored as. */
export async function secretsOf(sandbox: Sandbox, side: Side) {
  const python = path.join(projectRoot, '.lifeboat', 'airflow-2.10.3', 'bin', 'python');
  const env = { ...sandbox.site(side).environment, PATH: process.env.PATH ?? '' };
  const { stdout } = await run(python, ['-c', readSecrets], { env });
  const line = stdout.split('\n').find((text) => text.startsWith('SECRETS')) ?? 'SECRETSnull';
  return z
    .object({
      variable: z.string(),
      login: z.string(),
      password: z.string(),
      extra: z.string(),
      ciphertexts: z.array(z.string()),
    })
    .parse(JSON.parse(line.slice('SECRETS'.length)));
}

/** What really ran on a site, by the trace that the production tasks write. */
export async function traceOf(sandbox: Sandbox, side: Side) {
  const text = await readFile(path.join(sandbox.stateDir, `trace-${side}.jsonl`), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Trace.parse(JSON.parse(line)));
}
