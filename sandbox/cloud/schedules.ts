import { randomUUID } from 'node:crypto';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { CALLERS } from './callers.ts';
import type { ScheduleDefinition } from './deployer/definitions.ts';
import { destroyClients, type SdkClients, sdkClients } from './deployer/sdk-clients.ts';

export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

/** Time as the clockwork sees it; tests bring their own. */
export type Clock = {
  now(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

const UNIT_SECONDS: Record<string, number> = { minute: 60, hour: 3600, day: 86_400 };

/** Seconds of a `rate()` expression. Throws ScheduleError for any other expression. */
export function rateSeconds(expression: string): number {
  const [, value, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression.trim()) ?? [];
  const seconds = Number(value) * (UNIT_SECONDS[unit ?? ''] ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new ScheduleError(`The sandbox knows only rate() schedules, not ${expression}`);
}

/** Fills the placeholders of EventBridge Scheduler. The time is ISO 8601 in UTC without fractions, as AWS writes it. */
export function fillScheduleInput(input: string, scheduledAtMs: number, executionId: string): string {
  const time = `${new Date(scheduledAtMs).toISOString().slice(0, 19)}Z`;
  return input
    .replaceAll('<aws.scheduler.scheduled-time>', time)
    .replaceAll('<aws.scheduler.execution-id>', executionId)
    .replaceAll('<aws.scheduler.attempt-number>', '1');
}

/** The next firing after `lastMs`, on the grid of `periodMs`; slots that are more than one period behind `nowMs` are skipped. */
export function nextSlot(lastMs: number, periodMs: number, nowMs: number): number {
  const next = lastMs + periodMs;
  return nowMs - next > periodMs ? next + Math.floor((nowMs - next) / periodMs) * periodMs : next;
}

/** Fires `fire(slot)` on the grid of a period, without drift. A firing that takes longer than the period makes slots be skipped. */
export class Ticker {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #fire: (slotMs: number) => Promise<void>;
  #cancel: (() => void) | null = null;
  #slot = 0;

  constructor(clock: Clock, periodMs: number, fire: (slotMs: number) => Promise<void>) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#fire = fire;
  }

  /** Starts or resumes; the first firing comes after one period, or at `firstMs`. */
  start(firstMs = this.#clock.now() + this.#periodMs): void {
    if (this.#cancel) return;
    this.#wait(firstMs);
  }

  #wait(slot: number): void {
    this.#slot = slot;
    this.#cancel = this.#clock.after(Math.max(0, slot - this.#clock.now()), () => void this.#run());
  }

  async #run(): Promise<void> {
    const running = this.#cancel;
    await this.#fire(this.#slot);
    // Stopped, or stopped and started again, while it was firing.
    if (this.#cancel !== running) return;
    this.#wait(nextSlot(this.#slot, this.#periodMs, this.#clock.now()));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}

const targetInput = z.looseObject({
  StateMachineArn: z.string(),
  Name: z.string().optional(),
  Input: z.string().optional(),
});

const START_EXECUTION = 'arn:aws:scheduler:::aws-sdk:sfn:startExecution';

export type Schedules = {
  /** Stops firing: all schedules, or those whose name ends in `suffix`. */
  pause(suffix?: string): void;
  resume(suffix?: string): void;
  close(): void;
};

/** The period of a schedule: the override whose suffix its name ends in, else its rate. Seconds. */
export function periodSeconds(schedule: ScheduleDefinition, overrides: Record<string, number>): number {
  const suffix = Object.keys(overrides).find((end) => schedule.name.endsWith(end));
  return (suffix === undefined ? undefined : overrides[suffix]) ?? rateSeconds(schedule.expression);
}

/**
 * Fires the deployed schedules. Only the universal target `sfn:startExecution` is known; another one throws ScheduleError at once.
 * A start that AWS refuses is told to `onProblem` and not tried again.
 */
export function runSchedules(options: {
  frontUrl: string;
  schedules: ScheduleDefinition[];
  /** Seconds by the end of a schedule's name, for instance `{"-watch": 2}`. */
  periods: Record<string, number>;
  onProblem: (message: string) => void;
  clock?: Clock;
}): Schedules {
  const clock = options.clock ?? systemClock;
  const clients = new Map<string, SdkClients>();
  const clientsOf = (region: string): SdkClients => {
    const known = clients.get(region) ?? sdkClients(options.frontUrl, region, CALLERS.harness);
    clients.set(region, known);
    return known;
  };
  const fire = async (schedule: ScheduleDefinition, slotMs: number): Promise<void> => {
    // UpdateSchedule may have changed it meanwhile.
    if (!schedule.enabled) return;
    try {
      const text = fillScheduleInput(schedule.input, slotMs, randomUUID());
      const { StateMachineArn, Name, Input } = targetInput.parse(JSON.parse(text));
      const start = { stateMachineArn: StateMachineArn, name: Name ?? randomUUID(), input: Input };
      await clientsOf(schedule.region).sfn.send(new StartExecutionCommand(start));
    } catch (error) {
      options.onProblem(`Schedule ${schedule.name} did not start: ${String(error)}`);
    }
  };
  const tickers = options.schedules.map((schedule) => {
    if (schedule.target !== START_EXECUTION)
      throw new ScheduleError(`${schedule.name} has the target ${schedule.target}`);
    const periodMs = periodSeconds(schedule, options.periods) * 1000;
    return { name: schedule.name, ticker: new Ticker(clock, periodMs, (slot) => fire(schedule, slot)) };
  });
  const those = (suffix = ''): Ticker[] => tickers.filter((t) => t.name.endsWith(suffix)).map((t) => t.ticker);
  for (const ticker of those()) ticker.start();
  return {
    pause: (suffix) => {
      for (const ticker of those(suffix)) ticker.stop();
    },
    resume: (suffix) => {
      for (const ticker of those(suffix)) ticker.start();
    },
    close: () => {
      for (const ticker of those()) ticker.stop();
      for (const client of clients.values()) destroyClients(client);
    },
  };
}
