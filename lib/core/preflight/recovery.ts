import { otherSide } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import { namesOf } from '../../contracts/names.ts';
import { ageSeconds, spoken } from '../time.ts';
import { type Check, type Ground, mayBeAbsent, protects, sides } from './check.ts';
import { listed } from './deployment.ts';
import { newestVerified } from './environments.ts';
import type { CapturedFacts, DagBucketFacts } from './facts.ts';

const snapshot: Check = {
  id: 'snapshot',
  title: 'a young snapshot is verified where it would be imported',
  proves:
    'The newest snapshot whose every object was hashed again in the other Region is younger than two export intervals. ' +
    'What happened after it is lost in a failover.',
  fix: 'Follow runbooks/snapshot-stale.md.',
  needs: ['control'],
  judge({ config, now, see, target, fail }) {
    const control = see('control');
    if (!control || !protects({ config })) return;
    const mine = control.snapshots.filter(({ verified }) => verified?.side === target);
    const newest = newestVerified(mine);
    const { recoveryPointSeconds, helperTimeoutSeconds } = config.timing;
    const limit = 2 * recoveryPointSeconds + Math.min(helperTimeoutSeconds, recoveryPointSeconds);
    const age = newest === undefined ? null : ageSeconds(newest.snapshotAt, now);
    if (age !== null && age <= limit) return;
    fail({
      found:
        age === null
          ? `no snapshot is verified in the bucket of site ${target}: UNPROTECTED`
          : `the newest snapshot verified for site ${target} is ${spoken(age)} old`,
      cause: 'the export does not finish, replication is late, or protect does not run',
      fix: 'follow runbooks/snapshot-stale.md; lifeboat plan failover names each snapshot that was passed over',
    });
  },
};

const captured: Check = {
  id: 'captured-configuration',
  title: 'the configuration of the active site is captured and copied',
  proves:
    'The active environment’s configuration was captured, its copy lies in the other site’s bucket, and it is the one ' +
    'that the control table knows. With backup-restore the new environment is made from this copy, and the request that ' +
    'an op would make of it is one that the target can honour.',
  fix: 'See why protect does not capture: runbooks/protect.md. What the target cannot honour: correct the field that is named.',
  needs: ['captured', 'control', 'environment'],
  judge(ground) {
    const { config, see, target, fail, warn } = ground;
    const control = see('control');
    const copy = see('captured');
    if (!control || copy === undefined || !protects({ config })) return;
    const side = otherSide(target);
    const record = control.captured[side];
    const bucket = namesOf(config).siteBucket(target);
    const tell = config.strategy === 'backup-restore' ? fail : warn;
    if (record === null || copy === null) {
      tell({
        found:
          record === null
            ? `the configuration of site ${side} was never captured`
            : `the captured configuration of site ${side} has no copy in ${bucket}`,
        cause: record === null ? 'protect has not run since the pair was adopted' : 'replication is late or off',
        fix: 'follow runbooks/protect.md#capture-the-configuration',
      });
      return;
    }
    if (copy.sha256 === record.sha256 || copy.sha256 === record.previousSha256) {
      canBeMade(ground, copy);
      return;
    }
    tell({
      found: `the copy of the captured configuration in ${bucket} is not the one that was captured`,
      cause: 'somebody wrote that object, or replication is more than one capture behind',
      fix: `aws s3api list-object-versions --bucket ${bucket} --prefix ${config.pair}/sites/${side}/environment.json; the next change of the environment captures it anew`,
    });
  },
};

/** An op that began now would create the environment of the target. */
const wouldCreate = (ground: Ground): boolean =>
  mayBeAbsent(ground, ground.target) && ground.seeSite('environment', ground.target) === null;

/** Can the target be made of the copy? Asked only while an op would do it. */
function canBeMade(ground: Ground, { objections }: NonNullable<CapturedFacts>): void {
  if (!wouldCreate(ground)) return;
  for (const objection of objections) cannotCreate(ground, objection);
}

