import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { awsClients } from '../../lib/adapters/aws-clients.ts';
import { S3DagBucket } from '../../lib/adapters/s3-dag-bucket.ts';
import { useMoto } from '../support/moto-server.ts';
import { awsError, useRawEndpoint } from '../support/raw-endpoint.ts';

describe('a DAG bucket in S3', () => {
  const moto = useMoto();
  const raw = useRawEndpoint();
  let made = 0;

  async function bucket() {
    made += 1;
    const Bucket = `dags-${process.pid}-${made}`;
    const client = awsClients(moto.place()).s3();
    await client.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const put = async (Key: string, Body: string) =>
      String((await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId);
    return { dags: new S3DagBucket({ client, bucket: Bucket }), put };
  }

  it('knows every version of an object, and the newest', async () => {
    const { dags, put } = await bucket();
    const [first, second] = [await put('requirements.txt', 'a'), await put('requirements.txt', 'b')];
    expect(await dags.hasVersion('requirements.txt', first)).toBe(true);
    expect(await dags.hasVersion('requirements.txt', second)).toBe(true);
    expect(await dags.newestVersion('requirements.txt')).toBe(second);
  });

  it('knows what is not there: no such object, no such version, the version of another object', async () => {
    const { dags, put } = await bucket();
    const version = await put('plugins.zip', 'a');
    await put('requirements.txt', 'b');
    expect(await dags.newestVersion('startup.sh')).toBeNull();
    expect(await dags.hasVersion('startup.sh', version)).toBe(false);
    expect(await dags.hasVersion('requirements.txt', version)).toBe(false);
    expect(await dags.hasVersion('plugins.zip', 'EXAMPLE-unknown')).toBe(false);
  });

  it('does not take a refusal for an absence', async () => {
    raw.answer((request) => awsError(request, 403, 'AccessDenied'));
    const dags = new S3DagBucket({ client: awsClients(raw.place()).s3(), bucket: 'x' });
    await expect(dags.newestVersion('plugins.zip')).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});
