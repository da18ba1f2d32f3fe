import { Match } from 'aws-cdk-lib/assertions';
import { describe, it } from 'vitest';
import { synthesise } from '../support/synthesised.ts';

const { siteA, siteB } = synthesise();

describe.each([
  ['a', 'eu-west-1', 'eu-central-1', siteA],
  ['b', 'eu-central-1', 'eu-west-1', siteB],
])('the stack of site %s', (side, region, otherRegion, template) => {
  it('has a bucket that is versioned, encrypted, closed to the public and kept', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        BucketName: `lifeboat-demo-123456789012-${region}`,
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
          ],
        },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      },
    });
  });

  it('replicates the pair’s prefix to the other site, re-encrypted there, unless its bucket does not exist yet', () => {
    template.hasParameter('Replicate', { Default: 'yes', AllowedValues: ['yes', 'no'] });
    template.hasResourceProperties('AWS::S3::Bucket', {
      ReplicationConfiguration: {
        'Fn::If': [
          Match.anyValue(),
          {
            Role: Match.anyValue(),
            Rules: [
              {
                Status: 'Enabled',
                Filter: { Prefix: 'demo/' },
                SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
                Destination: {
                  Bucket: `arn:aws:s3:::lifeboat-demo-123456789012-${otherRegion}`,
                  EncryptionConfiguration: {
                    ReplicaKmsKeyID: {
                      'Fn::Join': ['', [`arn:aws:kms:${otherRegion}:123456789012:key/`, Match.anyValue()]],
                    },
                  },
                },
              },
            ],
          },
          { Ref: 'AWS::NoValue' },
        ],
      },
    });
  });

  it('lets nobody overwrite or delete a manifest, and nobody in without TLS', () => {
    const manifests = { 'Fn::Join': ['', [Match.anyValue(), '/*/manifest.json']] };
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
            Resource: manifests,
          }),
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 's3:PutObject',
            Resource: manifests,
            Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
          }),
        ]),
      },
    });
  });

  it('has the pair’s multi-Region key under the same alias as the other site', () => {
    template.hasResourceProperties('AWS::KMS::Alias', { AliasName: 'alias/lifeboat-demo' });
    if (side === 'a') {
      template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain', Properties: { MultiRegion: true } });
    } else {
      template.hasResource('AWS::KMS::ReplicaKey', {
        DeletionPolicy: 'Retain',
        Properties: { PrimaryKeyArn: { Ref: 'PrimaryKeyArn' } },
      });
    }
  });

  it('is a vantage', () => {
    template.hasResourceProperties('AWS::Lambda::Function', { FunctionName: 'lifeboat-demo-probe-site' });
  });
});
