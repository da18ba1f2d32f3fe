import { otherSide } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import { namesOf } from '../../contracts/names.ts';
import { ageSeconds, spoken } from '../time.ts';
import { type Check, type Ground, protects, sides } from './check.ts';
import type { BucketFacts, KeyFacts } from './facts.ts';

const siteBuckets: Check = {
  id: 'site-buckets',
  title: 'both Lifeboat buckets are there and versioned',
  proves:
    'The bucket of each site exists in its Region and keeps versions. Snapshots live there; replication needs versions, ' +
    'and a snapshot that was verified is read again by its version.',
  fix: 'Switch versioning on, or deploy the site’s stack again.',
  needs: ['bucket'],
  judge({ seeSite, fail, config }) {
    for (const side of sides) {
      const bucket = seeSite('bucket', side);
      const name = namesOf(config).siteBucket(side);
      const { region } = config.sites[side];
      if (bucket === undefined) continue;
      if (bucket === null) {
        fail({
          found: `bucket ${name} of site ${side} does not exist`,
          cause: `the stack of site ${side} is not deployed`,
          fix: `deploy the stack of site ${side} (docs/deploying.md)`,
        });
        continue;
      }
      if (bucket.region !== region) {
        fail({
          found: `bucket ${name} lies in ${bucket.region}, site ${side} in ${region}`,
          cause: 'it was made by somebody else, or in another Region',
          fix: `delete it when nothing needs it, and deploy the stack of site ${side} again`,
        });
      }
      if (bucket.isVersioned) continue;
      fail({
        found: `bucket ${name} of site ${side} keeps no versions`,
        cause: 'versioning was suspended or never enabled',
        fix: `aws s3api put-bucket-versioning --region ${region} --bucket ${name} --versioning-configuration Status=Enabled`,
      });
    }
  },
};

const replication: Check = {
  id: 'replication',
  title: 'each bucket replicates to the other one',
  proves:
    'Each bucket has an enabled rule to the other site’s bucket for the pair’s prefix, and the newest canary stamp has ' +
    'really arrived there. A snapshot that is not replicated is lost with its Region.',
  fix: 'Deploy the site’s stack with `--parameters Replicate=yes`; look at the replication metrics of the bucket.',
  needs: ['bucket', 'stamp', 'replica'],
  judge(ground) {
    if (!protects(ground)) return;
    for (const side of sides) {
      const bucket = ground.seeSite('bucket', side);
      if (bucket === null || (bucket !== undefined && !ruleIsRight(ground, side, bucket))) continue;
      arrived(ground, side);
    }
  },
};

function ruleIsRight({ config, fail }: Ground, side: 'a' | 'b', bucket: NonNullable<BucketFacts>): boolean {
  const { siteBucket } = namesOf(config);
  const target = siteBucket(otherSide(side));
  const prefix = `${config.pair}/`;
  const here = bucket.rules.filter((rule) => rule.destination === target && prefix.startsWith(rule.prefix));
  if (here.some(({ isEnabled }) => isEnabled)) return true;
  fail({
    found: `bucket ${siteBucket(side)} of site ${side} does not replicate ${prefix} to ${target}`,
    cause:
      here.length > 0
        ? 'the rule is disabled'
        : 'it has no rule for it: the stack was deployed with Replicate=no, or the rule was deleted',
    fix: `deploy the stack of site ${side} with --parameters Replicate=yes (docs/deploying.md, The stacks)`,
  });
  return false;
}

function arrived({ config, now, seeSite, fail }: Ground, side: 'a' | 'b'): void {
  const stamp = seeSite('stamp', side);
  const replica = seeSite('replica', side);
  // A canary that does not stamp is told by its own check.
  if (stamp === undefined || replica === undefined || stamp === null) return;
  const isSame = replica !== null && replica.versionId !== null && replica.versionId === stamp.versionId;
  if (isSame || (replica !== null && ageSeconds(replica.at, now) <= config.timing.canaryStaleSeconds)) return;
  if (replica === null && ageSeconds(stamp.storedAt, now) <= config.timing.canaryStaleSeconds) return;
  const { siteBucket } = namesOf(config);
  const late = replica === null ? 'never arrived' : `is ${spoken(ageSeconds(replica.at, now))} old`;
  fail({
    found: `the newest stamp of site ${side} is of ${stamp.at}, and its replica in ${siteBucket(otherSide(side))} ${late}`,
    cause: 'the rule is there but S3 does not replicate: its role or the key’s policy forbids it, or S3 is late',
    fix: `aws s3api head-object --bucket ${siteBucket(side)} --key ${config.pair}/sites/${side}/canary.json, and look at ReplicationStatus`,
  });
}

