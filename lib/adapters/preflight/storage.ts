import {
  DecryptCommand,
  DescribeKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import {
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { CanaryStamp } from '../../contracts/helper.ts';
import type { BucketFacts, KeyFacts, StampFacts } from '../../core/preflight/facts.ts';
import { orNull, type PreflightClients } from './clients.ts';

const Location = z.object({ LocationConstraint: z.string().optional() });
const Versioning = z.object({ Status: z.string().optional() });
const Encryption = z.object({
  ServerSideEncryptionConfiguration: z.object({
    Rules: z.array(
      z.object({
        ApplyServerSideEncryptionByDefault: z.object({ KMSMasterKeyID: z.string().optional() }).optional(),
      }),
    ),
  }),
});
const Replication = z.object({
  ReplicationConfiguration: z.object({
    Rules: z.array(
      z.object({
        Status: z.string(),
        Prefix: z.string().optional(),
        Filter: z.object({ Prefix: z.string().optional() }).optional(),
        Destination: z.object({ Bucket: z.string() }),
      }),
    ),
  }),
});
const KeyAnswer = z.object({
  KeyMetadata: z.object({ KeyId: z.string(), MultiRegion: z.boolean().optional(), KeyState: z.string().optional() }),
});
const DataKey = z.object({ CiphertextBlob: z.instanceof(Uint8Array) });
const PolicyText = z.object({ Policy: z.string() });
const StoredStamp = z.object({ LastModified: z.date(), VersionId: z.string().optional() });

/** A bucket that is asked for at its own Region's endpoint; null when it does not exist. */
export async function readBucket(clients: PreflightClients, Bucket: string): Promise<BucketFacts> {
  const s3 = clients.s3();
  const location = await orNull(s3.send(new GetBucketLocationCommand({ Bucket })), 'NoSuchBucket');
  if (location === null) return null;
  const [versioning, encryption, replication] = await Promise.all([
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    orNull(s3.send(new GetBucketEncryptionCommand({ Bucket })), 'ServerSideEncryptionConfigurationNotFoundError'),
    orNull(s3.send(new GetBucketReplicationCommand({ Bucket })), 'ReplicationConfigurationNotFoundError'),
  ]);
  const rules = replication === null ? [] : Replication.parse(replication).ReplicationConfiguration.Rules;
  const defaults = encryption === null ? [] : Encryption.parse(encryption).ServerSideEncryptionConfiguration.Rules;
  return {
    region: regionOf(Location.parse(location).LocationConstraint),
    isVersioned: Versioning.parse(versioning).Status === 'Enabled',
    keyId: defaults[0]?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID?.split('/').at(-1) ?? null,
    rules: rules.map(({ Status, Prefix, Filter, Destination }) => ({
      isEnabled: Status === 'Enabled',
      prefix: Filter?.Prefix ?? Prefix ?? '',
      destination: Destination.Bucket.replace('arn:aws:s3:::', ''),
    })),
  };
}

/** S3 names the oldest two Regions in words of its own. */
const regionOf = (constraint: string | undefined): string =>
  constraint === undefined || constraint === '' ? 'us-east-1' : constraint === 'EU' ? 'eu-west-1' : constraint;

/** Text of a bucket's policy; null when it has none. */
export async function bucketPolicyOf(clients: PreflightClients, Bucket: string): Promise<string | null> {
  const asked = clients.s3().send(new GetBucketPolicyCommand({ Bucket }));
  const found = await orNull(asked, 'NoSuchBucketPolicy', 'NoSuchBucket');
  return found === null ? null : PolicyText.parse(found).Policy;
}

type PairKey = { readonly alias: string; readonly context: Readonly<Record<string, string>> };

/**
 * The pair's key in the Region of `here`. A data key is made in the Region of `there` and opened here alone, as an
 * import does it; both calls change nothing, and the data key in the clear is dropped.
 */
export async function readKey(here: PreflightClients, there: PreflightClients, key: PairKey): Promise<KeyFacts> {
  const described = await describeKey(here, key.alias);
  if (described === null) return null;
  const { KeyId, MultiRegion, KeyState } = described;
  const isEnabled = (KeyState ?? 'Enabled') === 'Enabled';
  const facts = { keyId: KeyId, isMultiRegion: MultiRegion === true, isEnabled };
  const other = isEnabled ? await describeKey(there, key.alias) : null;
  // A key that is not the same, or not there, is told by what it is.
  if (other?.KeyId !== KeyId || (other.KeyState ?? 'Enabled') !== 'Enabled') return { ...facts, notOpened: null };
  return { ...facts, notOpened: await open(here, there, key) };
}

async function describeKey(clients: PreflightClients, alias: string) {
  const found = await orNull(clients.kms().send(new DescribeKeyCommand({ KeyId: alias })), 'NotFoundException');
  return found === null ? null : KeyAnswer.parse(found).KeyMetadata;
}

const wrongKey = new Set(['IncorrectKeyException', 'InvalidCiphertextException', 'InvalidKeyUsageException']);

async function open(here: PreflightClients, there: PreflightClients, { alias, context }: PairKey) {
  const input = { KeyId: alias, EncryptionContext: { ...context } };
  const made = await there.kms().send(new GenerateDataKeyWithoutPlaintextCommand({ ...input, KeySpec: 'AES_256' }));
  const { CiphertextBlob } = DataKey.parse(made);
  try {
    await here.kms().send(new DecryptCommand({ ...input, CiphertextBlob }));
    return null;
  } catch (error) {
    if (error instanceof Error && wrongKey.has(error.name)) return error.name;
    throw error;
  }
}

/** Text of the policy of the key behind an alias; null when there is no such key. */
export async function keyPolicyOf(
  clients: PreflightClients,
  alias: string,
): Promise<{ text: string; arn: string } | null> {
  const key = await describeKey(clients, alias);
  if (key === null) return null;
  const found = await clients.kms().send(new GetKeyPolicyCommand({ KeyId: key.KeyId, PolicyName: 'default' }));
  return { text: PolicyText.parse(found).Policy, arn: key.KeyId };
}

/** A canary stamp that no version of this product wrote. */
class CanaryStampError extends Error {
  override readonly name = 'AnswerError';
}

/** The newest stamp at `Key`, with the moment at which S3 got it; null when there is none. */
export async function readStamp(clients: PreflightClients, Bucket: string, Key: string): Promise<StampFacts> {
  const found = await orNull(clients.s3().send(new GetObjectCommand({ Bucket, Key })), 'NoSuchKey', 'NoSuchBucket');
  if (found === null) return null;
  const { LastModified, VersionId } = StoredStamp.parse(found);
  const stamp = CanaryStamp.safeParse(jsonOf((await found.Body?.transformToString()) ?? ''));
  if (!stamp.success) throw new CanaryStampError(`${Key} is no stamp of a canary: ${stamp.error.issues[0]?.message}`);
  const { at, mode, paused, helperVersion, gate } = stamp.data;
  return {
    at,
    mode,
    isPaused: paused,
    helperVersion: helperVersion ?? null,
    gate: gate ?? null,
    storedAt: LastModified.toISOString(),
    versionId: VersionId ?? null,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
