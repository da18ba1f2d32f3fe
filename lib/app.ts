import { resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { PairConfigError } from './contracts/parse-config.ts';
import { composeLifeboat } from './infra/lifeboat-app.ts';
import { ConfigUnreadableError, readPairConfig } from './infra/read-config.ts';

const app = new App();
const path = String(app.node.tryGetContext('config') ?? 'examples/pair.json');
try {
  composeLifeboat(app, readPairConfig(resolve(path)));
} catch (error) {
  if (!(error instanceof PairConfigError || error instanceof ConfigUnreadableError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
