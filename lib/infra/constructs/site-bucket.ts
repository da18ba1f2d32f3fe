import { CfnCondition, CfnParameter, Duration, Fn, RemovalPolicy, Token, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, ArnPrincipal, Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { otherSide, type PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import { namesOf } from '../../contracts/names.ts';
import { allow } from './allow.ts';
import type { SiteKey } from './site-key.ts';

/** The product's bucket of one site: versioned, encrypted, replicated to the other site's bucket, never overwritten. */
export class SiteBucket extends Construct {
  readonly bucket: Bucket;
  private readonly bucketName: string;

  constructor(scope: Construct, config: PairConfig, side: Side, key: SiteKey) {
    super(scope, 'bucket');
    this.bucketName = namesOf(config).siteBucket(side);
    this.bucket = new Bucket(this, 'Bucket', {
      bucketName: this.bucketName,
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: key.key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7), noncurrentVersionExpiration: Duration.days(90) },
      ],
    });
    this.sealManifests();
    this.admitHelpers(config, config.sites[side].executionRoleArn);
    // Mode observe takes no snapshots, so there is nothing that the other site would need.
    if (config.mode !== 'observe') this.replicate(config, side, key);
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason: 'Trust in an object comes from its hash in a sealed manifest, not from a log of who read it.',
    });
  }

  /** A manifest is the seal of a snapshot: written once, by whom ever, and deleted by nobody. */
  private sealManifests(): void {
    const resources = [this.bucket.arnForObjects('*/manifest.json')];
    const deny = { effect: Effect.DENY, principals: [new AnyPrincipal()], resources };
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        ...deny,
        sid: 'NobodyDeletesManifests',
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      }),
    );
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        ...deny,
        sid: 'NobodyOverwritesManifests',
        actions: ['s3:PutObject'],
        // The parts of a multipart upload carry no such header; the request that completes it does.
        conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      }),
    );
  }

  /** The environment's own role reads and writes the pair's prefix, so that nobody has to change that role. */
  private admitHelpers(config: PairConfig, executionRoleArn: string): void {
    const principals = [new ArnPrincipal(executionRoleArn)];
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'HelperDags',
        principals,
        actions: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:AbortMultipartUpload'],
        resources: [this.bucket.arnForObjects(`${config.pair}/*`)],
      }),
    );
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'HelperDagsSeeWhatIsMissing',
        principals,
        // Who may not list a bucket is told 403 for a key that does not exist, not 404.
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
      }),
    );
  }

  private replicate(config: PairConfig, side: Side, key: SiteKey): void {
    const parameter = new CfnParameter(this, 'Replicate', {
      description: 'no: the bucket of the other site does not exist yet. Deploy again with yes when it does.',
      allowedValues: ['yes', 'no'],
      default: 'yes',
    });
    parameter.overrideLogicalId('Replicate');
    const replicates = new CfnCondition(this, 'Replicates', {
      expression: Fn.conditionEquals(parameter.valueAsString, 'yes'),
    });
    const other = otherSide(side);
    const target = `arn:aws:s3:::${namesOf(config).siteBucket(other)}`;
    const targetKeyArn = `arn:aws:kms:${config.sites[other].region}:${config.account}:key/${key.keyId}`;
    // Written as CloudFormation has it, because a condition around it is not translated.
    const rule = {
      Id: 'other-site',
      Status: 'Enabled',
      Priority: 1,
      Filter: { Prefix: `${config.pair}/` },
      DeleteMarkerReplication: { Status: 'Disabled' },
      SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
      Destination: { Bucket: target, EncryptionConfiguration: { ReplicaKmsKeyID: targetKeyArn } },
    };
    const bucket = this.bucket.node.defaultChild;
    if (!(bucket instanceof CfnBucket)) throw new Error('the bucket has no CloudFormation resource');
    const role = this.replicationRole(config, key, target, targetKeyArn);
    bucket.replicationConfiguration = Token.asAny(
      Fn.conditionIf(replicates.logicalId, { Role: role.roleArn, Rules: [rule] }, { Ref: 'AWS::NoValue' }),
    );
  }

  private replicationRole(config: PairConfig, key: SiteKey, target: string, targetKeyArn: string): Role {
    const role = new Role(this, 'ReplicationRole', { assumedBy: new ServicePrincipal('s3.amazonaws.com') });
    const source = `arn:aws:s3:::${this.bucketName}`;
    const wildcard = 'All of the pair’s prefix is replicated; its keys are not known before they exist.';
    allow(role, { actions: ['s3:GetReplicationConfiguration', 's3:ListBucket'], resources: [source] });
    allow(role, {
      actions: ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionAcl', 's3:GetObjectVersionTagging'],
      resources: [`${source}/${config.pair}/*`],
      wildcard,
    });
    allow(role, {
      actions: ['s3:ReplicateObject', 's3:ReplicateTags'],
      resources: [`${target}/${config.pair}/*`],
      wildcard,
    });
    allow(role, { actions: ['kms:Decrypt'], resources: [key.key.keyArn] });
    allow(role, { actions: ['kms:Encrypt'], resources: [targetKeyArn] });
    return role;
  }
}
