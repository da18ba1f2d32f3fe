import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { type AwsClients, type AwsPlace, awsClients, type CallBudget, clientConfig } from '../aws-clients.ts';

/** IAM throttles whoever asks about many roles, so that a call is tried more often than elsewhere. */
export const preflightBudget: CallBudget = { maxAttempts: 6, connectMs: 2000, requestMs: 10_000 };

/** Clients of one Region that only the preflight looks need; the functions never load them. */
export type PreflightClients = AwsClients & {
  readonly ec2: () => EC2Client;
  readonly iam: () => IAMClient;
  readonly serviceQuotas: () => ServiceQuotasClient;
};

/** The clients of any Region, each made once. */
export function preflightClients(place: Omit<AwsPlace, 'region'>): (region: string) => PreflightClients {
  const made = new Map<string, PreflightClients>();
  return (region) => {
    const known = made.get(region);
    if (known) return known;
    const config = clientConfig({ ...place, region }, preflightBudget);
    const [ec2, iam, quotas] = [new EC2Client(config), new IAMClient(config), new ServiceQuotasClient(config)];
    const clients = {
      ...awsClients({ ...place, region }, preflightBudget),
      ec2: () => ec2,
      iam: () => iam,
      serviceQuotas: () => quotas,
    };
    made.set(region, clients);
    return clients;
  };
}

/** The answer, or null when the service said by one of these names that the thing does not exist. */
export async function orNull<T>(asked: Promise<T>, ...absent: string[]): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && absent.includes(error.name)) return null;
    throw error;
  }
}
