import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { failureKind } from '../../lib/adapters/failure-kind.ts';
import type { OpRecord } from '../../lib/contracts/control.ts';
import type { Side } from '../../lib/contracts/ids.ts';
import { records } from '../../lib/contracts/records.ts';
import { withSiteNames } from '../../lib/core/creation/site-names.ts';
import type { AirflowApi } from '../../lib/ports/airflow.ts';
import type { Vantage } from '../../lib/ports/probe.ts';
import type { World } from '../../lib/ports/world.ts';
import { adoptPair } from '../../lib/steps/adopt-pair.ts';
import type { Json } from './asl-paths.ts';
import { type Definition, ExecutionStopped, type Walk, walk } from './asl-walker.ts';
import { FakeAirflow } from './fakes/airflow.ts';
import { FixedClock } from './fakes/clock.ts';
import { InMemoryControlTable } from './fakes/control-table.ts';
import { InMemoryExecutions, type StartedExecution } from './fakes/executions.ts';
import { RecordingMetrics } from './fakes/metrics.ts';
import { FakeMwaa } from './fakes/mwaa.ts';
import { RecordingPager } from './fakes/pager.ts';
import { pairConfig } from './pair-config.ts';
import { newestOnly, SimulatedCreation } from './simulation-creation.ts';
import { type FunctionBody, functionBodies } from './simulation-functions.ts';
import { type Deliveries, deliver, FunctionLives, type Kill } from './simulation-lives.ts';
import { lookFrom } from './simulation-probes.ts';
import { SimulationRules } from './simulation-rules.ts';
import { SimulatedSite } from './simulation-site.ts';

const definitionOf = (machine: string): Definition =>
  JSON.parse(readFileSync(new URL(`../../state-machines/${machine}.asl.json`, import.meta.url), 'utf8'));
const definitions: Readonly<Record<string, Definition>> = {
  watch: definitionOf('watch'),
  protect: definitionOf('protect'),
  failover: definitionOf('failover'),
};

export type WalkHooks = {
  readonly entering?: (state: string) => void | Promise<void>;
  /** After a function of the walk has answered. */
  readonly invoked?: (state: string) => void | Promise<void>;
  /** Calls of each function: what a duplicate delivery does. */
  readonly deliveries?: Deliveries;
};

/** Most states one execution may enter: a loop without an end fails instead of hanging. */
const mostStates = 6000;

/** The controller with both sites in memory: real state machines, real steps, a clock that only Waits move. */
export class Simulation {
  readonly clock = new FixedClock('2026-11-24T12:00:00.000Z');
  readonly table = new InMemoryControlTable();
  readonly executions = new InMemoryExecutions();
  readonly pager = new RecordingPager();
  readonly metrics = new RecordingMetrics();
  readonly mwaa = new FakeMwaa();
  readonly sites: Readonly<Record<Side, SimulatedSite>>;
  readonly rules: SimulationRules;
  /** Site b's environments with strategy backup-restore; null with a standby that exists. */
  readonly creation: SimulatedCreation | null;
  readonly world: World;
  /** False: time passes without ticks of watch. */
  ticking = true;
  replicating = true;
  readonly bodies: Record<string, FunctionBody>;
  #isTicking = false;
  readonly #lives = new FunctionLives();
  #nextTick: number;
  #nextCanary: number;
  #ids = 0;

  constructor(changes: Readonly<Record<string, unknown>> = {}, bodies: Readonly<Record<string, FunctionBody>> = {}) {
    const config = pairConfig({ mode: 'automatic', ...changes });
    this.bodies = { ...functionBodies, ...bodies };
    this.sites = {
      a: new SimulatedSite('a', 'bucket-a', this.clock.now),
      b: new SimulatedSite('b', 'bucket-b', this.clock.now),
    };
    const { a, b } = config.sites;
    this.mwaa.set(a.region, a.environment);
    const isStandby = config.strategy === 'warm-standby';
    if (isStandby) this.mwaa.set(b.region, b.environment);
    const { mwaa, clock } = this;
    this.creation = isStandby ? null : new SimulatedCreation({ config, mwaa, site: this.sites.b, now: clock.now });
    const vantageOf = (side: Side): Vantage => ({
      region: config.sites[side].region,
      look: async (site, now) =>
        this.sites[side].state === 'unreachable' ? [] : await this.#lookFrom(config.sites[side].region, site, now),
    });
    this.world = {
      config,
      configured: config,
      created: [],
      table: this.table,
      bucket: (side) => this.sites[side].bucket,
      dagBucket: (side) => newestOnly(config.sites[side].dagBucket),
      mwaa: this.mwaa,
      airflow: (side) => this.sites[side].airflow,
      executions: this.executions,
      pager: this.pager,
      metrics: this.metrics,
      look: (side, now) => this.#lookFrom(config.controllerRegion, side, now),
      vantages: [vantageOf('a'), vantageOf('b')],
      isUnreachable: (error) => failureKind(error).kind === 'unreachable',
      now: this.clock.now,
      newId: () => `01jnq${String(++this.#ids).padStart(21, '0')}`,
      sha256: (text) => createHash('sha256').update(text).digest('hex'),
      log: { info: () => {}, warn: () => {}, error: () => {} },
    };
    this.#nextTick = this.clock.now().getTime();
    this.#nextCanary = this.#nextTick;
    this.rules = new SimulationRules({ table: this.table, sites: this.sites, now: this.clock.now });
    this.#hook();
  }