function cannotCreate({ config, target, fail }: Ground, objection: string): void {
  const of = otherSide(target);
  const [to, from] = [config.sites[target], config.sites[of]];
  const field = objection.split(':')[0] ?? '';
  const other = `change the environment of site ${of} or the configuration, and wait for the next capture`;
  const copy = `upload it: aws s3 cp s3://${from.dagBucket}/<key> s3://${to.dagBucket}/<key>, or replicate the DAG bucket`;
  const key = `create a key in ${to.region} and set sites.${target}.create.kmsKeyArn to its ARN; MWAA takes no multi-Region key`;
  fail({
    found: `site ${target} cannot be made of the captured configuration of site ${of}: ${objection}`,
    cause: 'an op would end with ConfigurationRefusedError before it asks for the environment',
    fix: field === 'KmsKey' ? key : field.endsWith('S3Path') ? copy : other,
  });
}

const dagBucket: Check = {
  id: 'dag-bucket',
  title: 'the DAG buckets have what the environments are made of',
  proves:
    'The DAG bucket of each site exists, keeps versions, and has the plugins, requirements and startup script that its ' +
    'environment names, under that version: MWAA fetches them again for each new container. For a site that does not ' +
    'exist yet, the versions are those of the captured configuration of the other one; of a version that is missing ' +
    'there, an op takes the newest one instead, which may be other code.',
  fix: 'Upload the object, or replicate the DAG bucket: only S3 replication keeps version ids.',
  needs: ['dagBucket', 'environment'],
  judge(ground) {
    for (const side of sides) {
      const bucket = ground.seeSite('dagBucket', side);
      if (bucket === null) noDagBucket(ground, side);
      else if (bucket !== undefined) ofDagBucket(ground, side, bucket);
    }
  },
};

function noDagBucket({ config, fail }: Ground, side: Side): void {
  fail({
    found: `the DAG bucket ${config.sites[side].dagBucket} of site ${side} does not exist`,
    cause: `sites.${side}.dagBucket of the configuration is wrong, or the bucket was deleted`,
    fix: `correct sites.${side}.dagBucket, or create the bucket with versioning and upload the DAGs`,
  });
}

function ofDagBucket(ground: Ground, side: Side, bucket: NonNullable<DagBucketFacts>): void {
  const { config, seeSite, fail, warn } = ground;
  const { dagBucket: name, region } = config.sites[side];
  const exists = seeSite('environment', side) !== null;
  const of = exists ? `the environment of site ${side}` : `the captured configuration of site ${otherSide(side)}`;
  if (!bucket.isVersioned) {
    fail({
      found: `the DAG bucket ${name} of site ${side} keeps no versions`,
      cause: 'MWAA needs versioning on its bucket',
      fix: `aws s3api put-bucket-versioning --region ${region} --bucket ${name} --versioning-configuration Status=Enabled`,
    });
  }
  const named = (what: 'object' | 'version') => bucket.missing.filter((one) => one.what === what);
  // What a site that does not exist yet cannot be made of is told with its captured configuration.
  const gone = exists ? named('object') : [];
  if (gone.length > 0) {
    fail({
      found: `${name} has no ${listed(gone.map(({ kind, key }) => `${key} (${kind})`))}, which ${of} names`,
      cause: 'it was deleted: the next container of the environment cannot start',
      fix: `aws s3 cp s3://${config.sites[otherSide(side)].dagBucket}/${gone[0]?.key} s3://${name}/${gone[0]?.key}`,
    });
  }
  const other = named('version');
  if (other.length === 0) return;
  const found = `${name} has ${listed(other.map(({ kind, key }) => `${key} (${kind})`))} in another version than ${of} names`;
  if (exists) {
    fail({
      found,
      cause: 'that version was deleted: the next container of the environment cannot start',
      fix: `let the environment name a version that exists: aws mwaa update-environment --region ${region}`,
    });
    return;
  }
  warn({
    found,
    cause:
      'it was copied and not replicated, or replication is newer than the object; an op would take the newest version',
    fix: 'replicate the DAG bucket (S3 keeps the version ids), or make sure that the newest version is the right one',
  });
}

