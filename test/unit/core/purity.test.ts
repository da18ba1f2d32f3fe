import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { impurities } from '../../support/core-purity.ts';

const core = new URL('../../../lib/core/', import.meta.url);
const files = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

describe('the core', () => {
  it('exists', () => {
    expect(files.length).toBeGreaterThan(10);
  });

  it.each(files)('%s touches no clock, no chance and no world', (name) => {
    expect(impurities(readFileSync(new URL(name, core), 'utf8'))).toEqual([]);
  });
});

describe('the guard', () => {
  const innocent = readFileSync(new URL('judge.ts', core), 'utf8');

  it.each([
    ["import { readFile } from 'node:fs/promises';", 'imports node:fs/promises'],
    ["import { S3Client } from '@aws-sdk/client-s3';", 'imports @aws-sdk/client-s3'],
    ["import type { Probe } from '../ports/probe.ts';", 'imports ../ports/probe.ts'],
    [
      "import {\n  Verdict,\n  type Health,\n} from '../contracts/observation.ts';",
      'imports the value Verdict from ../contracts/observation.ts',
    ],
    ["export { z } from 'zod';", 'imports zod'],
    ["import 'node:process';", 'imports node:process for its effects'],
    ['const at = new Date();', 'uses the current time'],
    ['const at = Date.now();', 'uses the current time'],
    ['const region = process.env.AWS_REGION;', 'uses the process or its environment'],
    ["const answer = fetch('https://example.org');", 'uses the network'],
    ['const id = crypto.randomUUID();', 'uses chance'],
    [`const id = \`op-$\{Math.random()}\`;`, 'uses chance'],
    ['setTimeout(judge, 1);', 'uses timers'],
    ["const fs = await import('node:fs');", 'uses loading at run time'],
  ])('finds %s', (planted, complaint) => {
    expect(impurities(`${planted}\n${innocent}`)).toContain(complaint);
  });

  it('takes words in comments and sentences for what they are', () => {
    expect(
      impurities("// It would fetch() and call Date.now().\nconst because = 'the process called console';"),
    ).toEqual([]);
  });
});
