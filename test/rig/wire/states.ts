import { z } from 'zod';
import type { Executions } from '../../../lib/ports/executions.ts';
import type { Reply } from '../../../sandbox/cloud/lambda-api.ts';

const StartExecution = z.object({ stateMachineArn: z.string(), name: z.string(), input: z.string() });
const DescribeExecution = z.object({ executionArn: z.string() });
const Input = z.record(z.string(), z.unknown());

const json = (status: number, body: object): Reply => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});
const startDate = 1;

/** Step Functions as far as the product uses it: StartExecution and DescribeExecution of machines of one pair. */
export async function answerStates(executions: Executions, prefix: string, operation: string, body: string) {
  const machineOf = (name: string | undefined) => (name ?? '').replace(`${prefix}-`, '');
  if (operation === 'StartExecution') {
    const { stateMachineArn, name, input } = StartExecution.parse(JSON.parse(body));
    const machine = machineOf(stateMachineArn.split(':').at(-1));
    const started = await executions.start(machine, name, Input.parse(JSON.parse(input)));
    // While one of this name runs, a second start is answered as if it were the first.
    if (started === 'existed' && (await executions.status(machine, name)) !== 'RUNNING') {
      return json(400, { __type: 'ExecutionAlreadyExists', message: `Execution Already Exists: '${name}'` });
    }
    return json(200, {
      executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`,
      startDate,
    });
  }
  if (operation !== 'DescribeExecution') throw new Error(`the product uses no ${operation}`);
  const { executionArn } = DescribeExecution.parse(JSON.parse(body));
  const [machine, name = ''] = executionArn.split(':').slice(-2);
  const status = await executions.status(machineOf(machine), name);
  if (status === 'ABSENT') {
    return json(400, { __type: 'ExecutionDoesNotExist', message: `Execution Does Not Exist: '${executionArn}'` });
  }
  return json(200, { executionArn, name, status, startDate });
}
