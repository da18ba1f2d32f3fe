import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../lib/cli/load-config.ts';
import { readSandbox } from '../../../lib/cli/sandbox-state.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** `base` with the members of `change`, deeply. */
function merged(base: unknown, change: object): object {
  const known = new Map<string, unknown>(Object.entries(base ?? {}));
  const changed = Object.entries(change).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'object' && value !== null ? merged(known.get(name), value) : value,
  ]);
  return Object.fromEntries([...known, ...changed]);
}

describe('the pair configuration', () => {
  it('is read from the example', async () => {
    expect(await loadConfig('examples/pair.json')).toMatchObject({ homeSite: 'a' });
    expect(await loadConfig('examples/pair-backup-restore.json')).toMatchObject({ strategy: 'backup-restore' });
  });

  it('names each wrong field', async () => {
    const file = join(folder, 'pair.json');
    await writeFile(
      file,
      JSON.stringify({ pair: 'Demo', account: '123456789012', controllerRegion: 'eu-north-1', sites: {} }),
    );
    await expect(loadConfig(file)).rejects.toMatchObject({
      name: 'ConfigInvalidError',
      message: expect.stringMatching(/pair: found "Demo", expected 1 to 20 lower-case letters.*sites\.a/),
      exitCode: 2,
    });
  });

  it.each([
    ['sites.a.executionRoleArn', { sites: { a: { executionRoleArn: 'arn:aws:s3:::bucket' } } }, 'the ARN of a role'],
    [
      'sites.b.executionRoleArn',
      { sites: { b: { executionRoleArn: 'arn:aws:iam::210987654321:role/x' } } },
      'found a role of account 210987654321, expected one of account 123456789012',
    ],
    ['controllerRegion', { controllerRegion: 'us-gov-west-1' }, 'expected a Region of the commercial partition'],
    ['sites.a.region', { sites: { a: { region: 'cn-north-1' } } }, 'expected a Region of the commercial partition'],
    ['mode', { mode: 'auto' }, 'found "auto", expected one of observe, manual, prepare, automatic'],
    [
      'preAuthorisedUnfenced.until',
      { preAuthorisedUnfenced: { by: 'ada', reason: 'x', until: 'tomorrow' } },
      'found "tomorrow", expected an instant such as 2026-12-31T18:00:00Z',
    ],
  ])('says what %s has to be', async (field, change, sentence) => {
    const file = join(folder, 'pair.json');
    const whole: unknown = JSON.parse(await readFile('examples/pair.json', 'utf8'));
    await writeFile(file, JSON.stringify(merged(whole, change)));
    const error: unknown = await loadConfig(file).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ConfigInvalidError', message: expect.stringContaining(`${field}: `) });
    expect(error).toMatchObject({ message: expect.stringContaining(sentence) });
  });

  it('says that a folder is no file', async () => {
    await expect(loadConfig(folder)).rejects.toThrow('it is a folder');
  });

  it('tells a missing file from a broken one', async () => {
    const file = join(folder, 'pair.json');
    await expect(loadConfig(file)).rejects.toThrow('there is no such file');
    await writeFile(file, '{');
    await expect(loadConfig(file)).rejects.toThrow('is no JSON');
  });
});

describe('the sandbox', () => {
  const state = {
    endpoint: 'http://127.0.0.1:4566',
    configFile: 'pair.json',
    accessKeyId: 'AKCLI',
    secretAccessKey: 's',
    pid: 4711,
  };
  const write = async (text: string) => {
    await mkdir(join(folder, '.lifeboat', 'sandbox', 'demo'), { recursive: true });
    await writeFile(join(folder, '.lifeboat', 'sandbox', 'demo', 'state.json'), text);
  };
  const up = async () => true;

  it('is read from its state file', async () => {
    await write(JSON.stringify({ ...state, more: 1 }));
    expect(await readSandbox(folder, 'demo', up)).toEqual(state);
  });

  it.each([
    ['has no state file', null, true],
    ['wrote half a state file', '{"endpoint": "http', true],
    ['left its state file behind and does not answer', JSON.stringify(state), false],
  ])('that %s is not up', async (_, text, answers) => {
    if (text !== null) await write(text);
    await expect(readSandbox(folder, 'demo', async () => answers)).rejects.toMatchObject({
      name: 'SandboxNotUpError',
      fix: 'npm run sandbox -- up',
      exitCode: 4,
    });
  });

  it('cannot be named so that another folder is read', async () => {
    await expect(readSandbox(folder, '../../x', up)).rejects.toThrow('is not up');
  });
});
