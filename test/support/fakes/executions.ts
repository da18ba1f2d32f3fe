import type { Executions } from '../../../lib/ports/executions.ts';

export type StartedExecution = {
  readonly machine: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
  status: string;
};

/** Step Functions in memory: remembers what was started; a test ends an execution by `finish`. */
export class InMemoryExecutions implements Executions {
  readonly started: StartedExecution[] = [];
  /** Thrown by every call while it is set. */
  outage: Error | null = null;

  async start(machine: string, name: string, input: Record<string, unknown>): Promise<'started' | 'existed'> {
    if (this.outage !== null) throw this.outage;
    if (this.find(machine, name) !== undefined) return 'existed';
    this.started.push({ machine, name, input: structuredClone(input), status: 'RUNNING' });
    return 'started';
  }

  async status(machine: string, name: string): Promise<string> {
    if (this.outage !== null) throw this.outage;
    return this.find(machine, name)?.status ?? 'ABSENT';
  }

  /** Gives an execution its last status; one that was never started is added with it. */
  finish(machine: string, name: string, status = 'SUCCEEDED'): void {
    const found = this.find(machine, name);
    if (found === undefined) this.started.push({ machine, name, input: {}, status });
    else found.status = status;
  }

  find(machine: string, name: string): StartedExecution | undefined {
    return this.started.find((one) => one.machine === machine && one.name === name);
  }
}
