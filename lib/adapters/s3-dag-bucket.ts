import { HeadObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { DagBucket } from '../ports/dag-bucket.ts';

/** S3 answers HEAD without a body, so that a version id that is none of its own is known by its status alone. */
const absent = new Set([400, 404]);

/** A DAG bucket in S3. Every failure but an object or a version that does not exist passes as it came from the SDK. */
export class S3DagBucket implements DagBucket {
  readonly name: string;
  readonly #client: S3Client;

  constructor(options: { client: S3Client; bucket: string }) {
    this.name = options.bucket;
    this.#client = options.client;
  }

  async hasVersion(key: string, versionId: string): Promise<boolean> {
    return (await this.#versionOf(key, versionId)) !== null;
  }

  newestVersion(key: string): Promise<string | null> {
    return this.#versionOf(key);
  }

  async #versionOf(key: string, versionId?: string): Promise<string | null> {
    try {
      const found = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.name, Key: key, ...(versionId ? { VersionId: versionId } : {}) }),
      );
      return found.VersionId ?? 'null';
    } catch (error) {
      if (error instanceof S3ServiceException && absent.has(error.$metadata.httpStatusCode ?? 0)) return null;
      throw error;
    }
  }
}
