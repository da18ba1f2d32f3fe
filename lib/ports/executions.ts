/** Step Functions as the product uses it. */
export interface Executions {
  /** Starts an execution; one that already exists under this name with any status is left alone (`existed`). */
  start(machine: string, name: string, input: Record<string, unknown>): Promise<'started' | 'existed'>;
  /** `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED`, or `ABSENT` when it does not exist. */
  status(machine: string, name: string): Promise<string>;
}
