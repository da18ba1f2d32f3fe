import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { namesOf } from '../contracts/names.ts';
import type { Executions } from '../ports/executions.ts';

/** Executions of the pair's state machines. */
export class StepFunctionsExecutions implements Executions {
  readonly #client: SFNClient;
  readonly #names: Pick<ReturnType<typeof namesOf>, 'stateMachineArn' | 'executionArn'>;

  constructor(options: {
    client: SFNClient;
    names: Pick<ReturnType<typeof namesOf>, 'stateMachineArn' | 'executionArn'>;
  }) {
    this.#client = options.client;
    this.#names = options.names;
  }

  async start(machine: string, name: string, input: Record<string, unknown>): Promise<'started' | 'existed'> {
    // While an execution runs, Step Functions answers a second start with the same input as if it were the first.
    if ((await this.status(machine, name)) !== 'ABSENT') return 'existed';
    const stateMachineArn = this.#names.stateMachineArn(machine);
    try {
      await this.#client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
      return 'started';
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return 'existed';
      throw error;
    }
  }

  async status(machine: string, name: string): Promise<string> {
    const executionArn = this.#names.executionArn(machine, name);
    try {
      const { status } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
      return status ?? 'RUNNING';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return 'ABSENT';
      throw error;
    }
  }
}
