import { afterAll, beforeAll } from 'vitest';
import { pairConfig } from '../support/pair-config.ts';
import { type StartedRig, startRig } from './start-rig.ts';
import type { Strategy } from './ways.ts';

/** One rig for the tests of a file. Call what it returns within a test. */
export function useRig({ changes }: Strategy): () => StartedRig {
  let started: StartedRig | undefined;
  beforeAll(async () => {
    started = await startRig(pairConfig({ mode: 'automatic', ...changes }));
  });
  afterAll(() => started?.stop());
  return () => {
    if (started === undefined) throw new Error('the rig is up only while tests run');
    return started;
  };
}
