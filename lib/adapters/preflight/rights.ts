import { type ContextEntry, GetRoleCommand, type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';
import type { MissingRight } from '../../core/preflight/facts.ts';
import type { Demand } from '../../ports/preflight.ts';
import { orNull } from './clients.ts';

type Decision = MissingRight['decision'] | 'allowed';
const DecisionText = z.enum(['allowed', 'explicitDeny', 'implicitDeny']);
const Simulated = z.object({
  IsTruncated: z.boolean().optional(),
  Marker: z.string().optional(),
  EvaluationResults: z
    .array(
      z.object({
        EvalActionName: z.string(),
        EvalResourceName: z.string().optional(),
        EvalDecision: DecisionText,
        ResourceSpecificResults: z
          .array(z.object({ EvalResourceName: z.string(), EvalResourceDecision: DecisionText }))
          .optional(),
      }),
    )
    .default([]),
});
const Role = z.object({ Role: z.object({ AssumeRolePolicyDocument: z.string().optional() }) });

/** One answer of IAM: may the role do this? */
export type Answer = { readonly action: string; readonly resource: string; readonly decision: Decision };

/**
 * Asks IAM whether a role may do each action on each resource of a demand. Nothing is done. Policies of buckets and keys
 * are not looked at: IAM does not simulate them for roles. Each answer is `no-role` when the role does not exist.
 */
export async function simulate(client: IAMClient, roleArn: string, demand: Demand): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const action of demand.actions) answers.push(...(await simulateOne(client, roleArn, { ...demand, action })));
  return answers;
}

type Question = Omit<Demand, 'actions'> & { readonly action: string };

/** One action in each call: IAM refuses a call whose actions "require different authorization information". */
async function simulateOne(client: IAMClient, roleArn: string, question: Question): Promise<Answer[]> {
  const { action, resources, context } = question;
  const found: Answer[] = [];
  let Marker: string | undefined;
  do {
    const command = new SimulatePrincipalPolicyCommand({
      PolicySourceArn: roleArn,
      ActionNames: [action],
      ResourceArns: [...resources],
      ContextEntries: contextOf(context),
      ...(Marker === undefined ? {} : { Marker }),
    });
    const page = await orNull(client.send(command), 'NoSuchEntityException', 'NoSuchEntity');
    if (page === null) return resources.map((resource) => ({ action, resource, decision: 'no-role' as const }));
    const { EvaluationResults, Marker: next } = Simulated.parse(page);
    found.push(...EvaluationResults.flatMap(answersOf));
    Marker = next;
  } while (Marker !== undefined);
  return resources.map((resource) => {
    const answer = found.find((one) => one.resource === resource || one.resource === '*');
    // What IAM did not answer is not known to be allowed.
    return { action, resource, decision: answer?.decision ?? 'implicitDeny' };
  });
}

function answersOf(result: z.infer<typeof Simulated>['EvaluationResults'][number]): Answer[] {
  const { EvalActionName: action, EvalResourceName, EvalDecision, ResourceSpecificResults = [] } = result;
  if (ResourceSpecificResults.length === 0)
    return [{ action, resource: EvalResourceName ?? '*', decision: EvalDecision }];
  return ResourceSpecificResults.map((one) => ({
    action,
    resource: one.EvalResourceName,
    decision: one.EvalResourceDecision,
  }));
}

const contextOf = (context: Demand['context']): ContextEntry[] =>
  Object.entries(context).map(([ContextKeyName, value]) =>
    typeof value === 'string'
      ? { ContextKeyName, ContextKeyValues: [value], ContextKeyType: 'string' }
      : { ContextKeyName, ContextKeyValues: [...value], ContextKeyType: 'stringList' },
  );

/** Text of a role's trust policy; null when the role does not exist. */
export async function trustPolicyOf(client: IAMClient, roleArn: string): Promise<string | null> {
  const RoleName = roleArn.split('/').at(-1) ?? '';
  const found = await orNull(client.send(new GetRoleCommand({ RoleName })), 'NoSuchEntityException', 'NoSuchEntity');
  return found === null ? null : (Role.parse(found).Role.AssumeRolePolicyDocument ?? '{"Statement":[]}');
}
