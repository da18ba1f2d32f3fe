import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulate } from '../../../lib/adapters/preflight/rights.ts';
import { functionDemands } from '../../../lib/cli/doctor/demands.ts';
import { backupRestore } from './fixture.ts';

const asked: URLSearchParams[] = [];
/** Answers each question with "allowed", and keeps the forms that came. */
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  asked.push(form);
  const results = [...form].flatMap(([name, action]) =>
    name.startsWith('ActionNames.')
      ? [`<member><EvalActionName>${action}</EvalActionName><EvalDecision>allowed</EvalDecision></member>`]
      : [],
  );
  response.setHeader('content-type', 'text/xml');
  response.end(
    `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>${results.join('')}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
  );
});

beforeAll(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)));
afterAll(() => new Promise<void>((done) => void server.close(() => done())));

const roleArn = 'arn:aws:iam::123456789012:role/x';
const portOf = (address: AddressInfo | string | null): number =>
  typeof address === 'object' ? (address?.port ?? 0) : 0;

async function formsOf(demand: Parameters<typeof simulate>[2]): Promise<URLSearchParams[]> {
  asked.length = 0;
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const endpoint = `http://127.0.0.1:${portOf(server.address())}`;
  const client = new IAMClient({ endpoint, region: 'us-east-1', credentials });
  await simulate(client, roleArn, demand);
  client.destroy();
  return [...asked];
}

describe('a question to IAM', () => {
  it('names one action, because IAM refuses actions that need different information', async () => {
    const forms = await formsOf({ actions: ['s3:GetObject', 's3:ListBucket'], resources: ['r1', 'r2'], context: {} });
    expect(forms.map((form) => form.get('ActionNames.member.1'))).toEqual(['s3:GetObject', 's3:ListBucket']);
    expect(forms.every((form) => form.get('ActionNames.member.2') === null)).toBe(true);
    expect(forms.every((form) => form.get('ResourceArns.member.2') === 'r2')).toBe(true);
  });

  it('says of a key whether it has many values, whatever its name ends in', async () => {
    const context = { 'x:Class': 'one', 'x:Alias': ['one'] };
    const [form] = await formsOf({ actions: ['x:Do'], resources: ['r'], context });
    const typeOf = (n: number) => form?.get(`ContextEntries.member.${n}.ContextKeyType`);
    expect([typeOf(1), typeOf(2)]).toEqual(['string', 'stringList']);
  });

  it('gives many values only to a key whose condition compares a set', () => {
    const contexts = functionDemands(backupRestore).flatMap(({ demands }) => demands.map(({ context }) => context));
    expect(contexts).toContainEqual({ 'kms:ResourceAliases': ['alias/lifeboat-demo'] });
    expect(contexts).toContainEqual({ 'iam:PassedToService': 'airflow.amazonaws.com' });
    expect(contexts).toContainEqual({ 'cloudwatch:namespace': 'Lifeboat' });
  });
});
