import {
  CreateRoleCommand,
  EntityAlreadyExistsException,
  type IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import * as z from 'zod';
import { type Kind, read } from './kinds.ts';

/** moto takes longer names than IAM does; the limit keeps the sandbox honest. */
const LONGEST_ROLE_NAME = 64;

const roleSchema = z.looseObject({ RoleName: z.string().optional(), AssumeRolePolicyDocument: z.json() });
const policySchema = z.looseObject({ PolicyName: z.string(), PolicyDocument: z.json(), Roles: z.array(z.string()) });

/** Creates a role, or gives one that exists this trust policy. */
export async function ensureRole(iam: IAMClient, RoleName: string, trust: unknown): Promise<void> {
  const PolicyDocument = JSON.stringify(trust);
  try {
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: PolicyDocument }));
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  }
}

export const role: Kind = async (placement) => {
  const { RoleName = placement.generatedName.slice(0, LONGEST_ROLE_NAME), AssumeRolePolicyDocument } = read(
    placement,
    roleSchema,
  );
  await ensureRole(placement.clients.iam, RoleName, AssumeRolePolicyDocument);
  const Arn = `arn:aws:iam::${placement.account}:role/${RoleName}`;
  return { ref: RoleName, attributes: { Arn, RoleId: `AROA${RoleName}` } };
};

/** Policies are kept and never enforced: they are what SimulatePrincipalPolicy is answered by. */
export const policy: Kind = async (placement) => {
  const { PolicyName, PolicyDocument, Roles } = read(placement, policySchema);
  for (const RoleName of Roles) {
    const input = { RoleName, PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) };
    await placement.clients.iam.send(new PutRolePolicyCommand(input));
  }
  return { ref: PolicyName, attributes: {} };
};