const key: Check = {
  id: 'key',
  title: 'both sites have the same key, and each opens what the other one sealed',
  proves:
    'The alias of the pair points in both Regions to the same enabled multi-Region key, the buckets encrypt with it, and ' +
    'a data key made in one Region opens in the other one under the pair’s encryption context. GenerateDataKey and ' +
    'Decrypt are called for that, with a context of their own; they change nothing. Without this no secret can be imported.',
  fix: 'Deploy the stack of site b with the `KeyArn` of site a, or point the alias back to the pair’s key.',
  needs: ['key', 'bucket'],
  judge(ground) {
    const seen = { a: ground.seeSite('key', 'a'), b: ground.seeSite('key', 'b') };
    const usable = sides.filter((side) => isUsable(ground, side, seen[side]));
    const isSame = !seen.a || !seen.b || seen.a.keyId === seen.b.keyId;
    if (usable.length === 2 && !isSame) twoKeys(ground, seen);
    for (const side of usable) {
      const found = seen[side];
      if (!found) continue;
      if (isSame) opens(ground, side, found);
      encrypts(ground, side, found);
    }
  },
};

type Key = NonNullable<KeyFacts>;

/** False when there is nothing more to say about it: it was not seen, or is told to be wrong. */
function isUsable({ config, fail }: Ground, side: Side, found: KeyFacts | undefined): boolean {
  const { keyAlias } = namesOf(config);
  const { region } = config.sites[side];
  const where = `in ${region} (site ${side})`;
  if (found === undefined) return false;
  if (found === null) {
    fail({
      found: `${keyAlias} does not exist ${where}`,
      cause: `the stack of site ${side} is not deployed, or the alias was deleted`,
      fix: `deploy the stack of site ${side} again (docs/deploying.md)`,
    });
    return false;
  }
  const { keyId, isEnabled, isMultiRegion } = found;
  if (isEnabled && isMultiRegion) return true;
  fail({
    found: `${keyAlias} ${where} points to ${keyId}, which is ${isEnabled ? 'no multi-Region key' : 'not enabled'}`,
    cause: isEnabled ? 'the alias was pointed to another key' : 'the key is disabled or waits for its deletion',
    fix: isEnabled
      ? `aws kms update-alias --region ${region} --alias-name ${keyAlias} --target-key-id <key of the pair>`
      : `aws kms enable-key --region ${region} --key-id ${keyId} (after: aws kms cancel-key-deletion, if it is pending)`,
  });
  return false;
}

function twoKeys({ config, fail }: Ground, { a, b }: Record<Side, KeyFacts | undefined>): void {
  const { keyAlias } = namesOf(config);
  fail({
    found: `${keyAlias} points to ${a?.keyId} in ${config.sites.a.region} and to ${b?.keyId} in ${config.sites.b.region}`,
    cause: 'they are two keys, not one with a replica: what one site seals the other cannot open',
    fix: 'deploy the stack of site b with PrimaryKeyArn = KeyArn of site a, or point the alias to the replica',
  });
}

function opens({ config, fail }: Ground, side: Side, { notOpened }: Key): void {
  if (notOpened === null) return;
  fail({
    found: `a data key of the other Region does not open in ${config.sites[side].region} (site ${side}): ${notOpened}`,
    cause: 'the key’s policy in this Region forbids it, or the key is no replica of the other one',
    fix: `deploy the stack of site ${side} again; its key policy admits the account and the execution role`,
  });
}

function encrypts({ config, seeSite, fail }: Ground, side: Side, { keyId }: Key): void {
  const { keyAlias, siteBucket } = namesOf(config);
  const bucket = seeSite('bucket', side);
  if (!bucket || bucket.keyId === keyId) return;
  fail({
    found: `bucket ${siteBucket(side)} encrypts with ${bucket.keyId ?? 'a key of S3'}, not with ${keyId} of ${keyAlias}`,
    cause: 'its default encryption or the alias was changed after the deployment',
    fix: `deploy the stack of site ${side} again, or set the default encryption of the bucket to ${keyId}`,
  });
}

export const storageChecks: readonly Check[] = [siteBuckets, replication, key];
