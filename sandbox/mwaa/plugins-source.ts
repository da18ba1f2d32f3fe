import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** Members of an environment that say where its plugins are. */
export type PluginsMembers = {
  readonly SourceBucketArn: string;
  readonly PluginsS3Path?: string | undefined;
  readonly PluginsS3ObjectVersion?: string | undefined;
};

/**
 * Reads the plugins.zip that an environment names, in the version that it names, else the newest; null where it names
 * none. Throws with a message for the environment's owner.
 */
export async function readPlugins(s3: S3Client, members: PluginsMembers): Promise<Uint8Array | null> {
  const { SourceBucketArn, PluginsS3Path: key, PluginsS3ObjectVersion: version } = members;
  if (key === undefined) return null;
  const bucket = SourceBucketArn.split(':').at(-1) ?? '';
  try {
    const object = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, ...(version !== undefined && { VersionId: version }) }),
    );
    return (await object.Body?.transformToByteArray()) ?? new Uint8Array();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The plugins file s3://${bucket}/${key} (version ${version ?? 'newest'}) cannot be read: ${why}`);
  }
}
