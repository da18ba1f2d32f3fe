import { CreateStateMachineCommand, DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it, onTestFinished } from 'vitest';
import { awsClients } from '../../lib/adapters/aws-clients.ts';
import { StepFunctionsExecutions } from '../../lib/adapters/step-functions-executions.ts';
import { InMemoryExecutions } from '../support/fakes/executions.ts';
import { useMoto } from '../support/moto-server.ts';
import { awsError, useRawEndpoint } from '../support/raw-endpoint.ts';
import { executionsContract } from './executions.contract.ts';

const arns = {
  stateMachineArn: (machine: string) => `arn:aws:states:eu-west-1:123456789012:stateMachine:${machine}`,
  executionArn: (machine: string, name: string) => `arn:aws:states:eu-west-1:123456789012:execution:${machine}:${name}`,
};

describe('executions in memory', () => {
  executionsContract(async () => {
    const executions = new InMemoryExecutions();
    return { executions, machine: 'watch', finish: async (name) => executions.finish('watch', name, 'ABORTED') };
  });
});

describe('executions in Step Functions', () => {
  const moto = useMoto();
  let made = 0;

  async function newMachine() {
    made += 1;
    const machine = `lifeboat-contract-${process.pid}-${made}`;
    const client = awsClients(moto.place()).sfn();
    const wait = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };
    await client.send(
      new CreateStateMachineCommand({
        name: machine,
        definition: JSON.stringify(wait),
        roleArn: 'arn:aws:iam::123456789012:role/any',
      }),
    );
    const finish = async (name: string) => {
      await client.send(new StopExecutionCommand({ executionArn: arns.executionArn(machine, name) }));
      const ended = async () =>
        (await client.send(new DescribeExecutionCommand({ executionArn: arns.executionArn(machine, name) }))).status;
      await expect.poll(ended, { timeout: 10_000 }).toBe('ABORTED');
    };
    onTestFinished(() => finish('op-1').catch(() => undefined));
    return { executions: new StepFunctionsExecutions({ client, names: arns }), machine, finish, client };
  }

  executionsContract(newMachine);

  it('hands the input on as JSON', async () => {
    const { executions, machine, client } = await newMachine();
    await executions.start(machine, 'op-1', { pair: 'demo', attempt: 2 });
    const { input } = await client.send(
      new DescribeExecutionCommand({ executionArn: arns.executionArn(machine, 'op-1') }),
    );
    expect(JSON.parse(input ?? '')).toEqual({ pair: 'demo', attempt: 2 });
  });

  it('does not take a machine that does not exist for an execution that exists', async () => {
    const { executions } = await newMachine();
    await expect(executions.start('lifeboat-no-such-machine', 'op-1', {})).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });
});

describe('executions against a Step Functions that answers something else', () => {
  const raw = useRawEndpoint();
  const executions = () => new StepFunctionsExecutions({ client: awsClients(raw.place()).sfn(), names: arns });

  it('does not take a refusal for an execution that is absent', async () => {
    raw.answer((request) => awsError(request, 400, 'AccessDeniedException'));
    await expect(executions().status('watch', 'op-1')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(executions().start('watch', 'op-1', {})).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('leaves alone what somebody else started between its look and its start', async () => {
    raw.answer((request) =>
      awsError(
        request,
        400,
        String(request.headers['x-amz-target']).endsWith('.StartExecution')
          ? 'ExecutionAlreadyExists'
          : 'ExecutionDoesNotExist',
      ),
    );
    expect(await executions().start('watch', 'op-1', {})).toBe('existed');
  });
});
