import { DescribeContinuousBackupsCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { paginateListSubscriptionsByTopic } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { z } from 'zod';
import { PairConfig } from '../../contracts/config.ts';
import { namesOf } from '../../contracts/names.ts';
import type { ClockFacts, FunctionFacts, MachineFacts, TableFacts, TopicFacts } from '../../core/preflight/facts.ts';
import { orNull, type PreflightClients } from './clients.ts';

const Table = z.object({ Table: z.object({ DeletionProtectionEnabled: z.boolean().optional() }) });
const Backups = z.object({
  ContinuousBackupsDescription: z.object({
    PointInTimeRecoveryDescription: z.object({ PointInTimeRecoveryStatus: z.string() }).optional(),
  }),
});
const FunctionAnswer = z.object({
  Role: z.string(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).optional() }).optional(),
});
const Machine = z.object({ status: z.string().optional(), definition: z.string() });
const Subscription = z.object({ SubscriptionArn: z.string(), Endpoint: z.string().optional() });
const DateHeader = z.object({ headers: z.record(z.string(), z.string()) });

/** Settings of the control table; null when it does not exist. */
export async function readTable(clients: PreflightClients, TableName: string): Promise<TableFacts | null> {
  const found = await orNull(
    clients.dynamo().send(new DescribeTableCommand({ TableName })),
    'ResourceNotFoundException',
  );
  if (found === null) return null;
  const backups = Backups.parse(await clients.dynamo().send(new DescribeContinuousBackupsCommand({ TableName })));
  const recovery = backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription;
  return {
    hasPointInTimeRecovery: recovery?.PointInTimeRecoveryStatus === 'ENABLED',
    isProtected: Table.parse(found).Table.DeletionProtectionEnabled === true,
  };
}

/** One function: its role, and in which fields the configuration it runs with is another one. */
export async function readFunction(
  clients: PreflightClients,
  config: PairConfig,
  name: string,
): Promise<FunctionFacts> {
  const FunctionName = namesOf(config).functionName(name);
  const asked = clients.lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
  const found = await orNull(asked, 'ResourceNotFoundException');
  const facts = { name, region: clients.region };
  if (found === null) return { ...facts, deployed: null };
  const { Role, Environment } = FunctionAnswer.parse(found);
  const deployed = PairConfig.safeParse(jsonOf(Environment?.Variables?.LIFEBOAT_CONFIG ?? ''));
  const differs = deployed.success ? differences(deployed.data, config) : null;
  return { ...facts, deployed: { roleArn: Role, differs } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Paths of the fields that are not equal; `$schema` is for editors only. */
function differences(one: unknown, other: unknown, path = ''): string[] {
  if (path === '$schema' || JSON.stringify(one) === JSON.stringify(other)) return [];
  const [a, b] = [membersOf(one), membersOf(other)];
  if (a === null || b === null) return [path];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) =>
    differences(a[name], b[name], path === '' ? name : `${path}.${name}`),
  );
}

function membersOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

/**
 * One state machine, compared with the definition of this version.
 *
 * @param definition text of its file, with the names of functions as `${judgePair}`
 */
export async function readMachine(
  clients: PreflightClients,
  config: PairConfig,
  machine: string,
  definition: string,
): Promise<MachineFacts> {
  const names = namesOf(config);
  const name = names.stateMachineName(machine);
  const asked = clients
    .sfn()
    .send(new DescribeStateMachineCommand({ stateMachineArn: names.stateMachineArn(machine) }));
  const found = await orNull(asked, 'StateMachineDoesNotExist');
  if (found === null) return { name, exists: false, isActive: false, isCurrent: false };
  const deployed = Machine.parse(found);
  const arn = `arn:aws:lambda:${config.controllerRegion}:${config.account}:function:`;
  const filled = definition.replaceAll(/\$\{(\w+)\}/g, (_, word: string) => {
    const verbNoun = word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return arn + names.functionName(verbNoun);
  });
  const isCurrent = JSON.stringify(jsonOf(deployed.definition)) === JSON.stringify(jsonOf(filled));
  return { name, exists: true, isActive: (deployed.status ?? 'ACTIVE') === 'ACTIVE', isCurrent };
}

/** Who hears a page; null when the topic does not exist. */
export async function readTopic(clients: PreflightClients, TopicArn: string): Promise<TopicFacts> {
  const read = async () => {
    const found: z.infer<typeof Subscription>[] = [];
    for await (const page of paginateListSubscriptionsByTopic({ client: clients.sns() }, { TopicArn })) {
      found.push(...z.array(Subscription).parse(page.Subscriptions ?? []));
    }
    return found;
  };
  const found = await orNull(read(), 'NotFoundException', 'NotFound');
  if (found === null) return null;
  const pending = found.filter(({ SubscriptionArn }) => !SubscriptionArn.startsWith('arn:'));
  return {
    confirmed: found.length - pending.length,
    pending: pending.map(({ Endpoint }) => Endpoint ?? 'an address'),
  };
}

/** By how much AWS is ahead of `now`, by the Date header of an answer; that has whole seconds. */
export async function readClock(clients: PreflightClients, now: () => Date): Promise<ClockFacts> {
  const command = new GetCallerIdentityCommand({});
  let response: unknown;
  command.middlewareStack.add(
    (next) => async (args) => {
      const answered = await next(args);
      response = answered.response;
      return answered;
    },
    { step: 'deserialize', priority: 'low' },
  );
  const began = now().getTime();
  await clients.sts().send(command);
  const here = (began + now().getTime()) / 2;
  const { date = '' } = DateHeader.parse(response).headers;
  return { aheadSeconds: Math.round((Date.parse(date) + 500 - here) / 1000) };
}
