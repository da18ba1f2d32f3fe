import { CfnOutput, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FunctionUrlAuthType, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { PairConfig } from '../../contracts/config.ts';
import { namesOf } from '../../contracts/names.ts';
import { Alarms } from '../constructs/alarms.ts';
import { Tick } from '../constructs/schedules.ts';
import { Definition } from '../constructs/state-machine.ts';
import { StepFunction } from '../constructs/step-function.ts';
import { commandFunction, functionsIn, machinesIn } from '../functions.ts';

export type LifeboatStackProps = {
  readonly config: PairConfig;
  /** Folder that holds <verb-noun>/index.mjs. */
  readonly bundlesDir: string;
};

/** The controller: what judges the pair, remembers, decides and acts. It shares no resource with a site's stack. */
export class ControllerStack extends Stack {
  constructor(scope: Construct, props: LifeboatStackProps) {
    const { config } = props;
    const names = namesOf(config);
    super(scope, `${names.prefix}-controller`, {
      env: { account: config.account, region: config.controllerRegion },
      description: `MWAA Lifeboat: controller of pair ${config.pair}`,
    });
    this.controlTable(names.table);
    const topic = this.topic(config, names.topic);
    const functions = new Map<string, IFunction>();
    for (const spec of functionsIn(config.mode)) {
      functions.set(spec.name, new StepFunction(this, { ...props, spec }).lambda);
    }
    const { tickSeconds, recoveryPointSeconds } = config.timing;
    const everySeconds = { watch: tickSeconds, protect: recoveryPointSeconds };
    for (const machine of machinesIn(config.mode)) {
      const { stateMachine } = new Definition(this, { config, machine, functions });
      if (machine === 'failover') continue;
      new Tick(this, { config, machine, everySeconds: everySeconds[machine], stateMachine });
    }
    new Alarms(this, config, topic);
    // Mode observe takes no commands: nothing is there that could carry one out.
    if (config.mode !== 'observe') this.commandUrl(functions.get(commandFunction.name));
  }

  private controlTable(tableName: string): void {
    new Table(this, 'ControlTable', {
      tableName,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      timeToLiveAttribute: 'expiresAt',
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  private topic(config: PairConfig, topicName: string): Topic {
    const topic = new Topic(this, 'Topic', { topicName, enforceSSL: true });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': config.account } },
      }),
    );
    for (const address of config.notifyEmails) topic.addSubscription(new EmailSubscription(address));
    Validations.of(topic).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SNS2',
      reason:
        'Messages hold names, times and reasons, no data of the pair; a key of our own could keep a page from going out.',
    });
    return topic;
  }

  private commandUrl(command: IFunction | undefined): void {
    if (!command) throw new Error(`function ${commandFunction.name} is not in the stack`);
    const url = command.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    new CfnOutput(this, 'CommandUrl', { value: url.url, description: 'Where lifeboat sends commands, signed.' });
  }
}
