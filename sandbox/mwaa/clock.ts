import { setTimeout } from 'node:timers/promises';

/** Time as the fake of Amazon MWAA sees it. */
export type Clock = {
  now(): Date;
  wait(milliseconds: number): Promise<void>;
};

/** Real time; a wait keeps no process alive. */
export const realClock: Clock = {
  now: () => new Date(),
  wait: (milliseconds) => setTimeout(milliseconds, undefined, { ref: false }),
};
