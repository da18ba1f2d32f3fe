import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { PairConfig } from '../lib/contracts/config.ts';
import { helperPairFile } from '../lib/contracts/helper-pair.ts';

/** Makes a DAG bucket and puts the production DAGs and the helper DAGs into it, as a deployment does. */
export async function uploadDags(
  s3: S3Client,
  region: string,
  bucket: string,
  folders: DagFolders,
  config: PairConfig,
) {
  await s3.send(
    new CreateBucketCommand({
      Bucket: bucket,
      CreateBucketConfiguration: { LocationConstraint: region === 'eu-west-1' ? 'eu-west-1' : 'eu-central-1' },
    }),
  );
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const put = (key: string, body: string | Buffer) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key: `dags/${key}`, Body: body }));
  for (const [prefix, folder] of [
    ['', folders.production],
    ['mwaa_lifeboat/', folders.helpers],
  ] as const) {
    for (const file of await filesBelow(folder)) await put(`${prefix}${file}`, await readFile(path.join(folder, file)));
  }
  await put('mwaa_lifeboat/pair.json', helperPairFile(config));
}

export type DagFolders = { readonly production: string; readonly helpers: string };

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
