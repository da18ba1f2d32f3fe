import type { Json } from './asl-paths.ts';
import { ExecutionStopped, NamedError } from './asl-walker.ts';

/** Where a function or its execution is killed: at which commit of the op's own functions, before or after it. */
export type Kill = {
  readonly commit: number;
  readonly when: 'before' | 'after';
  /** `function`: Lambda is killed and Step Functions tries again; `execution`: nothing goes on by itself. */
  readonly how: 'function' | 'execution';
};

/** How often, and how, a function gets its event. */
export type Deliveries = 'once' | 'twice' | 'at-once';

/** Kills functions of ops at their commits. What is dead throws at whatever it tries, and its answer is lost. */
export class FunctionLives {
  kill: Kill | null = null;
  /** Commits that functions of ops have made or tried. */
  #commits = 0;
  #life: { dead: boolean } | null = null;

  /** Called at each commit: dies here when it was told to. */
  meet(when: Kill['when']): void {
    if (!this.#life) return;
    if (when === 'before') this.#commits += 1;
    if (this.kill?.commit === this.#commits && this.kill.when === when) this.#life.dead = true;
    this.assertAlive();
  }

  assertAlive(): void {
    if (this.#life?.dead) throw new NamedError('Runtime.ExitError', 'the function was killed');
  }

  /** Runs a function; one that died is what Step Functions sees of it, or the end of its execution. */
  async live(call: () => Promise<Json>): Promise<Json> {
    const life = { dead: false };
    this.#life = life;
    try {
      const output = await call();
      if (!life.dead) return output;
    } catch (error) {
      if (!life.dead) throw error;
    } finally {
      this.#life = null;
    }
    const how = this.kill?.how;
    this.kill = null;
    if (how === 'execution') throw new ExecutionStopped('the execution was stopped with its function');
    throw new NamedError('Runtime.ExitError', 'the function was killed');
  }
}

/** Calls a function as often as its event is delivered; the answer is that of a delivery that was answered. */
export async function deliver(call: () => Promise<Json>, deliveries: Deliveries = 'once'): Promise<Json> {
  if (deliveries === 'twice') await call();
  if (deliveries !== 'at-once') return await call();
  const [first, second] = await Promise.allSettled([call(), call()]);
  if (first.status === 'fulfilled') return first.value;
  if (second.status === 'fulfilled') return second.value;
  throw first.reason;
}
