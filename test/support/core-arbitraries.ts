import fc from 'fast-check';
import type { Mode } from '../../lib/contracts/config.ts';
import type { Observation, Signal, Verdict } from '../../lib/contracts/observation.ts';
import { Diagnosis, Health, Outcome, Signal as Signals } from '../../lib/contracts/observation.ts';
import {
  at,
  beating,
  blank,
  cutOffLooks,
  healthyLooks,
  lostLooks,
  observe,
  regions,
  silent,
  stamp,
  timing,
  verdict,
} from './core-fixtures.ts';

const anyVantage = fc.constantFrom(regions.controller, regions.b, regions.a, 'us-east-1');
const evidence: fc.Arbitrary<Observation['evidence']> = fc.oneof(
  fc.constant({}),
  fc.constantFrom(beating(), silent(), blank()).map((window) => ({ periods: window })),
  fc
    .record({ age: fc.integer({ min: -900, max: 2000 }), epoch: fc.integer({ min: 0, max: 3 }) })
    .map(({ age, epoch }) => stamp(age, epoch)),
  fc
    .constantFrom(at(-60), at(-timing.plannedMaxSeconds - 1))
    .map((statusSince) => ({ status: 'UPDATING', statusSince })),
);

/** Any observation of site a, sensible or not. */
export const anyObservation: fc.Arbitrary<Observation> = fc
  .record({
    signal: fc.constantFrom(...Signals.options),
    vantage: anyVantage,
    outcome: fc.constantFrom(...Outcome.options),
    evidence,
  })
  .map(({ signal, vantage, outcome, evidence: seen }) => observe(signal, vantage, outcome, seen));

/** A look that saw nothing; a reading of periods is something, so it has none. */
export const unreadableObservation: fc.Arbitrary<Observation> = anyObservation.map((observation) => {
  const { periods: _, ...rest } = observation.evidence;
  return { ...observation, outcome: 'unreadable', evidence: rest };
});

/** One vantage that saw each signal as in a healthy, a lost or an unreachable site, or not at all: often down. */
const signalSeen = (signal: Signal, vantage: string): fc.Arbitrary<Observation[]> =>
  fc
    .oneof(
      { weight: 1, arbitrary: fc.constant(healthyLooks) },
      { weight: 4, arbitrary: fc.constant({ ...healthyLooks, ...lostLooks }) },
      { weight: 4, arbitrary: fc.constant({ ...healthyLooks, ...cutOffLooks }) },
      { weight: 1, arbitrary: fc.constant(null) },
    )
    .map((looks) => {
      if (looks === null) return [];
      const [outcome, seen] = looks[signal];
      return [observe(signal, vantage, outcome, seen)];
    });

const plausible: fc.Arbitrary<Observation[]> = fc
  .tuple(
    ...[regions.controller, regions.b].flatMap((vantage) => Signals.options.map((one) => signalSeen(one, vantage))),
  )
  .map((observations) => observations.flat());
const uniform: fc.Arbitrary<Observation[]> = fc
  .tuple(fc.constantFrom(lostLooks, cutOffLooks), fc.subarray([regions.controller, regions.b], { minLength: 1 }))
  .map(([looks, vantages]) =>
    vantages.flatMap((vantage) =>
      Signals.options.map((signal) => {
        const [outcome, seen] = looks[signal] ?? healthyLooks[signal];
        return observe(signal, vantage, outcome, seen);
      }),
    ),
  );

/** What the vantages saw at one tick. */
export const anyReadings: fc.Arbitrary<Observation[]> = fc.oneof(
  fc.array(anyObservation, { maxLength: 30 }),
  plausible,
  fc.tuple(uniform, fc.array(anyObservation, { maxLength: 2 })).map(([one, other]) => [...one, ...other]),
);

export const anyVerdict: fc.Arbitrary<Verdict> = fc
  .record({
    diagnosis: fc.constantFrom(...Diagnosis.options),
    health: fc.constantFrom(...Health.options),
    healthyTicks: fc.integer({ min: 0, max: 30 }),
    judgedAt: fc.constantFrom(at(-1), at(-9999)),
    since: fc.constantFrom(at(-10), at(-9999)),
    observations: fc.array(anyObservation, { maxLength: 6 }),
  })
  .map((changes) => verdict(changes));

export const anyMode: fc.Arbitrary<Mode> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('automatic' as const) },
  { weight: 2, arbitrary: fc.constantFrom('observe' as const, 'manual' as const, 'prepare' as const) },
);
