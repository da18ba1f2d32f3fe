import { defineConfig } from 'vitest/config';

/** A hung test must end; no test of these kinds waits for a clock. */
const hang = { testTimeout: 60_000, hookTimeout: 120_000 };

/** Real Airflow: never two files at once. */
const story = { fileParallelism: false, testTimeout: 600_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...hang } },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          globalSetup: ['test/support/moto-server.ts'],
          ...hang,
        },
      },
      { test: { name: 'infra', include: ['test/infra/**/*.test.ts'], ...hang } },
      { test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'], ...hang } },
      {
        test: {
          name: 'rig',
          include: ['test/rig/**/*.test.ts'],
          maxWorkers: 2,
          // A test of it is all the interruptions of one state.
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...hang } },
      {
        test: {
          name: 'sandbox',
          include: ['test/sandbox/*.test.ts', 'test/sandbox/smoke/*.test.ts'],
          ...story,
        },
      },
      { test: { name: 'matrix', include: ['test/sandbox/matrix/*.test.ts'], ...story } },
    ],
  },
});
