import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { controllerFunctions, probeFunction } from './functions.ts';
import { projectRoot } from './project-root.ts';

const allFunctions = [...controllerFunctions, probeFunction].map(({ name }) => name);

/**
 * Bundles every function, or those of these names, with all it imports, SDK included, to
 * `<outDir>/<verb-noun>/index.mjs`. One run for all: CDK's own NodejsFunction starts npx once for each function, which
 * takes longer than everything else in a synthesis.
 *
 * @throws esbuild's BuildFailure when a handler is missing or does not resolve.
 */
export function bundleFunctions(functionsDir: string, outDir: string, names: readonly string[] = allFunctions): void {
  buildSync({
    absWorkingDir: projectRoot,
    entryPoints: names.map((name) => ({ in: join(functionsDir, name, 'handler.ts'), out: `${name}/index` })),
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Some dependencies are CommonJS and call require, which an ES module does not have.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
}
