import { readFileSync } from 'node:fs';
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { PairConfig } from '../../contracts/config.ts';
import { namesOf } from '../../contracts/names.ts';
import { definitionFile } from '../definition.ts';
import { functionsOf, type Machine, substitutionName } from '../functions.ts';

export type MachineProps = {
  readonly config: PairConfig;
  readonly machine: Machine;
  /** The deployed functions by name. */
  readonly functions: ReadonlyMap<string, IFunction>;
};

/** A state machine from its file. The text stays in the template, where assertions and linters see it. */
export class Definition extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, props: MachineProps) {
    super(scope, props.machine);
    const name = namesOf(props.config).stateMachineName(props.machine);
    const arns = functionsOf(props.machine).map((spec): [string, string] => {
      const found = props.functions.get(spec.name);
      if (!found) throw new Error(`${props.machine}: function ${spec.name} is not in the stack`);
      return [substitutionName(spec.name), found.functionArn];
    });
    this.stateMachine = new StateMachine(this, 'Machine', {
      stateMachineName: name,
      // Standard: an op waits a night for its approval, and its execution is looked up by name.
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(readFileSync(definitionFile(props.machine), 'utf8')),
      definitionSubstitutions: Object.fromEntries(arns),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Log', {
          logGroupName: `/aws/vendedlogs/states/${name}`,
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: true,
      },
    });
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: arns.map(([, arn]) => arn) }),
    );
    Validations.of(this).acknowledge({
      id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason: 'Log delivery and X-Ray take no resource; the functions are named one by one.',
    });
  }
}
