import { createHash } from 'node:crypto';
import type { SiteBucket, StoredObject } from '../../../lib/ports/site-bucket.ts';

type Version = { readonly versionId: string; readonly body: Buffer };

/** A versioned bucket in memory; passes the same contract suite as the one in S3. */
export class InMemorySiteBucket implements SiteBucket {
  readonly name: string;
  /** Thrown by every call while it is set. */
  outage: Error | null = null;
  readonly #objects = new Map<string, Version[]>();
  #written = 0;

  constructor(name = 'lifeboat-demo-123456789012-eu-west-1') {
    this.name = name;
  }

  async read(key: string, versionId?: string): Promise<StoredObject | null> {
    this.#orOutage();
    const versions = this.#objects.get(key) ?? [];
    const found = versionId === undefined ? versions.at(-1) : versions.find((one) => one.versionId === versionId);
    if (found === undefined) return null;
    return { body: Buffer.from(found.body), versionId: found.versionId, sha256: sha256Of(found.body) };
  }

  async write(key: string, body: string | Buffer, options: { onlyIfAbsent?: boolean } = {}): Promise<boolean> {
    this.#orOutage();
    const versions = this.#objects.get(key) ?? [];
    if (options.onlyIfAbsent === true && versions.length > 0) return false;
    this.#written += 1;
    const versionId = `${this.name}-v${this.#written}`;
    this.#objects.set(key, [...versions, { versionId, body: Buffer.from(body) }]);
    return true;
  }

  async hash(key: string): Promise<{ sha256: string; bytes: number } | null> {
    const found = await this.read(key);
    return found === null ? null : { sha256: found.sha256, bytes: found.body.length };
  }

  async list(prefix: string): Promise<string[]> {
    this.#orOutage();
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  /** Writes a value as JSON, as test data. */
  seedJson(key: string, value: unknown): Promise<boolean> {
    return this.write(key, JSON.stringify(value));
  }

  /** Takes an object away with all its versions. */
  remove(key: string): void {
    this.#objects.delete(key);
  }

  /** Replicates what the other bucket does not have yet below a prefix; version ids stay, as in S3 replication. */
  replicateTo(other: InMemorySiteBucket, prefix = ''): void {
    for (const [key, versions] of this.#objects) {
      if (!key.startsWith(prefix)) continue;
      const present = other.#objects.get(key) ?? [];
      const known = new Set(present.map((one) => one.versionId));
      other.#objects.set(key, [...present, ...versions.filter((one) => !known.has(one.versionId))]);
    }
  }

  #orOutage(): void {
    if (this.outage !== null) throw this.outage;
  }
}

const sha256Of = (body: Buffer): string => createHash('sha256').update(body).digest('hex');
