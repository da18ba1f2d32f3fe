import { z } from 'zod';
import type { MwaaReply, MwaaRequest } from '../cloud/mwaa-handler.ts';
import type { SandboxEnvironment } from './environment.ts';
import { invokeRestApi } from './invoke-rest-api.ts';
import type { MwaaFake } from './mwaa-fake.ts';
import { invalid, jsonReply, MwaaServiceError } from './replies.ts';
import {
  CreateInput,
  EnvironmentArn,
  EnvironmentName,
  InvokeInput,
  ListInput,
  parsedBody,
  Tags,
  UpdateInput,
  validated,
} from './validation.ts';

type Operation = (fake: MwaaFake, request: MwaaRequest, label: string) => MwaaReply | Promise<MwaaReply>;

const TagInput = z.object({ Tags });

/** By method and first path segment; the second segment, decoded, is the operation's label. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'PUT environments': async (fake, { region, body }, name) => {
    const input = parsedBody(CreateInput, body);
    return jsonReply({ Arn: (await fake.create(region, validated(EnvironmentName, name), input)).arn });
  },
  'PATCH environments': (fake, { region, body }, name) => {
    const environment = fake.find(region, validated(EnvironmentName, name));
    void environment.update(parsedBody(UpdateInput, body));
    return jsonReply({ Arn: environment.arn });
  },
  'GET environments': (fake, request, name) =>
    name === ''
      ? listEnvironments(fake, request)
      : jsonReply({ Environment: fake.find(request.region, validated(EnvironmentName, name)).describe() }),
  'DELETE environments': (fake, { region }, name) => {
    fake.delete(region, validated(EnvironmentName, name));
    return jsonReply({});
  },
  'GET tags': (fake, _, arn) => jsonReply({ Tags: byArn(fake, arn).tags }),
  'POST tags': (fake, { body }, arn) => {
    const environment = byArn(fake, arn);
    environment.tags = validated(Tags, { ...environment.tags, ...parsedBody(TagInput, body).Tags });
    return jsonReply({});
  },
  'DELETE tags': (fake, { query }, arn) => {
    const environment = byArn(fake, arn);
    const gone = query.getAll('tagKeys');
    environment.tags = Object.fromEntries(Object.entries(environment.tags).filter(([key]) => !gone.includes(key)));
    return jsonReply({});
  },
  'POST clitoken': (fake, { region }, name) => {
    const environment = fake.find(region, validated(EnvironmentName, name));
    return jsonReply({ CliToken: fake.desks.cli.issue(environment.arn), WebServerHostname: webServerOf(environment) });
  },
  'POST webtoken': (fake, { region }, name) => {
    const environment = fake.find(region, validated(EnvironmentName, name));
    return jsonReply({
      WebToken: fake.desks.login.issue(environment.arn),
      WebServerHostname: webServerOf(environment),
      IamIdentity: 'user/sandbox',
      AirflowIdentity: environment.airflow?.username ?? 'sandbox',
    });
  },
  'POST restapi': async (fake, { region, body }, name) => {
    const environment = fake.find(region, validated(EnvironmentName, name));
    const input = parsedBody(InvokeInput, body);
    // The sandbox's callers stand outside every VPC.
    if (environment.accessMode === 'PRIVATE_ONLY') {
      throw new MwaaServiceError('AccessDeniedException', 'The web server is private.');
    }
    return jsonReply(await invokeRestApi(environment.airflow, input, fake.invokeLimits));
  },
};

/** Answers one signed call. @throws MwaaServiceError in the service's own terms. */
export async function apiOperation(fake: MwaaFake, request: MwaaRequest): Promise<MwaaReply> {
  const [, resource = '', ...rest] = request.path.split('/');
  const operation = OPERATIONS[`${request.method} ${resource}`];
  if (operation === undefined) throw invalid(`no operation for ${request.method} ${request.path}`);
  // An ARN has a slash of its own, which some clients encode and some do not.
  return operation(fake, request, decodeURIComponent(rest.join('/')));
}

function listEnvironments(fake: MwaaFake, { region, query }: MwaaRequest): MwaaReply {
  const { MaxResults, NextToken } = validated(ListInput, Object.fromEntries(query));
  const names = fake.names(region).filter((name) => NextToken === undefined || name > fromToken(NextToken));
  const page = names.slice(0, MaxResults);
  const last = page.at(-1);
  return jsonReply({
    Environments: page,
    ...(names.length > page.length && last !== undefined && { NextToken: toToken(last) }),
  });
}

function toToken(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function fromToken(token: string): string {
  return Buffer.from(token, 'base64url').toString();
}

function byArn(fake: MwaaFake, arn: string): SandboxEnvironment {
  const [, , , region = '', , resource = ''] = validated(EnvironmentArn, arn).split(':');
  return fake.find(region, resource.replace(/^environment\//, ''));
}

/** On AWS a bare host name; here, all web servers stand behind one address and are told apart by path. */
function webServerOf(environment: SandboxEnvironment): string {
  return String(environment.describe().WebserverUrl ?? '');
}
