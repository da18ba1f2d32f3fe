import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Copied, syncDags } from '../../../sandbox/mwaa/dag-sync.ts';
import { startTinyS3, type TinyS3 } from './fixture/tiny-s3.ts';

let s3: TinyS3;
let folder: string;
let copied: Copied;

beforeEach(async () => {
  s3 = await startTinyS3();
  folder = await mkdtemp(path.join(tmpdir(), 'lifeboat-dags-'));
  copied = new Map();
});
afterEach(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

const sync = (dagPath = 'dags') => syncDags({ s3: s3.client(), bucket: 'customer', dagPath, folder }, copied);
const content = (file: string) => readFile(path.join(folder, file), 'utf8');

describe('the DAG synchronisation', () => {
  it('copies every page of the path, and nothing beside it', async () => {
    for (const key of ['dags/a.py', 'dags/b.py', 'dags/deep/c.py', 'dags/empty/', 'dags-old/d.py', 'plugins.zip']) {
      s3.objects.set(`customer/${key}`, `content of ${key}`);
    }
    await sync('/dags/');
    expect(await content('deep/c.py')).toBe('content of dags/deep/c.py');
    expect(existsSync(path.join(folder, 'b.py'))).toBe(true);
    expect([...copied.keys()]).toEqual(['a.py', 'b.py', 'deep/c.py']);
  });

  it('reads again only what has changed', async () => {
    s3.objects.set('customer/dags/a.py', 'one').set('customer/dags/b.py', 'two');
    await sync();
    s3.objects.set('customer/dags/b.py', 'three');
    s3.reads.length = 0;
    await sync();
    expect(s3.reads).toEqual(['customer/dags/b.py']);
    expect(await content('b.py')).toBe('three');
  });

  it("deletes what is gone, and leaves Python's caches", async () => {
    s3.objects.set('customer/dags/a.py', 'one').set('customer/dags/b.py', 'two');
    await mkdir(path.join(folder, '__pycache__'), { recursive: true });
    await writeFile(path.join(folder, '__pycache__/a.pyc'), '');
    await sync();
    s3.objects.delete('customer/dags/a.py');
    await sync();
    expect(existsSync(path.join(folder, 'a.py'))).toBe(false);
    expect(existsSync(path.join(folder, '__pycache__/a.pyc'))).toBe(true);
  });

  it('writes no file outside of its folder', async () => {
    s3.objects.set('customer/dags/../../escaped.py', 'x').set('customer/dags/a.py', 'one');
    await sync();
    expect([...copied.keys()]).toEqual(['a.py']);
  });
});
