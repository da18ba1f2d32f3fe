import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { ACCOUNT } from './callers.ts';
import type { ScheduleDefinition } from './deployer/definitions.ts';
import { errorReply } from './error-reply.ts';
import type { Reply } from './lambda-api.ts';
import type { RequestFacts } from './request-facts.ts';

/** What an account has beside what moto keeps: networks, quotas and the schedules that the clockwork fires. */
export type AccountFacts = {
  /** Subnets and security groups of a Region; each in one VPC, the subnets in zones of their own. */
  networks: Readonly<
    Record<string, { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }>
  >;
  /** How many MWAA environments a Region may have. */
  environmentsQuota: (region: string) => number;
  schedules: readonly ScheduleDefinition[];
};

type Asked = {
  facts: RequestFacts;
  headers: IncomingHttpHeaders;
  form: URLSearchParams;
  body: Buffer;
  requestId: string;
};

const FREE_ADDRESSES = 250;

/** Answers what moto does not know of EC2, Service Quotas and EventBridge Scheduler. Null: not ours. */
export function answerAccount(account: AccountFacts, asked: Asked): Reply | null {
  const { service, operation, region, path } = asked.facts;
  if (service === 'ec2' && operation === 'DescribeSubnets') return xml(operation, subnets(account, asked));
  if (service === 'ec2' && operation === 'DescribeSecurityGroups') return xml(operation, groups(account, asked));
  if (service === 'servicequotas' && operation === 'ListServiceQuotas') {
    return json({ Quotas: [quota('Environments', account.environmentsQuota(region))] });
  }
  const schedule = service === 'scheduler' ? /^\/schedules\/([^/]+)$/.exec(path)?.[1] : undefined;
  return schedule === undefined ? null : answerSchedule(account, asked, decodeURIComponent(schedule));
}

const json = (body: object): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});

const quota = (QuotaName: string, Value: number) => ({
  ServiceCode: 'airflow',
  ServiceName: 'Amazon Managed Workflows for Apache Airflow',
  QuotaName,
  Value,
  Adjustable: true,
});

const stateChange = z.looseObject({ State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED') });

/** GetSchedule, and UpdateSchedule as far as its state: the clockwork fires what is enabled. */
function answerSchedule({ schedules }: AccountFacts, asked: Asked, name: string): Reply {
  const { facts, headers, requestId } = asked;
  const found = schedules.find((one) => one.region === facts.region && one.name === name);
  if (!found) {
    const request = { service: 'scheduler', headers };
    return errorReply(request, 404, 'ResourceNotFoundException', `Schedule ${name} does not exist.`, requestId);
  }
  const Arn = `arn:aws:scheduler:${facts.region}:${ACCOUNT}:schedule/default/${name}`;
  if (facts.method === 'PUT') {
    found.enabled = stateChange.parse(JSON.parse(asked.body.toString('utf8'))).State === 'ENABLED';
    return json({ ScheduleArn: Arn });
  }
  return json({
    ...{ Arn, Name: name, GroupName: 'default', State: found.enabled ? 'ENABLED' : 'DISABLED' },
    ScheduleExpression: found.expression,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn: found.target, RoleArn: `arn:aws:iam::${ACCOUNT}:role/${name}`, Input: found.input },
  });
}

/** Ids that a filter asks for; all of them without a filter. */
function chosen(ids: readonly string[], form: URLSearchParams): [string, number][] {
  const wanted = [...form].filter(([name]) => /^Filter\.\d+\.Value\.\d+$/.test(name)).map(([, value]) => value);
  return ids.flatMap((id, index): [string, number][] =>
    wanted.length === 0 || wanted.includes(id) ? [[id, index]] : [],
  );
}

function subnets(account: AccountFacts, { facts, form }: Asked): string {
  const { region } = facts;
  const items = chosen(account.networks[region]?.subnetIds ?? [], form).map(
    ([id, index]) =>
      `<item><subnetId>${id}</subnetId><state>available</state><vpcId>vpc-${region}</vpcId>` +
      `<availableIpAddressCount>${FREE_ADDRESSES}</availableIpAddressCount>` +
      `<availabilityZone>${region}${String.fromCharCode(97 + index)}</availabilityZone></item>`,
  );
  return `<subnetSet>${items.join('')}</subnetSet>`;
}

function groups(account: AccountFacts, { facts, form }: Asked): string {
  const { region } = facts;
  const items = chosen(account.networks[region]?.securityGroupIds ?? [], form).map(
    ([id]) => `<item><groupId>${id}</groupId><groupName>${id}</groupName><vpcId>vpc-${region}</vpcId></item>`,
  );
  return `<securityGroupInfo>${items.join('')}</securityGroupInfo>`;
}

const xml = (operation: string, content: string): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<${operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${content}</${operation}Response>`,
});
