import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { op, opId, PairBench, step } from '../cli/fixture.ts';

let folder: string;
let began: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'lifeboat-report-')));
  began = process.cwd();
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(began);
  rmSync(folder, { recursive: true, force: true });
});

const bench = () => new PairBench().lostA().withOp(op(), [step('Prepare the site')]);

describe('lifeboat report --html', () => {
  it('writes one file into the present folder and says where', async () => {
    const run = bench();
    expect(await run.run('report', opId, '--html')).toBe(0);
    const file = path.join(folder, `lifeboat-report-${opId}.html`);
    expect(run.stdout).toBe(`report written to ${file}`);
    expect(readdirSync(folder)).toEqual([path.basename(file)]);
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  });

  it('replaces the file that is named', async () => {
    const file = path.join(folder, 'page.html');
    expect(await bench().run('report', opId, '--html', file)).toBe(0);
    const first = readFileSync(file, 'utf8');
    expect(await bench().run('report', opId, '--html', file)).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(first);
    expect(readdirSync(folder)).toEqual(['page.html']);
  });

  it('writes the page and nothing else to stdout when the file is a hyphen', async () => {
    const run = bench();
    expect(await run.run('report', opId, '--html', '-')).toBe(0);
    expect(run.stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('excludes --json, and says in one line when it cannot write', async () => {
    const run = bench();
    expect(await run.run('report', opId, '--html', '--json')).toBe(2);
    expect(run.document()).toMatchObject({ error: { message: '--html and --json exclude each other' } });
    expect(await run.run('report', opId, '--html', folder)).toBe(2);
    expect(run.stderr).toContain('cannot be written');
    expect(readdirSync(folder)).toEqual([]);
  });
});
