import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { PairConfig } from '../../lib/contracts/config.ts';
import { namesOf } from '../../lib/contracts/names.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';
import { type Cloud, startCloud } from '../../sandbox/cloud/cloud.ts';
import { deployAssembly } from '../../sandbox/cloud/deployer/deploy.ts';
import { killTagged } from '../../sandbox/host/processes.ts';
import { SANDBOX_VARIABLE } from '../../sandbox/host/tagged-processes.ts';
import { spawnWithUs, toolsPython } from '../support/moto-server.ts';
import { Rig } from './rig.ts';

/** A rig, the folder of the templates that it runs, and its end. */
export type StartedRig = { readonly rig: Rig; readonly cdkOut: string; readonly stop: () => Promise<void> };

/** Synthesises and deploys a pair, and puts the rig between its functions and AWS. Nothing stays when it throws. */
export async function startRig(config: PairConfig): Promise<StartedRig> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-rig-'));
  const sandbox = `test-${path.basename(folder)}`;
  const opened: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true }), () => killTagged({ sandbox })];
  const stop = async () => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    const cdkOut = path.join(folder, 'cdk.out');
    const clockFile = path.join(folder, 'clock');
    await writeFile(clockFile, '0');
    await synthesise(config, folder, cdkOut);
    const cloud = await openCloud(folder, sandbox, config, clockFile);
    opened.push(() => cloud.close());
    await deployAssembly({
      ...{ cdkOut, frontUrl: cloud.front.url, gateway: cloud.gateway },
      parameters: {
        [`${namesOf(config).prefix}-site-b`]: {
          PrimaryKeyArn: { stack: `${namesOf(config).prefix}-site-a`, output: 'KeyArn' },
        },
      },
    });
    const rig = new Rig({ config, cloud, clockFile });
    opened.push(() => rig.close());
    return { rig, cdkOut, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openCloud(folder: string, sandbox: string, config: PairConfig, clockFile: string): Promise<Cloud> {
  const clock = pathToFileURL(path.join(import.meta.dirname, 'frozen-clock.ts')).href;
  return await startCloud({
    stateDir: folder,
    python: await toolsPython(),
    spawn: spawnWithUs(sandbox),
    regions: { a: config.sites.a.region, b: config.sites.b.region },
    environment: { [SANDBOX_VARIABLE]: sandbox, NODE_OPTIONS: `--import=${clock}`, RIG_CLOCK: clockFile },
  });
}

/** The templates come from the same command that a user deploys with. */
async function synthesise(config: PairConfig, folder: string, out: string): Promise<void> {
  const file = path.join(folder, 'pair.json');
  await writeFile(file, JSON.stringify(config));
  await promisify(execFile)(process.execPath, [path.join(projectRoot, 'lib', 'app.ts')], {
    cwd: projectRoot,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      CDK_OUTDIR: out,
      CDK_CONTEXT_JSON: JSON.stringify({ config: file }),
    },
    maxBuffer: 64 * 1024 * 1024,
  });
}