  /** An adopted pair that is well, judged, and has `snapshots` verified snapshots. */
  static async started(
    changes: Readonly<Record<string, unknown>> = {},
    options: { snapshots?: number; bodies?: Readonly<Record<string, FunctionBody>> } = {},
  ): Promise<Simulation> {
    const simulation = new Simulation(changes, options.bodies);
    await adoptPair(simulation.world);
    await simulation.advance(61);
    for (let n = 0; n < (options.snapshots ?? 2); n += 1) {
      await simulation.protect();
      await simulation.advance(30);
    }
    return simulation;
  }

  /** Lets time pass with everything that happens in it: helper runs, canaries, replication, ticks of watch. */
  async advance(seconds: number): Promise<void> {
    const until = this.clock.now().getTime() + seconds * 1000;
    for (;;) {
      await this.#happen();
      const now = this.clock.now().getTime();
      if (now >= until) return;
      const tick = this.ticking && !this.#isTicking ? this.#nextTick : until;
      const ends = [this.sites.a.nextEnd(), this.sites.b.nextEnd(), this.creation?.nextEnd() ?? until];
      const next = Math.min(until, tick, this.#nextCanary, ...ends);
      this.clock.set(new Date(Math.max(next, now + 1)));
    }
  }

  /** One tick of watch, walked to its end. */
  async tick(tickAt = this.clock.iso): Promise<Walk> {
    const before = this.#isTicking;
    this.#isTicking = true;
    try {
      return await this.#walk('watch', { pair: 'demo', tickAt });
    } finally {
      this.#isTicking = before;
    }
  }

  /** One tick of protect, walked to its end. */
  protect(hooks: WalkHooks = {}, tickAt = this.clock.iso): Promise<Walk> {
    return this.#walk('protect', { pair: 'demo', tickAt }, hooks);
  }

  /** Lets time pass until an op is open. @throws Error when none has begun in an hour. */
  async untilBegun(): Promise<OpRecord> {
    for (let n = 0; n < 120; n += 1) {
      const op = await this.openOp();
      if (op) return op;
      await this.advance(30);
    }
    throw new Error('no op began within an hour');
  }

  get kill(): Kill | null {
    return this.#lives.kill;
  }

  set kill(kill: Kill | null) {
    this.#lives.kill = kill;
  }

  async openOp(): Promise<OpRecord | null> {
    const control = await this.table.get(records.control());
    return control?.value.op ? await this.op(control.value.op) : null;
  }

  async op(id: string): Promise<OpRecord> {
    const op = await this.table.get(records.op(id));
    if (!op) throw new Error(`op ${id} does not exist`);
    return op.value;
  }

  async grant(): Promise<string> {
    const grant = await this.table.get(records.grant());
    return `${grant?.value.holder}@${grant?.value.epoch}`;
  }

  /** Walks the newest execution of an op that was started and has not ended. */
  async execute(hooks: WalkHooks = {}): Promise<Walk | 'stopped'> {
    const execution = this.executions.started.findLast(({ status }) => status === 'RUNNING');
    if (!execution) throw new Error('no execution is running');
    return await this.#execute(execution, hooks);
  }

  /** Calls a function of an op as an execution of this attempt would. */
  invoke(functionKey: string, op: OpRecord, state: string, attempt = op.attempt) {
    return this.#call(functionKey, { pair: 'demo', op: op.op, attempt, state });
  }

  /** The world of one call, with the names that the sites' environments have now: what the composition root does. */
  async worldNow(): Promise<World> {
    const sites = await this.table.list(records.sites());
    const created = sites.map(({ value }) => value);
    const config = withSiteNames(this.world.configured, created);
    const airflow: World['airflow'] = (side, environment = config.sites[side].environment) =>
      this.#airflowUnder(side, environment);
    return { ...this.world, config, created, airflow };
  }

  #airflowUnder(side: Side, environment: string): AirflowApi {
    const { airflow } = this.sites[side];
    const reached = this.creation === null || side === 'a' ? this.world.configured.sites[side].environment : null;
    if (reached === environment || (reached === null && this.creation?.reaches(environment))) return airflow;
    const absent = new FakeAirflow();
    absent.outage = Object.assign(new Error(`${environment} not found`), { name: 'ResourceNotFoundException' });
    return absent;
  }

