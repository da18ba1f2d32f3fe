import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { namesOf } from '../../lib/contracts/names.ts';
import { CALLERS } from '../../sandbox/cloud/callers.ts';
import type { Simulation } from '../support/simulation-world.ts';
import type { Rig } from './rig.ts';

const Definition = z.looseObject({
  States: z.record(z.string(), z.looseObject({ Type: z.string(), SecondsPath: z.string().optional() })),
});

/** An execution of the failover machine on moto's engine. */
export type EngineRun = { readonly arn: string; readonly status: string; readonly states: readonly string[] };

/**
 * moto's own engine of Step Functions over the world of a simulation. Its Waits last one second; before each function
 * it calls, the simulation's time goes on by as many seconds as the one before it asked to wait.
 */
export class Engine {
  readonly #client: SFNClient;
  readonly #machineArn: string;

  constructor(rig: Rig) {
    this.#client = new SFNClient({
      region: rig.config.controllerRegion,
      endpoint: rig.cloud.front.url,
      credentials: { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' },
    });
    this.#machineArn = namesOf(rig.config).stateMachineArn('failover');
  }

  close(): void {
    this.#client.destroy();
  }

  /** The deployed definition, every substitution filled. */
  async definition(): Promise<string> {
    const found = await this.#client.send(new DescribeStateMachineCommand({ stateMachineArn: this.#machineArn }));
    return found.definition ?? '';
  }

  /** Makes every Wait of the deployed machine one second long. The order stays as it is. */
  async shortenWaits(): Promise<void> {
    const { States, ...rest } = Definition.parse(JSON.parse(await this.definition()));
    const states = Object.entries(States).map(([name, { SecondsPath, ...state }]) => [
      name,
      SecondsPath === undefined ? state : { ...state, Seconds: 1 },
    ]);
    const definition = JSON.stringify({ ...rest, States: Object.fromEntries(states) });
    await this.#client.send(new UpdateStateMachineCommand({ stateMachineArn: this.#machineArn, definition }));
  }

  /** Starts an execution; answers its ARN. */
  async start(name: string, input: unknown): Promise<string> {
    const start = { stateMachineArn: this.#machineArn, name, input: JSON.stringify(input) };
    return (await this.#client.send(new StartExecutionCommand(start))).executionArn ?? '';
  }

  async stop(arn: string): Promise<void> {
    await this.#client.send(new StopExecutionCommand({ executionArn: arn }));
  }

  /** Waits for the end of an execution, for two minutes at most. */
  async ended(arn: string): Promise<EngineRun> {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const { status = '' } = await this.#client.send(new DescribeExecutionCommand({ executionArn: arn }));
      if (status !== 'RUNNING') return { arn, status, states: await this.#statesOf(arn) };
      if (Date.now() > deadline) throw new Error(`${arn} is still running`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #statesOf(executionArn: string): Promise<string[]> {
    const history = await this.#client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    return (history.events ?? []).flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
  }
}

/** Lets the functions that the engine calls act in this simulation; `called` is told each state before its function. */
export function onEngine(rig: Rig, simulation: Simulation, called: (state: string) => Promise<void>): void {
  rig.enter(simulation.world);
  rig.onEngine = async (state, waited) => {
    if (waited > 0) await simulation.advance(waited);
    rig.enter(simulation.world);
    await called(state);
  };
}
