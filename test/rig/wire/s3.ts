import { randomUUID } from 'node:crypto';
import type { DagBucket } from '../../../lib/ports/dag-bucket.ts';
import type { SiteBucket } from '../../../lib/ports/site-bucket.ts';
import type { Reply } from '../../../sandbox/cloud/lambda-api.ts';
import type { RequestFacts } from '../../../sandbox/cloud/request-facts.ts';

const reply = (status: number, body: Buffer | string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-length': String(Buffer.byteLength(body)), 'x-amz-request-id': randomUUID(), ...headers },
  body,
});
const xml = (status: number, body: string) =>
  reply(status, `<?xml version="1.0" encoding="UTF-8"?>${body}`, { 'content-type': 'application/xml' });
const refusal = (status: number, code: string) =>
  xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);

export type Buckets = { readonly site: SiteBucket | null; readonly dags: DagBucket | null };

/**
 * S3 as far as the product uses it: of a site's bucket objects by key and version, conditional writes and lists, of a
 * customer's DAG bucket whether a version is there.
 */
export async function answerS3(
  bucketNamed: (name: string) => Buckets,
  { method, path, query }: Pick<RequestFacts, 'method' | 'path' | 'query'>,
  headers: Readonly<Record<string, unknown>>,
  body: Buffer,
): Promise<Reply> {
  const [, name = '', ...rest] = path.split('/');
  const key = rest.map(decodeURIComponent).join('/');
  const { site: bucket, dags } = bucketNamed(name);
  const version = query.get('versionId');
  if (dags !== null) return await head(dags, key, version);
  if (bucket === null) return refusal(404, 'NoSuchBucket');
  if (method === 'GET' && key === '') return await list(bucket, query.get('prefix') ?? '');
  if (method === 'PUT') {
    const onlyIfAbsent = headers['if-none-match'] === '*';
    if (!(await bucket.write(key, body, { onlyIfAbsent }))) return refusal(412, 'PreconditionFailed');
    const written = await bucket.read(key);
    return reply(200, '', { 'x-amz-version-id': written?.versionId ?? 'null', etag: `"${written?.sha256}"` });
  }
  const found = await bucket.read(key, version ?? undefined);
  if (found === null) return refusal(404, version === null ? 'NoSuchKey' : 'NoSuchVersion');
  const about = { 'x-amz-version-id': found.versionId ?? 'null', etag: `"${found.sha256}"` };
  return reply(200, found.body, { 'content-type': 'application/octet-stream', ...about });
}

async function head(dags: DagBucket, key: string, version: string | null): Promise<Reply> {
  const found =
    version === null ? await dags.newestVersion(key) : (await dags.hasVersion(key, version)) ? version : null;
  return found === null ? reply(404, '') : reply(200, '', { 'x-amz-version-id': found });
}

async function list(bucket: SiteBucket, prefix: string): Promise<Reply> {
  const keys = await bucket.list(prefix);
  const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
  const about = `<IsTruncated>false</IsTruncated><KeyCount>${keys.length}</KeyCount>`;
  return xml(200, `<ListBucketResult>${about}${contents}</ListBucketResult>`);
}