  async #call(functionKey: string, payload: unknown) {
    return await this.#body(functionKey)(await this.worldNow(), payload);
  }

  async #lookFrom(vantage: string, side: Side, now: Date) {
    const { config } = await this.worldNow();
    const { region, environment } = config.sites[side];
    const status = () =>
      this.mwaa.getEnvironment(region, environment).then(
        (found) => found.Status,
        () => 'NOT_FOUND',
      );
    return await lookFrom(vantage, this.sites, config, side, now, status);
  }

  async #execute(execution: StartedExecution, hooks: WalkHooks): Promise<Walk | 'stopped'> {
    try {
      const input: Json = JSON.parse(JSON.stringify(execution.input));
      const walked = await this.#walk('failover', input, hooks);
      execution.status = walked.status;
      return walked;
    } catch (error) {
      if (!(error instanceof ExecutionStopped)) throw error;
      execution.status = 'ABORTED';
      return 'stopped';
    }
  }

  #body(functionKey: string): FunctionBody {
    const body = this.bodies[functionKey];
    if (!body) throw new Error(`no function stands behind \${${functionKey}}`);
    return body;
  }

  #walk(machine: string, input: Json, hooks: WalkHooks = {}): Promise<Walk> {
    const definition = definitions[machine];
    if (!definition) throw new Error(`no state machine ${machine}`);
    let entered = 0;
    let current = '';
    return walk(definition, input, {
      entering: async (state) => {
        entered += 1;
        if (entered > mostStates) throw new Error(`more than ${mostStates} states: "${state}" loops`);
        current = state;
        await hooks.entering?.(state);
      },
      wait: (seconds) => this.advance(seconds),
      invoke: async (functionKey, payload) => {
        const call = async () => ({ ...(await this.#call(functionKey, payload)) });
        const output = await deliver(machine === 'failover' ? () => this.#lives.live(call) : call, hooks.deliveries);
        await hooks.invoked?.(current);
        return output;
      },
    });
  }

  /** What is dead writes and calls nothing any more. */
  #hook(): void {
    this.table.beforeCommit = () => this.#lives.meet('before');
    this.table.afterCommit = async (writes) => {
      await this.rules.afterCommit(writes);
      this.#lives.meet('after');
    };
    this.mwaa.beforeChange = async (call, name) => {
      this.#lives.assertAlive();
      await this.rules.beforeChange(call, name);
    };
    for (const side of ['a', 'b'] as const) {
      this.sites[side].airflow.beforeCall = () => {
        this.rules.look();
        this.#lives.assertAlive();
      };
    }
  }

  async #happen(): Promise<void> {
    const now = this.clock.now().getTime();
    const { a, b } = this.sites;
    this.creation?.settle();
    await a.settle();
    await b.settle();
    if (now >= this.#nextCanary) {
      this.#nextCanary = now + this.world.config.timing.canarySeconds * 1000;
      await a.stamp();
      await b.stamp();
    }
    if (this.replicating && a.state !== 'unreachable' && b.state !== 'unreachable') this.replicate();
    this.rules.look();
    if (this.ticking && !this.#isTicking && now >= this.#nextTick) {
      this.#nextTick = now + this.world.config.timing.tickSeconds * 1000;
      await this.tick();
    }
  }

  replicate(): void {
    const { a, b } = this.sites;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.bucket.replicateTo(to.bucket, 'demo/snapshots/');
      from.bucket.replicateTo(to.bucket, `demo/sites/${from.side}/`);
    }
  }
}
