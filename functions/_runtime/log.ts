import pino from 'pino';
import type { Log } from '../../lib/ports/world.ts';

/** Synchronous: a Lambda function may be frozen right after its answer. */
const root = pino(
  {
    level: process.env.LOG_LEVEL ?? 'info',
    base: { function: process.env.LIFEBOAT_FUNCTION },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  },
  pino.destination({ sync: true }),
);

/** The function's log; `facts` are in each line. */
export const functionLog = (facts: Record<string, unknown>): Log => root.child(facts);