const quota: Check = {
  id: 'quota',
  title: 'there is room for one more environment',
  proves:
    'The account may have one more MWAA environment in the target’s Region. When an op would have to create ' +
    'the environment, a full quota stops it; otherwise it only stops you from making a lost environment again.',
  fix: 'Ask for a higher quota (Service Quotas, Amazon MWAA), or delete an environment that nobody needs.',
  needs: ['quota', 'environment'],
  judge(ground) {
    const { config, seeSite, target, fail, warn, doubt } = ground;
    const isNeeded = wouldCreate(ground);
    const found = seeSite('quota', target);
    if (found === undefined) return;
    const { region } = config.sites[target];
    if (found.limit === null) {
      (isNeeded ? doubt : warn)({
        found: `Service Quotas of ${region} names no quota of environments; ${found.used} exist`,
        cause: 'the quota has another name than expected, or the service has none in this Region',
        fix: `aws service-quotas list-service-quotas --region ${region} --service-code airflow`,
      });
      return;
    }
    if (found.used < found.limit) return;
    (isNeeded ? fail : warn)({
      found: `${region} has ${found.used} environments and its quota is ${found.limit}`,
      cause: 'the account has used up its environments there',
      fix: `ask for ${found.limit + 1}: aws service-quotas request-service-quota-increase --region ${region} --service-code airflow, or delete one that nobody needs`,
    });
  },
};

/** Addresses that an environment may need in each of its subnets; MWAA asks for no number. */
const fewAddresses = 16;

const network: Check = {
  id: 'network',
  title: 'the network of the site that has to be created is there',
  proves:
    'The two subnets of `sites.<side>.create` exist in the site’s Region, in two Availability Zones of one VPC, with free ' +
    'addresses, and the security groups belong to that VPC.',
  fix: 'Correct `sites.<side>.create` in the configuration and deploy again.',
  needs: ['network'],
  judge({ config, seeSite, fail }) {
    for (const side of sides) {
      const found = seeSite('network', side);
      if (!found) continue;
      const { region } = config.sites[side];
      const path = `sites.${side}.create`;
      const gone = [
        ...found.subnets.filter((one) => one.found === null),
        ...found.groups.filter((one) => one.vpc === null),
      ];
      const there = found.subnets.flatMap((one) => (one.found === null ? [] : [{ id: one.id, ...one.found }]));
      if (gone.length > 0) {
        fail({
          found: `${listed(gone.map(({ id }) => id))} does not exist in ${region}`,
          cause: `${path} names what was deleted or lies in another Region`,
          fix: `correct ${path}: aws ec2 describe-subnets --region ${region}`,
        });
        continue;
      }
      if (new Set(there.map(({ zone }) => zone)).size < 2) {
        fail({
          found: `the subnets of ${path} lie in one Availability Zone`,
          cause: 'MWAA needs two subnets in two zones',
          fix: `choose two subnets of different zones: aws ec2 describe-subnets --region ${region}`,
        });
      }
      if (new Set([...there.map(({ vpc }) => vpc), ...found.groups.map(({ vpc }) => vpc)]).size > 1) {
        fail({
          found: `subnets and security groups of ${path} belong to different VPCs`,
          cause: 'an environment lies in one VPC',
          fix: `choose all of them from one VPC: aws ec2 describe-security-groups --region ${region}`,
        });
      }
      const full = there.filter(({ freeAddresses }) => freeAddresses < fewAddresses);
      if (full.length > 0) {
        fail({
          found: `${listed(full.map(({ id, freeAddresses }) => `${id} has ${freeAddresses}`))} free addresses, expected ${fewAddresses} or more`,
          cause: 'schedulers, workers, web servers and endpoints take one each',
          fix: `choose larger subnets for ${path}`,
        });
      }
    }
  },
};

export const recoveryChecks: readonly Check[] = [snapshot, captured, dagBucket, quota, network];
