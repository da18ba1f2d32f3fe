import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SiteBucket } from '../../lib/ports/site-bucket.ts';

const sha256 = (body: string | Buffer) => createHash('sha256').update(body).digest('hex');

/** What every site bucket does; `make` gives an empty versioned one at each call. */
export function siteBucketContract(make: () => Promise<SiteBucket>): void {
  describe('reading', () => {
    it('gives null for an object, a version or a hash that does not exist', async () => {
      const bucket = await make();
      expect(await bucket.read('demo/none.json')).toBeNull();
      expect(await bucket.hash('demo/none.json')).toBeNull();
      await bucket.write('demo/some.json', '{}');
      expect(await bucket.read('demo/some.json', 'no-such-version')).toBeNull();
    });

    it('gives the bytes as they were written, with their hash and a version', async () => {
      const bucket = await make();
      const body = Buffer.from([0, 255, 10, 13, 128]);
      expect(await bucket.write('demo/bytes', body)).toBe(true);
      const stored = await bucket.read('demo/bytes');
      expect(stored?.body.equals(body)).toBe(true);
      expect(stored?.sha256).toBe(sha256(body));
      expect(stored?.versionId).toEqual(expect.any(String));
    });

    it('writes text as UTF-8, and empty objects', async () => {
      const bucket = await make();
      await bucket.write('demo/text', 'Größe: 3 µs');
      await bucket.write('demo/empty', '');
      expect((await bucket.read('demo/text'))?.body.toString('utf8')).toBe('Größe: 3 µs');
      expect((await bucket.read('demo/empty'))?.body).toHaveLength(0);
      expect(await bucket.hash('demo/empty')).toEqual({ sha256: sha256(''), bytes: 0 });
    });

    it('gives the newest version, and an older one by its id', async () => {
      const bucket = await make();
      await bucket.write('demo/object', 'first');
      const first = await bucket.read('demo/object');
      await bucket.write('demo/object', 'second');
      const second = await bucket.read('demo/object');
      expect(second?.body.toString()).toBe('second');
      expect(second?.versionId).not.toBe(first?.versionId);
      const again = await bucket.read('demo/object', first?.versionId ?? '');
      expect(again?.body.toString()).toBe('first');
      expect(again?.versionId).toBe(first?.versionId);
    });

    it('hashes 20 MB', async () => {
      const bucket = await make();
      const body = randomBytes(20 * 1024 * 1024);
      await bucket.write('demo/large', body);
      expect(await bucket.hash('demo/large')).toEqual({ sha256: sha256(body), bytes: body.length });
    }, 60_000);
  });

  describe('writing only if absent', () => {
    it('refuses to replace an object', async () => {
      const bucket = await make();
      expect(await bucket.write('demo/once', 'first', { onlyIfAbsent: true })).toBe(true);
      expect(await bucket.write('demo/once', 'second', { onlyIfAbsent: true })).toBe(false);
      expect(await bucket.write('demo/once', 'first', { onlyIfAbsent: true })).toBe(false);
      expect((await bucket.read('demo/once'))?.body.toString()).toBe('first');
    });

    it('lets exactly one of ten writers win', async () => {
      const bucket = await make();
      const ends = await Promise.all(
        Array.from({ length: 10 }, (_, index) => bucket.write('demo/race', String(index), { onlyIfAbsent: true })),
      );
      expect(ends.filter((won) => won)).toHaveLength(1);
      expect((await bucket.read('demo/race'))?.body.toString()).toBe(String(ends.indexOf(true)));
    });
  });

  describe('listing', () => {
    it('lists the keys below a prefix in order, over more than one page', async () => {
      const bucket = await make();
      const keys = Array.from({ length: 1005 }, (_, index) => `demo/many/${String(index).padStart(4, '0')}`);
      for (let first = 0; first < keys.length; first += 50) {
        await Promise.all(keys.slice(first, first + 50).map((key) => bucket.write(key, 'x')));
      }
      await bucket.write('demo/other', 'x');
      expect(await bucket.list('demo/many/')).toEqual(keys);
      expect(await bucket.list('demo/none/')).toEqual([]);
    }, 60_000);
  });
}
