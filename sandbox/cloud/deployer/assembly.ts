import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { type Template, TemplateError, templateSchema } from './template.ts';

export type Stack = {
  name: string;
  region: string;
  account: string;
  template: Template;
  /** Names of stacks that must be deployed before. */
  dependsOn: string[];
  /** Folder of each file asset by its object key. */
  assets: Map<string, string>;
};

const manifestSchema = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({
      type: z.string(),
      environment: z.string().optional(),
      dependencies: z.array(z.string()).default([]),
      properties: z.looseObject({ templateFile: z.string().optional(), stackName: z.string().optional() }).optional(),
    }),
  ),
});

const assetsSchema = z.looseObject({
  files: z
    .record(
      z.string(),
      z.looseObject({
        source: z.looseObject({ path: z.string() }),
        destinations: z.record(z.string(), z.looseObject({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new TemplateError(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Reads the stacks of a CDK cloud assembly (`cdk.out`) in the order of deployment. Throws TemplateError. */
export function readAssembly(folder: string): Stack[] {
  const { artifacts } = manifestSchema.parse(readJson(path.join(folder, 'manifest.json')));
  const stacks: Stack[] = [];
  for (const [id, artifact] of Object.entries(artifacts)) {
    const file = artifact.properties?.templateFile;
    if (artifact.type !== 'aws:cloudformation:stack' || !file) continue;
    const [, account, region] = /^aws:\/\/(\d{12})\/([a-z0-9-]+)$/.exec(artifact.environment ?? '') ?? [];
    if (!account || !region)
      throw new TemplateError(`Stack ${id} names no account and Region: give its env explicitly`);
    const assets = new Map<string, string>();
    for (const dependency of artifact.dependencies) readAssets(folder, dependency, assets);
    const template = templateSchema.parse(readJson(path.join(folder, file)));
    const dependsOn = artifact.dependencies.filter((d) => artifacts[d]?.type === 'aws:cloudformation:stack');
    stacks.push({ name: artifact.properties?.stackName ?? id, region, account, template, dependsOn, assets });
  }
  return inOrder(stacks);
}

function readAssets(folder: string, artifactId: string, assets: Map<string, string>): void {
  if (!artifactId.endsWith('.assets')) return;
  const { files } = assetsSchema.parse(readJson(path.join(folder, `${artifactId}.json`)));
  for (const file of Object.values(files)) {
    for (const { objectKey } of Object.values(file.destinations)) {
      assets.set(objectKey, path.resolve(folder, file.source.path));
    }
  }
}

function inOrder(stacks: Stack[]): Stack[] {
  const ordered: Stack[] = [];
  const visit = (stack: Stack): void => {
    if (ordered.includes(stack)) return;
    for (const name of stack.dependsOn) stacks.filter((other) => other.name === name).forEach(visit);
    ordered.push(stack);
  };
  stacks.forEach(visit);
  return ordered;
}
