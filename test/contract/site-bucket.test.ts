import { createHash } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { awsClients, streamBudget } from '../../lib/adapters/aws-clients.ts';
import { S3SiteBucket } from '../../lib/adapters/s3-site-bucket.ts';
import { InMemorySiteBucket } from '../support/fakes/site-bucket.ts';
import { useMoto } from '../support/moto-server.ts';
import { awsError, useRawEndpoint } from '../support/raw-endpoint.ts';
import { siteBucketContract } from './site-bucket.contract.ts';

describe('site bucket in memory', () => {
  siteBucketContract(async () => new InMemorySiteBucket());

  it('replicates below a prefix with the version ids', async () => {
    const [own, other] = [new InMemorySiteBucket('own'), new InMemorySiteBucket('other')];
    await own.write('demo/object', 'first');
    await own.write('demo/object', 'second');
    await own.write('else/object', 'x');
    own.replicateTo(other, 'demo/');
    own.replicateTo(other, 'demo/');
    expect(await other.read('demo/object')).toEqual(await own.read('demo/object'));
    expect(await other.list('')).toEqual(['demo/object']);
  });
});

describe('site bucket in S3', () => {
  const moto = useMoto();
  let made = 0;
  siteBucketContract(async () => {
    made += 1;
    const bucket = `lifeboat-contract-${process.pid}-${made}`;
    const client = awsClients(moto.place(), streamBudget).s3();
    await client.send(
      new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    return new S3SiteBucket({ client, bucket });
  });

  it('does not take a bucket that does not exist for an object that does not exist', async () => {
    const bucket = new S3SiteBucket({ client: awsClients(moto.place()).s3(), bucket: 'lifeboat-no-such-bucket' });
    await expect(bucket.read('demo/object')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('site bucket against an S3 that answers something else', () => {
  const raw = useRawEndpoint();
  const bucket = (requestMs = 4000) =>
    new S3SiteBucket({
      client: awsClients(raw.place(), { maxAttempts: 2, connectMs: 1000, requestMs }).s3(),
      bucket: 'lifeboat-demo',
    });

  it('does not take a refusal for an object that does not exist', async () => {
    raw.answer((request) => awsError(request, 403, 'AccessDenied'));
    await expect(bucket().read('demo/object')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(bucket().hash('demo/object')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(bucket().write('demo/object', 'x', { onlyIfAbsent: true })).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  /** The first answer to a conditional write is lost; the second says that the object exists, holding `held`. */
  const losingTheFirstAnswer = (held: string) => {
    let writes = 0;
    raw.answer((request) => {
      if (request.method === 'GET') return { status: 200, body: held };
      writes += 1;
      return writes === 1 ? 'drop' : awsError(request, 412, 'PreconditionFailed');
    });
  };

  it('knows its own object again when the answer to a conditional write was lost', async () => {
    losingTheFirstAnswer('mine');
    expect(await bucket().write('demo/object', 'mine', { onlyIfAbsent: true })).toBe(true);
    expect(raw.requests.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*', undefined]);
  });

  it("does not take somebody else's object for its own", async () => {
    losingTheFirstAnswer('theirs');
    expect(await bucket().write('demo/object', 'mine', { onlyIfAbsent: true })).toBe(false);
  });

  it('gives up on an object that stalls half-way', async () => {
    raw.answer(() => ({ status: 200, headers: { 'content-length': '1000' }, body: 'only this much', stall: true }));
    const began = performance.now();
    await expect(bucket(300).hash('demo/object')).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('hashes without keeping the object in memory', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 7);
    const chunks = 512;
    raw.answer(() => ({
      status: 200,
      headers: { 'content-length': String(chunk.length * chunks) },
      stream: Array.from({ length: chunks }, () => chunk),
    }));
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
    let highest = 0;
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().arrayBuffers + process.memoryUsage().external);
    }, 5);
    const found = await bucket(20_000).hash('demo/object');
    clearInterval(watch);
    const expected = createHash('sha256');
    for (let index = 0; index < chunks; index += 1) expected.update(chunk);
    expect(found).toEqual({ sha256: expected.digest('hex'), bytes: chunk.length * chunks });
    // What was read and not yet collected is part of it; the object itself would be 512 MB.
    expect(highest - before).toBeLessThan(300 * 1024 * 1024);
  }, 60_000);
});
