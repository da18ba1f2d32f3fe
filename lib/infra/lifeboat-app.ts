import { join } from 'node:path';
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { PairConfig } from '../contracts/config.ts';
import { bundleFunctions } from './bundle.ts';
import { projectRoot } from './project-root.ts';
import { ControllerStack } from './stacks/controller-stack.ts';
import { SiteStack } from './stacks/site-stack.ts';

export type LifeboatAppOptions = {
  /** Folder that holds <verb-noun>/handler.ts; tests give stubs, which bundle faster. */
  readonly functionsDir?: string;
};

/** Adds the three stacks of a pair to an app, and the rules of cdk-nag that fail its synthesis. */
export function composeLifeboat(app: App, config: PairConfig, options: LifeboatAppOptions = {}) {
  const functionsDir = options.functionsDir ?? join(projectRoot, 'functions');
  const bundlesDir = join(app.outdir, 'bundles');
  bundleFunctions(functionsDir, bundlesDir);
  const props = { config, bundlesDir };
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return {
    siteA: new SiteStack(app, { ...props, side: 'a' }),
    siteB: new SiteStack(app, { ...props, side: 'b' }),
    controller: new ControllerStack(app, props),
  };
}
