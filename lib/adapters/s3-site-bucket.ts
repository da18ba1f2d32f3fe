import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { SiteBucket, StoredObject } from '../ports/site-bucket.ts';

const ABSENT = new Set(['NoSuchKey', 'NoSuchVersion']);

/** A site's bucket in S3. Every failure but an object that does not exist passes as it came from the SDK. */
export class S3SiteBucket implements SiteBucket {
  readonly name: string;
  readonly #client: S3Client;

  constructor(options: { client: S3Client; bucket: string }) {
    this.name = options.bucket;
    this.#client = options.client;
  }

  async read(key: string, versionId?: string): Promise<StoredObject | null> {
    const found = await this.#get(key, versionId);
    if (found === null) return null;
    const chunks: Buffer[] = [];
    for await (const chunk of bytesOf(found)) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    return { body, versionId: versionOf(found), sha256: createHash('sha256').update(body).digest('hex') };
  }

  async write(key: string, body: string | Buffer, options: { onlyIfAbsent?: boolean } = {}): Promise<boolean> {
    const condition = options.onlyIfAbsent === true ? { IfNoneMatch: '*' } : {};
    const bytes = Buffer.from(body);
    try {
      await this.#client.send(new PutObjectCommand({ Bucket: this.name, Key: key, Body: bytes, ...condition }));
      return true;
    } catch (error) {
      if (!isS3(error) || error.name !== 'PreconditionFailed') throw error;
      // A write whose answer was lost is sent again by the SDK and then meets its own object.
      return (error.$metadata.attempts ?? 1) > 1 && (await this.#holds(key, bytes));
    }
  }

  async hash(key: string): Promise<{ sha256: string; bytes: number } | null> {
    const found = await this.#get(key);
    if (found === null) return null;
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of bytesOf(found)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { sha256: hash.digest('hex'), bytes };
  }

  async list(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client: this.#client }, { Bucket: this.name, Prefix: prefix })) {
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
    }
    return keys;
  }

  async #get(key: string, versionId?: string): Promise<GetObjectCommandOutput | null> {
    const version = versionId === undefined ? {} : { VersionId: versionId };
    try {
      return await this.#client.send(new GetObjectCommand({ Bucket: this.name, Key: key, ...version }));
    } catch (error) {
      if (isS3(error) && ABSENT.has(error.name)) return null;
      throw error;
    }
  }

  async #holds(key: string, body: Buffer): Promise<boolean> {
    return (await this.read(key))?.body.equals(body) ?? false;
  }
}

const isS3 = (error: unknown): error is S3ServiceException => error instanceof S3ServiceException;

/** A bucket without versions calls the one it has `null`. */
function versionOf({ VersionId }: GetObjectCommandOutput): string | null {
  return VersionId === undefined || VersionId === 'null' ? null : VersionId;
}

function bytesOf({ Body }: GetObjectCommandOutput): AsyncIterable<Buffer> {
  if (Body instanceof Readable) return Body;
  throw new TypeError('S3 answered without a body');
}
