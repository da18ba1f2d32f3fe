import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { PairConfig } from '../../lib/contracts/config.ts';
import { controllerFunctions, probeFunction } from '../../lib/infra/functions.ts';
import { composeLifeboat } from '../../lib/infra/lifeboat-app.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';
import { readPairConfig } from '../../lib/infra/read-config.ts';

/** The configuration that ships as the example. */
export const exampleConfig = (): PairConfig => readPairConfig(join(projectRoot, 'examples/pair.json'));

/** The templates of a pair, with stubs in place of the functions. Fails where cdk-nag does. */
export function synthesise(config: PairConfig = exampleConfig()) {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-synth-'));
  try {
    const functionsDir = join(folder, 'functions');
    for (const { name } of [...controllerFunctions, probeFunction]) {
      mkdirSync(join(functionsDir, name), { recursive: true });
      writeFileSync(join(functionsDir, name, 'handler.ts'), `export const handler = async () => '${name}';\n`);
    }
    const app = new App({ outdir: join(folder, 'cdk.out') });
    const stacks = composeLifeboat(app, config, { functionsDir });
    app.synth();
    return {
      controller: Template.fromStack(stacks.controller),
      siteA: Template.fromStack(stacks.siteA),
      siteB: Template.fromStack(stacks.siteB),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
