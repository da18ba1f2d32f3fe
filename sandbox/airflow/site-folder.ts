import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const Keys = z.object({ fernetKey: z.string(), webSecretKey: z.string() });

/** The secrets of one site. */
export type SiteKeys = z.infer<typeof Keys>;

/**
 * Makes the folders and files of a site's AIRFLOW_HOME where they are missing, and returns its keys. A site keeps its keys: without the Fernet key
 * its stored connections are lost.
 */
export async function prepareSiteFolder(home: string): Promise<SiteKeys> {
  for (const folder of ['dags', 'plugins', 'logs', 'process-logs']) {
    await mkdir(path.join(home, folder), { recursive: true });
  }
  // Airflow writes these where they are missing, and parts that start at the same moment would read each other's half-written files.
  await writeFile(path.join(home, 'airflow.cfg'), '# All settings come from environment variables.\n');
  await writeFile(path.join(home, 'webserver_config.py'), 'WTF_CSRF_ENABLED = True\n');
  const file = path.join(home, 'keys.json');
  if (existsSync(file)) return Keys.parse(JSON.parse(await readFile(file, 'utf8')));
  const keys = { fernetKey: randomKey(), webSecretKey: randomKey() };
  await writeFile(file, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

/** 32 random bytes as URL-safe base64 with padding, which is the form of a Fernet key. */
function randomKey(): string {
  return randomBytes(32).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
