import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { PairConfig } from '../../contracts/config.ts';
import { namesOf } from '../../contracts/names.ts';
import type { FunctionSpec } from '../functions.ts';
import { statementsOf } from '../permissions.ts';
import { allow } from './allow.ts';

export type StepFunctionProps = {
  readonly config: PairConfig;
  readonly spec: FunctionSpec;
  /** Folder that holds <verb-noun>/index.mjs. */
  readonly bundlesDir: string;
};

/** One function of the product: its bundle, its own role with nothing but what the table grants, and its log. */
export class StepFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, props: StepFunctionProps) {
    super(scope, props.spec.name);
    const { config, spec } = props;
    const functionName = namesOf(config).functionName(spec.name);
    const logGroupName = `/aws/lambda/${functionName}`;
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    allow(role, {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [`arn:aws:logs:${Stack.of(this).region}:${config.account}:log-group:${logGroupName}:*`],
      wildcard: 'Log streams are named by Lambda.',
    });
    for (const statement of statementsOf(spec.access, config)) allow(role, statement);
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      role,
      logGroup,
      code: Code.fromAsset(join(props.bundlesDir, spec.name)),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      timeout: Duration.seconds(spec.timeoutSeconds),
      memorySize: spec.memoryMb,
      environment: { LIFEBOAT_CONFIG: JSON.stringify(config), LIFEBOAT_FUNCTION: spec.name },
    });
  }
}
