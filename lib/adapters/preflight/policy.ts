import { z } from 'zod';

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const PolicyStatement = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z
    .union([
      z.literal('*').transform((all) => ({ AWS: [all], Service: [all] })),
      z.object({ AWS: oneOrMore, Service: oneOrMore }).partial(),
    ])
    .optional(),
  Action: oneOrMore.optional(),
  Resource: oneOrMore.optional(),
  Condition: z.unknown().optional(),
});
const Policy = z.looseObject({
  Statement: z.union([PolicyStatement.transform((one) => [one]), z.array(PolicyStatement)]),
});
export type ResourcePolicy = z.infer<typeof Policy>;

/** Reads the text of a policy; IAM gives it with percent signs, S3 and KMS without. */
export function parsePolicy(text: string): ResourcePolicy {
  return Policy.parse(JSON.parse(text.trimStart().startsWith('{') ? text : decodeURIComponent(text)));
}

/** IAM's own wildcards: `*` for any text, `?` for one character. */
function covers(pattern: string, value: string, flags = ''): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, `s${flags}`).test(value);
}

/**
 * Does the policy of a resource admit this role by name? A statement with a condition does not count: it may not hold.
 * That the account is admitted is not enough either, because then the role's own policies decide.
 */
export function admits(policy: ResourcePolicy, roleArn: string, action: string, resource: string): boolean {
  return policy.Statement.some(
    ({ Effect, Principal, Action = [], Resource = [], Condition }) =>
      Effect === 'Allow' &&
      Condition === undefined &&
      (Principal?.AWS ?? []).includes(roleArn) &&
      Action.some((one) => covers(one, action, 'i')) &&
      Resource.some((one) => covers(one, resource)),
  );
}

/** Services that the trust policy of a role lets assume it. */
export const trustedServices = (policy: ResourcePolicy): string[] =>
  policy.Statement.flatMap(({ Effect, Principal, Action = [] }) =>
    Effect === 'Allow' && Action.some((one) => covers(one, 'sts:AssumeRole', 'i')) ? (Principal?.Service ?? []) : [],
  );
