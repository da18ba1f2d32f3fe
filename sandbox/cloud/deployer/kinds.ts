import * as z from 'zod';
import type { LambdaGateway } from '../gateway.ts';
import type { Deployment } from './definitions.ts';
import type { Deployed } from './resolver.ts';
import type { SdkClients } from './sdk-clients.ts';
import { type JsonObject, TemplateError } from './template.ts';

/** One resource with its properties resolved, and where it goes. */
export type Placement = {
  logicalId: string;
  type: string;
  properties: JsonObject;
  stackName: string;
  region: string;
  account: string;
  /** Name the resource gets if its template gives none. */
  generatedName: string;
  clients: SdkClients;
  gateway: LambdaGateway;
  assets: Map<string, string>;
  /** What the clockwork needs is collected here. */
  deployment: Deployment;
};

/** Creates or updates a resource of one CloudFormation type and tells what it is known by. */
export type Kind = (placement: Placement) => Promise<Deployed>;

/** Reads the properties of a resource. Throws TemplateError that names the resource. */
export function read<T>(placement: Placement, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(placement.properties);
  if (parsed.success) return parsed.data;
  const why = z.prettifyError(parsed.error);
  throw new TemplateError(`${placement.stackName}/${placement.logicalId} (${placement.type}): ${why}`);
}

/** True for an AWS error of one of these names. */
export function isNamed(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
