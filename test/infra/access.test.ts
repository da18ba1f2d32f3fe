import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keysOf } from '../../lib/contracts/names.ts';
import { controllerFunctions, probeFunction } from '../../lib/infra/functions.ts';
import { type Access, statementsOf } from '../../lib/infra/permissions.ts';
import { projectRoot } from '../../lib/infra/project-root.ts';
import { codeReachedFrom } from '../support/reached-code.ts';
import { exampleConfig } from '../support/synthesised.ts';

/** Ports a declaration uses, and the access that each needs. `look` runs every probe from where it is called. */
const uses: readonly (readonly [RegExp, readonly Access[]])[] = [
  [/\btable\.(get|list|commit)\(/, ['table']],
  [/\bmwaa\.getEnvironment\(/, ['environment']],
  [/\bmwaa\.createEnvironment\(/, ['createEnvironment']],
  [/\bmwaa\.deleteEnvironment\(/, ['deleteEnvironment']],
  [/\bdagBucket\(/, ['dagBucketRead']],
  [/\bworld\.airflow\(/, ['airflowOperate']],
  [/\bexecutions\.(start|status)\(/, ['executions']],
  [/\bpager\.page\(/, ['page']],
  [/\bmetrics\.publish\(/, ['publishMetrics']],
  [/\bvantages\b/, ['probe']],
  [/\bworld(OfVantage\([^)]*\))?\.look\(/, ['metrics', 'environment', 'airflowHealth', 'bucketRead', 'regionCalls']],
];

const writing: readonly Access[] = ['writeRequests', 'writeMarker', 'writeConfiguration'];
const config = exampleConfig();
const keys = keysOf(config.pair);
/** One key of each kind. */
const examples: Readonly<Record<keyof typeof keys, string>> = {
  manifest: keys.manifest('000001-s'),
  environment: keys.environment('a'),
  canary: keys.canary('a'),
  fenceMarker: keys.fenceMarker('a'),
  fenceStopped: keys.fenceStopped('o'),
  request: keys.request('o', 'r'),
  result: keys.result('o', 'r'),
};

/** The access that lets a function write an object of this key. */
function accessToWrite(key: string): Access[] {
  const covers = (resource: string) => {
    const pattern = resource.replace(/^arn:aws:s3:::[^/]*\//, '');
    return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern;
  };
  return writing.filter((access) => statementsOf([access], config).some(({ resources }) => resources.some(covers)));
}

/** What a declaration that touches a bucket needs there, by the calls it makes and the keys it names. */
function bucketAccess(text: string): Access[] {
  if (!/\bbucket\b/.test(text)) return [];
  // Records of the control table are listed, too.
  const reads = /\.(read|hash|list)\(/.test(text.replaceAll('table.list(', ''));
  const named = Object.entries(examples).filter(([name]) =>
    new RegExp(`(keys|keysOf\\(.*?\\))\\.${name}\\(`).test(text),
  );
  const writes = text.includes('.write(') ? named.flatMap(([, key]) => accessToWrite(key)) : [];
  return [...(reads ? (['bucketRead'] as const) : []), ...writes];
}

/** What the code behind a function's handler uses. */
function accessUsed(name: string): Access[] {
  const isOurs = (file: string) => /\/(lib\/steps|functions)\//.test(file) && !file.endsWith('_runtime/world.ts');
  const code = codeReachedFrom(join(projectRoot, 'functions', name, 'handler.ts'), 'handler', isOurs);
  const ofText = (text: string) => [
    ...uses.flatMap(([pattern, access]) => (pattern.test(text) ? access : [])),
    ...bucketAccess(text),
  ];
  return [...new Set(code.flatMap(ofText))].sort();
}

describe('a function has the access that its code uses, and no other', () => {
  it.each([...controllerFunctions, probeFunction])('$name', ({ name, access }) => {
    expect([...access].sort()).toEqual(accessUsed(name));
  });
});
