import { CALLERS } from '../callers.ts';
import type { LambdaGateway } from '../gateway.ts';
import { acceptedKind } from './accepted.ts';
import { readAssembly, type Stack } from './assembly.ts';
import { lambdaFunction, lambdaUrl, stateMachine } from './compute.ts';
import type { Deployment } from './definitions.ts';
import { alias, key, replicaKey, subscription, topic } from './keys-and-topics.ts';
import type { Kind } from './kinds.ts';
import { type Deployed, deploymentOrder, holds, resolve, type Scope } from './resolver.ts';
import { policy, role } from './roles.ts';
import { destroyClients, sdkClients } from './sdk-clients.ts';
import { bucket, bucketPolicy, table } from './storage.ts';
import { type JsonObject, TemplateError } from './template.ts';
import { alarm, schedule } from './timed.ts';

const CREATED: Record<string, Kind> = {
  'AWS::IAM::Role': role,
  'AWS::IAM::Policy': policy,
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::KMS::Key': key,
  'AWS::KMS::ReplicaKey': replicaKey,
  'AWS::KMS::Alias': alias,
  'AWS::SNS::Topic': topic,
  'AWS::SNS::Subscription': subscription,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Url': lambdaUrl,
  'AWS::StepFunctions::StateMachine': stateMachine,
  'AWS::Scheduler::Schedule': schedule,
  'AWS::CloudWatch::Alarm': alarm,
};

/** A value for a parameter of a template: a text, or an output of a stack that was deployed before. */
export type ParameterValue = string | { stack: string; output: string };

export type DeployOptions = {
  /** Folder of the cloud assembly. */
  cdkOut: string;
  /** Base URL of the front. */
  frontUrl: string;
  gateway: LambdaGateway;
  /** Parameter values by stack name. Parameters with defaults may be left out. */
  parameters?: Record<string, Record<string, ParameterValue>>;
  /** Called before each stack. */
  onStack?: (name: string, region: string) => void;
};

function kindOf(type: string, where: string): Kind {
  const kind = CREATED[type] ?? acceptedKind(type);
  if (!kind) throw new TemplateError(`${where} is of type ${type}, which the sandbox does not know`);
  return kind;
}

function parametersOf(stack: Stack, options: DeployOptions, deployment: Deployment): Record<string, string> {
  const given = options.parameters?.[stack.name] ?? {};
  const values: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(stack.template.Parameters)) {
    const value = given[name] ?? parameter.Default?.toString();
    const known = typeof value === 'object' ? deployment.outputs[value.stack]?.[value.output] : value;
    if (known === undefined) throw new TemplateError(`Stack ${stack.name}: parameter ${name} has no value`);
    values[name] = known;
  }
  return values;
}

async function deployStack(stack: Stack, options: DeployOptions, deployment: Deployment): Promise<void> {
  const { template, name: stackName, region, account, assets } = stack;
  const resources = new Map<string, Deployed>();
  const parameters = parametersOf(stack, options, deployment);
  const scope: Scope = { region, account, stackName, parameters, conditions: template.Conditions, resources };
  const clients = sdkClients(options.frontUrl, region, CALLERS.harness);
  const { gateway } = options;
  try {
    for (const logicalId of deploymentOrder(template)) {
      const resource = template.Resources[logicalId];
      if (!resource || (resource.Condition && !holds({ Condition: resource.Condition }, scope))) continue;
      const where = `${stackName}/${logicalId}`;
      const deploy = kindOf(resource.Type, where);
      const properties = asObject(resolve(resource.Properties, scope));
      const generatedName = `${stackName}-${logicalId}`.slice(0, 63);
      const common = { stackName, region, account, clients, gateway, assets, deployment };
      const deployed = await deploy({ ...common, logicalId, type: resource.Type, properties, generatedName });
      resources.set(logicalId, deployed);
    }
  } finally {
    destroyClients(clients);
  }
  deployment.resources[stackName] = Object.fromEntries([...resources].map(([id, { ref }]) => [id, ref]));
  const wanted = Object.entries(template.Outputs).filter(
    ([, o]) => !o.Condition || holds({ Condition: o.Condition }, scope),
  );
  deployment.outputs[stackName] = Object.fromEntries(wanted.map(([id, o]) => [id, String(resolve(o.Value, scope))]));
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/**
 * Deploys all stacks of a cloud assembly into the sandbox; a second deployment updates. All resource types are looked at before
 * anything is created. Throws TemplateError (unknown type, unresolvable value) or the error of the AWS call.
 */
export async function deployAssembly(options: DeployOptions): Promise<Deployment> {
  const stacks = readAssembly(options.cdkOut);
  for (const stack of stacks) {
    for (const [id, { Type }] of Object.entries(stack.template.Resources)) kindOf(Type, `${stack.name}/${id}`);
  }
  const lists = {
    bucketRegions: {},
    schedules: [],
    replicationRules: [],
    alarms: [],
    unevaluatedAlarms: [],
    functions: [],
  };
  const deployment: Deployment = { outputs: {}, resources: {}, ...lists };
  for (const stack of stacks) {
    options.onStack?.(stack.name, stack.region);
    await deployStack(stack, options, deployment);
  }
  return deployment;
}
