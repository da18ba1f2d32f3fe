/**
 * Who acts when no person does. A person's name is the ARN of a signed request, which never begins like this, so
 * nobody can pass for the policy.
 */
export const policyActor = { prepare: 'policy:prepare', automatic: 'policy:automatic' } as const;

/** True when `by` is the controller's own policy and not a person. */
export const isPolicy = (by: string): boolean => by.startsWith('policy:');
