import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { PairConfig } from '../../contracts/config.ts';
import { namesOf } from '../../contracts/names.ts';

export type TickProps = {
  readonly config: PairConfig;
  readonly machine: 'watch' | 'protect';
  readonly everySeconds: number;
  readonly stateMachine: StateMachine;
};

/** The longest a tick may be late, in seconds: EventBridge Scheduler's own minimum. A later one would be stale. */
const maximumEventAgeSeconds = 60;

/** Starts a state machine at every tick, through Scheduler's universal target so that the execution has a name. */
export class Tick extends Construct {
  constructor(scope: Construct, props: TickProps) {
    super(scope, `${props.machine}-tick`);
    const { machine, stateMachine } = props;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': props.config.account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachine.stateMachineArn] }),
    );
    // EventBridge Scheduler counts in whole minutes.
    const minutes = Math.max(1, Math.round(props.everySeconds / 60));
    new CfnSchedule(this, 'Schedule', {
      name: namesOf(props.config).stateMachineName(machine),
      scheduleExpression: minutes === 1 ? 'rate(1 minute)' : `rate(${minutes} minutes)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
        roleArn: role.roleArn,
        input: Stack.of(this).toJsonString({
          StateMachineArn: stateMachine.stateMachineArn,
          Name: `${machine}-<aws.scheduler.execution-id>`,
          Input: JSON.stringify({ pair: props.config.pair, tickAt: '<aws.scheduler.scheduled-time>' }),
        }),
        // A tick that could not start is not made up for: the next one sees the same and more.
        retryPolicy: { maximumEventAgeInSeconds: maximumEventAgeSeconds, maximumRetryAttempts: 0 },
      },
    });
  }
}
