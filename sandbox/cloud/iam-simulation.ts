import type { IncomingHttpHeaders } from 'node:http';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import * as z from 'zod';
import { CALLERS } from './callers.ts';
import { type ErrorReply, errorReply } from './error-reply.ts';

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statementSchema = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore.optional(),
  Resource: oneOrMore.default(['*']),
  Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).default({}),
});
const policySchema = z.looseObject({
  Statement: z.union([statementSchema.transform((one) => [one]), z.array(statementSchema)]),
});

export type PolicyStatement = z.infer<typeof statementSchema>;
export type Decision = 'allowed' | 'explicitDeny' | 'implicitDeny';
type Question = {
  readonly action: string;
  readonly resource: string;
  /** Values of the condition keys, by lower-case name. */
  readonly context: Readonly<Record<string, readonly string[]>>;
};

/** IAM's wildcards: `*` for any text, `?` for one character. */
function covers(pattern: string, value: string, flags = ''): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, `s${flags}`).test(value);
}

/** Whether the conditions hold; null when one has an operator that is not known here. */
function holds(conditions: PolicyStatement['Condition'], context: Question['context']): boolean | null {
  let all: boolean | null = true;
  for (const [operator, keys] of Object.entries(conditions)) {
    if (!/^(ForAnyValue:)?StringEquals$/.test(operator)) return null;
    for (const [key, wanted] of Object.entries(keys)) {
      const given = context[key.toLowerCase()] ?? [];
      if (!given.some((value) => wanted.includes(value))) all = false;
    }
  }
  return all;
}

/** What IAM decides by the policies of a role alone. A condition that is not understood lets nothing through. Pure. */
export function decide(statements: readonly PolicyStatement[], question: Question): Decision {
  const about = statements.filter(
    ({ Action = [], Resource }) =>
      Action.some((one) => covers(one, question.action, 'i')) && Resource.some((one) => covers(one, question.resource)),
  );
  const applies = (effect: 'Allow' | 'Deny', unknown: boolean) =>
    about.some(({ Effect, Condition }) => Effect === effect && (holds(Condition, question.context) ?? unknown));
  if (applies('Deny', true)) return 'explicitDeny';
  return applies('Allow', false) ? 'allowed' : 'implicitDeny';
}

const membersOf = (form: URLSearchParams, prefix: string): string[] =>
  [...form].filter(([name]) => new RegExp(`^${prefix}\\.member\\.\\d+$`).test(name)).map(([, value]) => value);

function contextOf(form: URLSearchParams): Question['context'] {
  const numbers = [...form.keys()].flatMap(
    (name) => /^ContextEntries\.member\.(\d+)\.ContextKeyName$/.exec(name)?.[1] ?? [],
  );
  return Object.fromEntries(
    numbers.map((number) => {
      const entry = `ContextEntries.member.${number}`;
      return [(form.get(`${entry}.ContextKeyName`) ?? '').toLowerCase(), membersOf(form, `${entry}.ContextKeyValues`)];
    }),
  );
}

async function statementsOf(client: IAMClient, RoleName: string): Promise<PolicyStatement[]> {
  await client.send(new GetRoleCommand({ RoleName }));
  const { PolicyNames = [] } = await client.send(new ListRolePoliciesCommand({ RoleName }));
  const documents = await Promise.all(
    PolicyNames.map((PolicyName) => client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  return documents.flatMap(
    ({ PolicyDocument = '' }) => policySchema.parse(JSON.parse(decodeURIComponent(PolicyDocument))).Statement,
  );
}

const text = (name: string, value: string): string =>
  `<${name}>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</${name}>`;

function resultOf(action: string, answers: readonly { resource: string; decision: Decision }[]): string {
  const allowed = answers.every(({ decision }) => decision === 'allowed');
  const denied =
    answers.find(({ decision }) => decision === 'explicitDeny') ?? answers.find((one) => one.decision !== 'allowed');
  const own = answers.length === 1 ? text('EvalResourceName', answers[0]?.resource ?? '*') : '';
  const each = answers.map(
    ({ resource, decision }) =>
      `<member>${text('EvalResourceName', resource)}${text('EvalResourceDecision', decision)}</member>`,
  );
  const specific = answers.length === 1 ? '' : `<ResourceSpecificResults>${each.join('')}</ResourceSpecificResults>`;
  const decision = allowed ? 'allowed' : (denied?.decision ?? 'implicitDeny');
  return `<member>${text('EvalActionName', action)}${own}${text('EvalDecision', decision)}${specific}</member>`;
}

type Asked = {
  readonly motoPort: number;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
  readonly requestId: string;
};

/** IAM takes several actions only when they need the same resources and conditions; here each is asked for alone. */
const mixed = 'Invalid input: the actions require different authorization information.';

/** Policies of a role are read once for the questions that come together. */
const REMEMBERED_MS = 2000;

/** Answers SimulatePrincipalPolicy, which moto does not know, by the inline policies of the role in moto. */
export class IamSimulator {
  readonly #known = new Map<string, { at: number; statements: Promise<PolicyStatement[]> }>();

  async answer({ motoPort, headers, form, requestId }: Asked): Promise<ErrorReply> {
    const [action = '', ...more] = membersOf(form, 'ActionNames');
    if (more.length > 0) return errorReply({ service: 'iam', headers }, 400, 'InvalidInput', mixed, requestId);
    try {
      const statements = await this.#statementsOf(form.get('PolicySourceArn')?.split('/').at(-1) ?? '', motoPort);
      const [context, resources] = [contextOf(form), membersOf(form, 'ResourceArns')];
      const answers = (resources.length > 0 ? resources : ['*']).map((resource) => ({
        resource,
        decision: decide(statements, { action, resource, context }),
      }));
      const body = answerText(resultOf(action, answers), requestId);
      return { status: 200, headers: { 'content-type': 'text/xml' }, body };
    } catch (error) {
      if (!(error instanceof NoSuchEntityException)) throw error;
      return errorReply({ service: 'iam', headers }, 404, 'NoSuchEntity', error.message, requestId);
    }
  }

  #statementsOf(role: string, motoPort: number): Promise<PolicyStatement[]> {
    const known = this.#known.get(role);
    if (known && Date.now() - known.at < REMEMBERED_MS) return known.statements;
    const endpoint = `http://127.0.0.1:${motoPort}`;
    const credentials = { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' };
    const client = new IAMClient({ endpoint, region: 'us-east-1', credentials });
    const statements = statementsOf(client, role).finally(() => client.destroy());
    this.#known.set(role, { at: Date.now(), statements });
    return statements;
  }
}

function answerText(evaluated: string, requestId: string): Buffer {
  const result = `<IsTruncated>false</IsTruncated><EvaluationResults>${evaluated}</EvaluationResults>`;
  return Buffer.from(
    `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>${result}</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>`,
  );
}
