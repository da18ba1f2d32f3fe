import { Validations } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Statement } from '../permissions.ts';

/**
 * Adds a statement to a role. A wildcard is accepted with the reason that stands beside it, and only there.
 *
 * @throws Error when a resource has a wildcard and the statement no reason for it.
 */
export function allow(role: Role, statement: Statement): void {
  const wildcards = statement.resources.filter((resource) => resource.includes('*'));
  const { wildcard: reason } = statement;
  if (wildcards.length > 0 && !reason) {
    throw new Error(`${role.node.path}: the wildcard in ${wildcards.join(', ')} has no reason`);
  }
  role.addToPolicy(
    new PolicyStatement({
      actions: [...statement.actions],
      resources: [...statement.resources],
      ...(statement.conditions ? { conditions: { ...statement.conditions } } : {}),
    }),
  );
  for (const resource of wildcards) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`,
      reason: reason ?? '',
    });
  }
}
