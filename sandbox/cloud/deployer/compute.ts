import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CreateStateMachineCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { type Kind, type Placement, read } from './kinds.ts';
import { TemplateError } from './template.ts';

const functionSchema = z.looseObject({
  FunctionName: z.string().optional(),
  Handler: z.string(),
  Role: z.string(),
  Runtime: z.string().startsWith('nodejs', 'the gateway runs Node functions only'),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Code: z.looseObject({ S3Key: z.string() }),
  Environment: z.looseObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
});

function assetOf(placement: Placement, objectKey: string): string {
  const folder = placement.assets.get(objectKey);
  if (folder) return folder;
  throw new TemplateError(`${placement.stackName}/${placement.logicalId}: asset ${objectKey} is not in the assembly`);
}

export const lambdaFunction: Kind = async (placement) => {
  const properties = read(placement, functionSchema);
  const { region, account, gateway } = placement;
  const name = properties.FunctionName ?? placement.generatedName;
  gateway.register({
    region,
    name,
    assetDir: assetOf(placement, properties.Code.S3Key),
    handler: properties.Handler,
    timeoutSeconds: properties.Timeout,
    memoryMb: properties.MemorySize,
    environment: properties.Environment?.Variables ?? {},
    roleArn: properties.Role,
  });
  placement.deployment.functions.push(`${region}/${name}`);
  return { ref: name, attributes: { Arn: `arn:aws:lambda:${region}:${account}:function:${name}` } };
};

export const lambdaUrl: Kind = async (placement) => {
  const schema = z.looseObject({
    TargetFunctionArn: z.string(),
    AuthType: z.literal('AWS_IAM', 'the sandbox serves function URLs with AWS_IAM only'),
  });
  const { TargetFunctionArn } = read(placement, schema);
  const name = TargetFunctionArn.split(':')[6] ?? TargetFunctionArn;
  placement.gateway.registerUrl(placement.region, name);
  const FunctionUrl = `${placement.clients.frontUrl}/_lambda-url/${placement.region}/${name}/`;
  const FunctionArn = `arn:aws:lambda:${placement.region}:${placement.account}:function:${name}`;
  return { ref: FunctionArn, attributes: { FunctionUrl, FunctionArn } };
};

const stateMachineSchema = z.looseObject({
  StateMachineName: z.string().optional(),
  DefinitionString: z.string().optional(),
  DefinitionS3Location: z.looseObject({ Key: z.string() }).optional(),
  DefinitionSubstitutions: z.record(z.string(), z.coerce.string()).default({}),
  RoleArn: z.string(),
});

/** Fills the `${name}` of a definition. Names that are not given stay as they are, as CloudFormation leaves them. */
export function fillDefinition(definition: string, substitutions: Record<string, string>): string {
  return definition.replaceAll(/\$\{([A-Za-z0-9_-]+)\}/g, (whole, name: string) => substitutions[name] ?? whole);
}

export const stateMachine: Kind = async (placement) => {
  const properties = read(placement, stateMachineSchema);
  const location = properties.DefinitionS3Location?.Key;
  const raw =
    properties.DefinitionString ?? (location && readFileSync(path.resolve(assetOf(placement, location)), 'utf8'));
  if (!raw) throw new TemplateError(`${placement.stackName}/${placement.logicalId} has no definition`);
  const definition = fillDefinition(raw, properties.DefinitionSubstitutions);
  const name = properties.StateMachineName ?? placement.generatedName;
  const { sfn } = placement.clients;
  // moto answers the existing machine unchanged when the name is taken, so that the update is always sent.
  const made = await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn: properties.RoleArn }));
  const stateMachineArn = made.stateMachineArn ?? '';
  await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition, roleArn: properties.RoleArn }));
  return { ref: stateMachineArn, attributes: { Arn: stateMachineArn, Name: name } };
};
