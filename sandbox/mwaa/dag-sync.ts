import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

export type DagSource = {
  readonly s3: S3Client;
  readonly bucket: string;
  /** DagS3Path: a folder of the bucket, with or without slashes around it. */
  readonly dagPath: string;
  readonly folder: string;
};

/** ETag of each file as it was copied last, by its path below the folder. */
export type Copied = Map<string, string>;

/**
 * Makes the folder equal to the bucket's: copies what is new or has another ETag, deletes what is gone. A file is replaced
 * at once, so that Airflow never parses half of one. `copied` remembers between calls; empty, everything is copied.
 * Throws the SDK's error when the bucket does not answer; the folder then stays as it is, or is copied in part.
 */
export async function syncDags(source: DagSource, copied: Copied): Promise<void> {
  await mkdir(source.folder, { recursive: true });
  const listed = await listFiles(source);
  for (const [file, etag] of listed) {
    if (copied.get(file) !== etag) await copyFile(source, file);
    copied.set(file, etag);
  }
  for (const file of await filesBelow(source.folder)) {
    if (!listed.has(file)) await rm(path.join(source.folder, file), { force: true });
  }
  for (const file of copied.keys()) if (!listed.has(file)) copied.delete(file);
}

function prefixOf({ dagPath }: DagSource): string {
  const trimmed = dagPath.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `${trimmed}/`;
}

async function listFiles(source: DagSource): Promise<Copied> {
  const prefix = prefixOf(source);
  const files: Copied = new Map();
  let next: string | undefined;
  do {
    const page = await source.s3.send(
      new ListObjectsV2Command({ Bucket: source.bucket, Prefix: prefix, ...(next && { ContinuationToken: next }) }),
    );
    for (const { Key = '', ETag = '' } of page.Contents ?? []) {
      const file = Key.slice(prefix.length);
      // A key that ends in a slash is a folder that someone made in the console.
      if (file !== '' && !file.endsWith('/') && isInside(file)) files.set(file, ETag);
    }
    next = page.NextContinuationToken;
  } while (next !== undefined);
  return files;
}

/** A key may be any text; one that climbs out of the folder is not copied. */
function isInside(file: string): boolean {
  return !path.isAbsolute(file) && path.normalize(file) === file && !file.startsWith('..');
}

async function copyFile(source: DagSource, file: string): Promise<void> {
  const object = await source.s3.send(new GetObjectCommand({ Bucket: source.bucket, Key: prefixOf(source) + file }));
  const target = path.join(source.folder, file);
  await mkdir(path.dirname(target), { recursive: true });
  // Airflow reads no file without one of its own endings.
  await writeFile(`${target}.arriving`, (await object.Body?.transformToByteArray()) ?? '');
  await rename(`${target}.arriving`, target);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return (
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      // Python's caches are the environment's own.
      .filter((file) => !file.split(path.sep).includes('__pycache__'))
  );
}
