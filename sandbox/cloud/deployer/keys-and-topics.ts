import {
  CreateAliasCommand,
  CreateKeyCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  ListKeysCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { CreateTopicCommand, ListSubscriptionsByTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { isNamed, type Kind, type Placement, read } from './kinds.ts';
import type { Deployed } from './resolver.ts';

/** Tag by which a second deployment finds the key that the first one made. */
const ORIGIN_TAG = 'lifeboat:resource';

async function findKey(kms: KMSClient, origin: string): Promise<string | null> {
  const { Keys = [] } = await kms.send(new ListKeysCommand({ Limit: 1000 }));
  for (const { KeyId } of Keys) {
    const { Tags = [] } = await kms.send(new ListResourceTagsCommand({ KeyId }));
    if (KeyId && Tags.some((tag) => tag.TagKey === ORIGIN_TAG && tag.TagValue === origin)) return KeyId;
  }
  return null;
}

function deployedKey(placement: Placement, keyId: string): Deployed {
  const Arn = `arn:aws:kms:${placement.region}:${placement.account}:key/${keyId}`;
  return { ref: keyId, attributes: { Arn, KeyId: keyId } };
}

const policySchema = z.looseObject({ Statement: z.array(z.json()).default([]) });
const keySchema = z.looseObject({
  MultiRegion: z.boolean().default(false),
  Description: z.string().optional(),
  KeyPolicy: policySchema.optional(),
});

/** The halves of a multi-Region key are one key here, so that one policy holds what both templates say. */
async function addToPolicy(
  kms: KMSClient,
  KeyId: string,
  given: z.infer<typeof policySchema> | undefined,
): Promise<void> {
  if (!given) return;
  const name = { KeyId, PolicyName: 'default' };
  const { Policy = '{}' } = await kms.send(new GetKeyPolicyCommand(name));
  const present = policySchema.parse(JSON.parse(Policy));
  const texts = new Set([...present.Statement, ...given.Statement].map((statement) => JSON.stringify(statement)));
  const Statement = [...texts].map((text) => z.json().parse(JSON.parse(text)));
  await kms.send(new PutKeyPolicyCommand({ ...name, Policy: JSON.stringify({ ...given, Statement }) }));
}

export const key: Kind = async (placement) => {
  const { MultiRegion, Description, KeyPolicy } = read(placement, keySchema);
  const { kms } = placement.clients;
  const origin = `${placement.stackName}/${placement.logicalId}`;
  const present = await findKey(kms, origin);
  if (present) return deployedKey(placement, present);
  const Tags = [{ TagKey: ORIGIN_TAG, TagValue: origin }];
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ MultiRegion, Description, Tags }));
  await addToPolicy(kms, KeyMetadata?.KeyId ?? '', KeyPolicy);
  return deployedKey(placement, KeyMetadata?.KeyId ?? '');
};

/** A replica is the same key under another Region's ARN: the front sends the KMS calls of all Regions to one. */
export const replicaKey: Kind = async (placement) => {
  const schema = z.looseObject({ PrimaryKeyArn: z.string(), KeyPolicy: policySchema.optional() });
  const { PrimaryKeyArn, KeyPolicy } = read(placement, schema);
  const keyId = PrimaryKeyArn.split('/').pop() ?? '';
  await addToPolicy(placement.clients.kms, keyId, KeyPolicy);
  return deployedKey(placement, keyId);
};

export const alias: Kind = async (placement) => {
  const schema = z.looseObject({ AliasName: z.string().startsWith('alias/'), TargetKeyId: z.string() });
  const { AliasName, TargetKeyId } = read(placement, schema);
  const { kms } = placement.clients;
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId })).catch(async (error: unknown) => {
    if (!isNamed(error, 'AlreadyExistsException')) throw error;
    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId }));
  });
  return { ref: AliasName, attributes: {} };
};

const subscriptionSchema = z.looseObject({ Protocol: z.string(), Endpoint: z.string() });
const topicSchema = z.looseObject({
  TopicName: z.string().optional(),
  Subscription: z.array(subscriptionSchema).default([]),
});

async function subscribe(
  placement: Placement,
  TopicArn: string,
  { Protocol, Endpoint }: z.infer<typeof subscriptionSchema>,
): Promise<string> {
  const { Subscriptions = [] } = await placement.clients.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
  const present = Subscriptions.find((s) => s.Protocol === Protocol && s.Endpoint === Endpoint);
  if (present?.SubscriptionArn) return present.SubscriptionArn;
  const made = await placement.clients.sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
  return made.SubscriptionArn ?? '';
}

export const topic: Kind = async (placement) => {
  const { TopicName, Subscription } = read(placement, topicSchema);
  const Name = TopicName ?? placement.generatedName;
  const { TopicArn = '' } = await placement.clients.sns.send(new CreateTopicCommand({ Name }));
  for (const one of Subscription) await subscribe(placement, TopicArn, one);
  return { ref: TopicArn, attributes: { TopicArn, TopicName: Name } };
};

export const subscription: Kind = async (placement) => {
  const properties = read(placement, subscriptionSchema.extend({ TopicArn: z.string() }));
  return { ref: await subscribe(placement, properties.TopicArn, properties), attributes: {} };
};
