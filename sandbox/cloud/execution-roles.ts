import { CALLERS } from './callers.ts';
import { ensureRole } from './deployer/roles.ts';
import { destroyClients, sdkClients } from './deployer/sdk-clients.ts';

/** Makes the execution roles of the environments as their owner does: MWAA may assume them, they allow nothing themselves. */
export async function createExecutionRoles(frontUrl: string, region: string, arns: readonly string[]): Promise<void> {
  const clients = sdkClients(frontUrl, region, CALLERS.harness);
  const Principal = { Service: ['airflow.amazonaws.com', 'airflow-env.amazonaws.com'] };
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] };
  try {
    for (const arn of arns) await ensureRole(clients.iam, arn.split('/').at(-1) ?? '', trust);
  } finally {
    destroyClients(clients);
  }
}
