import { closeSync, openSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { PairConfig } from '../../lib/contracts/config.ts';
import { Side } from '../../lib/contracts/ids.ts';
import { namesOf } from '../../lib/contracts/names.ts';
import { StepOutput } from '../../lib/contracts/step.ts';
import { functionsOf, substitutionName } from '../../lib/infra/functions.ts';
import type { World } from '../../lib/ports/world.ts';
import { CALLERS } from '../../sandbox/cloud/callers.ts';
import type { Cloud } from '../../sandbox/cloud/cloud.ts';
import type { Intercept } from '../../sandbox/cloud/front.ts';
import { NamedError } from '../support/asl-walker.ts';
import type { FunctionBody } from '../support/simulation-functions.ts';
import { effectOf } from './effects.ts';
import { answerDynamo } from './wire/dynamo.ts';
import { answerMwaa } from './wire/mwaa.ts';
import { answerS3, type Buckets } from './wire/s3.ts';
import { answerSns } from './wire/sns.ts';
import { answerStates } from './wire/states.ts';

/** Where a function is killed: at which effect of a state (from 1), before it happens or before its answer arrives. */
export type KillPoint = { readonly state: string; readonly nth: number; readonly when: 'before' | 'after' };
/** Something that a call of a function changed, and for which state. */
export type Effect = { readonly state: string; readonly call: string; readonly what: string };

const Answered = z.looseObject({ waitSeconds: z.number() });
const clockDigits = 15;
const FunctionError = z.object({ errorType: z.string(), errorMessage: z.string() });
const Working = z.looseObject({ state: z.string() });

/**
 * The bundled functions in their processes, and all of AWS that they call: each call comes to the front and is answered
 * from the world in memory that the function was called for.
 */
export class Rig {
  readonly config: PairConfig;
  readonly cloud: Cloud;
  /** What stands behind `${...}` of the state machines: the bundles. What only judges and exports stays in memory. */
  readonly bodies: Readonly<Record<string, FunctionBody>>;
  /** Everything that functions have changed since `reset`, in order. */
  effects: Effect[] = [];
  /** Called when a function has changed something. */
  changed: () => void = () => {};
  /** Called before a function that an engine of Step Functions calls, with the seconds that it was told to wait before. */
  onEngine: ((state: string, waited: number) => Promise<void>) | null = null;
  /** True: executions are started and described where the engine is, not in the world. */
  executionsOfEngine = false;
  /** The open file that tells the functions' processes the time. */
  readonly #clock: number;
  #kill: KillPoint | null = null;
  #world: World | null = null;
  #working: { readonly requestId: string; readonly state: string } | null = null;
  /** Invocations that are under way. */
  #running = 0;
  /** What the function that was called last asked its machine to wait. */
  #waitSeconds = 0;

  constructor(made: { config: PairConfig; cloud: Cloud; clockFile: string }) {
    this.config = made.config;
    this.cloud = made.cloud;
    this.#clock = openSync(made.clockFile, 'r+');
    const bundled = [...functionsOf('failover').map(({ name }) => name), 'reconcile-pair', 'begin-op'];
    this.bodies = Object.fromEntries(
      bundled.map((name) => [substitutionName(name), (world, payload) => this.invoke(name, world, payload)]),
    );
    this.cloud.gateway.setHooks({
      before: ({ requestId, payload }) => {
        this.#running += 1;
        this.#working = { requestId, state: Working.parse(JSON.parse(payload)).state };
      },
      after: (_call, { body }) => {
        this.#running -= 1;
        this.#waitSeconds = Answered.safeParse(JSON.parse(body)).data?.waitSeconds ?? 0;
      },
    });
    this.cloud.front.useIntercept(this.#intercept);
  }

  /** The world of the function that was called last. @throws Error before any was called */
  get world(): World {
    if (this.#world === null) throw new Error('no function was called yet');
    return this.#world;
  }

  /** True while the function is still to be killed. */
  get armed(): boolean {
    return this.#kill !== null;
  }

  /** Forgets the effects seen so far, and kills a function at this point. */
  reset(kill: KillPoint | null = null): void {
    this.effects = [];
    this.#kill = kill;
  }

  /** Calls a bundled function at the world's time. @throws NamedError with the name of what the function threw */
  async invoke(name: string, world: World, payload: unknown): Promise<StepOutput> {
    this.enter(world);
    const { gateway } = this.cloud;
    const { controllerRegion: region } = this.config;
    const call = { region, name: namesOf(this.config).functionName(name), payload: JSON.stringify(payload) };
    const result = await gateway.invoke(call);
    const answer: unknown = JSON.parse(result.body);
    if (result.functionError === null) return StepOutput.parse(answer);
    const { errorType, errorMessage } = FunctionError.parse(answer);
    throw new NamedError(errorType, errorMessage);
  }

  /** From now on functions act in this world and see its time. */
  enter(world: World): void {
    this.#world = world;
    // In place and always as long: a process never reads half a time.
    writeSync(this.#clock, String(world.now().getTime()).padStart(clockDigits, '0'), 0);
  }

  close(): void {
    closeSync(this.#clock);
  }

  /** Resolves when no function is at work: one whose execution was stopped works on. */
  async quiet(): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (this.#running > 0) {
      if (Date.now() > deadline) throw new Error(`${this.#working?.state} does not end`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  readonly #intercept: Intercept = async (facts, headers, body) => {
    if (facts.source === CALLERS.engine && facts.service === 'lambda') {
      const { state } = Working.parse(JSON.parse(body.toString('utf8')));
      await this.onEngine?.(state, this.#waitSeconds);
    }
    if (facts.source === CALLERS.harness || facts.source === CALLERS.engine) return 'pass';
    const what = effectOf(facts, body);
    const dies = what === null ? null : this.#meet(what);
    if (dies === 'before') return this.#die();
    const reply = await this.#answer(facts, headers, body);
    if (what !== null) this.changed();
    return dies === 'after' ? this.#die() : reply;
  };

  /** Notes an effect; says whether the function dies at it. */
  #meet(what: string): KillPoint['when'] | null {
    if (this.#working === null) return null;
    const { state, requestId: call } = this.#working;
    this.effects.push({ state, call, what });
    if (this.#kill?.state !== state) return null;
    const nth = this.effects.filter((effect) => effect.state === state).length;
    return nth === this.#kill.nth ? this.#kill.when : null;
  }

  #die(): 'hold' {
    this.#kill = null;
    this.cloud.gateway.kill(this.#working?.requestId ?? '');
    return 'hold';
  }

  async #answer(...[facts, headers, body]: Parameters<Intercept>): ReturnType<Intercept> {
    const { service, operation } = facts;
    const { world } = this;
    const { prefix } = namesOf(this.config);
    if (service === 'dynamodb') return await answerDynamo(world.table, operation, body.toString('utf8'));
    if (service === 's3') return await answerS3((name) => this.#bucketsNamed(name), facts, headers, body);
    if (service === 'sns') return await answerSns(world.pager, body.toString('utf8'));
    if (service === 'states' && this.executionsOfEngine) return 'pass';
    if (service === 'states') return await answerStates(world.executions, prefix, operation, body.toString('utf8'));
    return service === 'airflow' ? await answerMwaa(world, facts, body) : 'pass';
  }

  #bucketsNamed(name: string): Buckets {
    const site = Side.options.find((each) => namesOf(this.config).siteBucket(each) === name);
    const dags = Side.options.find((each) => this.config.sites[each].dagBucket === name);
    return { site: site ? this.world.bucket(site) : null, dags: dags ? this.world.dagBucket(dags) : null };
  }
}
