import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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

describe('the pair configuration', () => {
  it('is read from the example', async () => {
    expect(await loadConfig('examples/pair.json')).toMatchObject({ homeSite: 'a' });
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
