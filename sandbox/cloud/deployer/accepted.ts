import type { Kind, Placement } from './kinds.ts';
import type { Deployed } from './resolver.ts';

type Description = (placement: Placement, name: string) => Deployed;

const named = (property: string, attributes: (p: Placement, name: string) => Deployed['attributes']): Description => {
  return (placement) => {
    const given = placement.properties[property];
    const name = typeof given === 'string' ? given : placement.generatedName;
    return { ref: name, attributes: attributes(placement, name) };
  };
};

const plain: Description = (_placement, name) => ({ ref: name, attributes: {} });

/**
 * Types that need nothing in the sandbox, because it has no logs or dashboards and enforces no permissions: accepted as they are, with the attributes
 * that others may ask for. A type that is neither here nor created is an error.
 */
const ACCEPTED: Record<string, Description> = {
  'AWS::IAM::ManagedPolicy': named('ManagedPolicyName', (p, name) => ({
    PolicyArn: `arn:aws:iam::${p.account}:policy/${name}`,
  })),
  'AWS::Logs::LogGroup': named('LogGroupName', (p, name) => ({
    Arn: `arn:aws:logs:${p.region}:${p.account}:log-group:${name}:*`,
  })),
  'AWS::Scheduler::ScheduleGroup': named('Name', (p, name) => ({
    Arn: `arn:aws:scheduler:${p.region}:${p.account}:schedule-group/${name}`,
  })),
  'AWS::SQS::Queue': (p, generated) => {
    const given = p.properties.QueueName;
    const name = typeof given === 'string' ? given : generated;
    const ref = `https://sqs.${p.region}.amazonaws.com/${p.account}/${name}`;
    return { ref, attributes: { Arn: `arn:aws:sqs:${p.region}:${p.account}:${name}`, QueueName: name, QueueUrl: ref } };
  },
  'AWS::SQS::QueuePolicy': plain,
  'AWS::SNS::TopicPolicy': plain,
  'AWS::Lambda::Permission': plain,
  'AWS::Lambda::EventInvokeConfig': plain,
  'AWS::CloudWatch::Dashboard': plain,
  'AWS::CDK::Metadata': plain,
};

/** The kind of an accepted type, else null. */
export function acceptedKind(type: string): Kind | null {
  const describe = ACCEPTED[type];
  return describe ? async (placement) => describe(placement, placement.generatedName) : null;
}
