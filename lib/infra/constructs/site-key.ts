import { CfnParameter, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountRootPrincipal, ArnPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnAlias, CfnReplicaKey, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import { namesOf } from '../../contracts/names.ts';

/**
 * The pair's key in one site's Region. Both sites have the same multi-Region key, so what one exported the other
 * decrypts by a call in its own Region. Site a's stack makes it, site b's stack replicates it.
 */
export class SiteKey extends Construct {
  readonly key: IKey;
  /** The same in both Regions. */
  readonly keyId: string;

  constructor(scope: Construct, config: PairConfig, side: Side) {
    super(scope, 'key');
    const { keyAlias } = namesOf(config);
    const description = `MWAA Lifeboat: snapshots of pair ${config.pair}`;
    const policy = keyPolicy(config.sites[side].executionRoleArn);
    if (side === 'a') {
      const key = new Key(this, 'Primary', {
        multiRegion: true,
        enableKeyRotation: true,
        description,
        policy,
        pendingWindow: Duration.days(30),
        removalPolicy: RemovalPolicy.RETAIN,
      });
      this.key = key;
      this.keyId = key.keyId;
    } else {
      const primary = new CfnParameter(this, 'PrimaryKeyArn', {
        description: 'Output KeyArn of the stack of site a.',
        allowedPattern: 'arn:aws[a-z-]*:kms:[a-z0-9-]+:\\d{12}:key/mrk-[0-9a-f]+',
      });
      primary.overrideLogicalId('PrimaryKeyArn');
      const replica = new CfnReplicaKey(this, 'Replica', {
        primaryKeyArn: primary.valueAsString,
        description,
        keyPolicy: policy.toJSON(),
        pendingWindowInDays: 30,
      });
      replica.applyRemovalPolicy(RemovalPolicy.RETAIN);
      this.key = Key.fromKeyArn(this, 'ReplicaKey', replica.attrArn);
      this.keyId = replica.ref;
    }
    new CfnAlias(this, 'Alias', { aliasName: keyAlias, targetKeyId: this.keyId });
  }
}

/** IAM of the account decides, and the environment's own role may use the key for its exports and imports. */
function keyPolicy(executionRoleArn: string): PolicyDocument {
  return new PolicyDocument({
    statements: [
      new PolicyStatement({ principals: [new AccountRootPrincipal()], actions: ['kms:*'], resources: ['*'] }),
      new PolicyStatement({
        sid: 'HelperDags',
        principals: [new ArnPrincipal(executionRoleArn)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
        resources: ['*'],
      }),
    ],
  });
}
