import { describe, expect, it } from 'vitest';
import type { Mode } from '../../../lib/contracts/config.ts';
import type { DecisionKind } from '../../../lib/contracts/control.ts';
import type { Diagnosis, Health } from '../../../lib/contracts/observation.ts';
import { type DecideInput, decide } from '../../../lib/core/decide.ts';
import {
  at,
  config,
  control,
  grant,
  lost,
  now,
  op,
  opId,
  standby,
  timing,
  unfencedWord,
  verdict,
} from '../../support/core-fixtures.ts';

const input = (changes: Partial<DecideInput> = {}): DecideInput => ({
  control: control(),
  grant: grant(),
  config: config(),
  verdicts: { a: lost(), b: standby() },
  created: [],
  openOp: null,
  now,
  ...changes,
});
const inMode = (mode: Mode, changes: Partial<DecideInput> = {}) =>
  decide(input({ control: control({ mode }), config: config({ mode }), ...changes }));

type Row = readonly [Diagnosis, Health, Readonly<Record<Mode, DecisionKind>>];
const always = (kind: DecisionKind) => ({ observe: kind, manual: kind, prepare: kind, automatic: kind });
const rows: readonly Row[] = [
  ['HEALTHY', 'healthy', always('hold')],
  ['PLANNED', 'unknown', always('hold')],
  ['METRICS_PIPELINE', 'healthy', always('page')],
  ['WEB_SERVER_DOWN', 'degraded', always('page')],
  ['WORKERS_STUCK', 'degraded', always('page')],
  ['ENV_GONE', 'unknown', always('page')],
  ['OBSERVER_FAULT', 'unknown', always('page')],
  ['PLANNED_OVERDUE', 'unknown', always('page')],
  ['UNCLEAR', 'unknown', always('page')],
  ['PARTITION_SUSPECTED', 'unknown', { observe: 'count', manual: 'page', prepare: 'prepare', automatic: 'prepare' }],
  ['ENV_DOWN', 'down', { observe: 'count', manual: 'page', prepare: 'prepare', automatic: 'fail-over' }],
  ['REGION_UNREACHABLE', 'down', { observe: 'count', manual: 'page', prepare: 'prepare', automatic: 'fail-over' }],
];
const cells = rows.flatMap(([diagnosis, health, kinds]) =>
  (Object.keys(kinds) as Mode[]).map((mode) => ({ diagnosis, health, mode, kind: kinds[mode] })),
);

describe('the decision table', () => {
  it.each(cells)('$diagnosis in mode $mode: $kind', ({ diagnosis, health, mode, kind }) => {
    const a = { ...lost(), diagnosis, health };
    const decision = decide(
      input({
        control: control({ mode }),
        config: config({ mode, preAuthorisedUnfenced: unfencedWord }),
        verdicts: { a, b: standby() },
      }),
    );
    expect(decision.kind).toBe(kind);
    expect(decision.because.join('\n')).toContain(`site a holds the grant and is ${diagnosis}`);
    expect(decision.target).toBe(kind === 'prepare' || kind === 'fail-over' ? 'b' : undefined);
  });

  it('takes the more cautious of the configured and the recorded mode', () => {
    expect(decide(input({ control: control({ mode: 'observe' }) })).kind).toBe('count');
    expect(decide(input({ config: config({ mode: 'manual' }) })).kind).toBe('page');
  });

  it('pages for UNCLEAR only when it lasts', () => {
    const unclear = (seconds: number) => verdict({ diagnosis: 'UNCLEAR', health: 'unknown', since: at(-seconds) });
    const kindAfter = (seconds: number) => decide(input({ verdicts: { a: unclear(seconds), b: standby() } })).kind;
    expect(kindAfter(timing.unclearPageSeconds)).toBe('hold');
    expect(kindAfter(timing.unclearPageSeconds + 1)).toBe('page');
  });

  it('pages when the verdict is older than three ticks', () => {
    const old = { ...lost(), judgedAt: at(-3 * timing.tickSeconds - 1) };
    expect(decide(input({ verdicts: { a: old, b: standby() } }))).toMatchObject({
      kind: 'page',
      because: expect.arrayContaining(['the verdict of site a is 3 min old']),
    });
  });
});

describe('the grant', () => {
  it('without a holder holds everything', () => {
    const decision = decide(input({ grant: grant({ holder: 'none', epoch: 2 }), openOp: op({ phase: 'withdrawn' }) }));
    expect(decision).toEqual({
      kind: 'hold',
      because: [`no site holds the grant (epoch 2): ${opId} is between its withdrawal and its end`],
    });
  });

  it('decides whose verdict counts', () => {
    const b = { ...lost(), site: 'b' as const };
    expect(decide(input({ grant: grant({ holder: 'b', epoch: 2 }), verdicts: { a: verdict(), b } }))).toMatchObject({
      kind: 'fail-over',
      target: 'a',
    });
  });

  it('of a site that was never judged holds', () => {
    expect(decide(input({ verdicts: { a: null, b: standby() } })).kind).toBe('hold');
  });
});

describe('the other site', () => {
  const withOther = (diagnosis: Diagnosis, health: Health) =>
    decide(input({ verdicts: { a: verdict(), b: standby({ diagnosis, health }) } })).kind;

  it('only pages, and not while it is HEALTHY or PLANNED', () => {
    expect(withOther('HEALTHY', 'healthy')).toBe('hold');
    expect(withOther('PLANNED', 'unknown')).toBe('hold');
    for (const diagnosis of ['ENV_DOWN', 'REGION_UNREACHABLE', 'WORKERS_STUCK', 'UNCLEAR', 'ENV_GONE'] as const) {
      expect(withOther(diagnosis, diagnosis === 'ENV_DOWN' ? 'down' : 'unknown')).toBe('page');
    }
  });

  it('that is briefly unclear pages nobody', () => {
    const b = standby({ diagnosis: 'UNCLEAR', health: 'unknown', since: at(-10) });
    expect(decide(input({ verdicts: { a: verdict(), b } })).kind).toBe('hold');
  });

  it('must be HEALTHY for a fail-over: otherwise it is prepared for', () => {
    const b = standby({ diagnosis: 'UNCLEAR', health: 'unknown' });
    const decision = decide(input({ verdicts: { a: lost(), b } }));
    expect(decision.kind).toBe('prepare');
    expect(decision.because[0]).toContain('site b should take over but is UNCLEAR');
  });

  it.each([
    ['down', standby({ diagnosis: 'ENV_DOWN', health: 'down' })],
    ['gone', standby({ diagnosis: 'ENV_GONE', health: 'unknown' })],
    ['never judged', null],
    ['judged long ago', standby({ judgedAt: at(-3600) })],
  ])('that is %s cannot even be prepared: people are paged', (_, b) => {
    expect(decide(input({ verdicts: { a: lost(), b } })).kind).toBe('page');
    expect(inMode('prepare', { verdicts: { a: lost(), b } }).kind).toBe('page');
  });
});

describe('limits', () => {
  it.each([
    ['a pause', control({ pausedUntil: at(60), pauseReason: 'game day' }), 'page', 'paused until'],
    ['the cooldown', control({ cooldownUntil: at(60) }), 'page', 'the cooldown after the last op lasts until'],
    ['an owed acknowledgement', control({ acknowledgementOwed: opId }), 'prepare', 'nobody has acknowledged'],
    [
      'a commit in the last 30 days',
      control({ automaticCommits: [at(-29 * 86_400)] }),
      'prepare',
      'only one may in 30 days',
    ],
  ] as const)('%s keeps the controller from failing over by itself', (_, record, kind, says) => {
    const decision = decide(input({ control: record }));
    expect(decision.kind).toBe(kind);
    expect(decision.because[0]).toContain(says);
  });

  it('that are over limit nothing', () => {
    const record = control({
      pausedUntil: at(0),
      cooldownUntil: at(-1),
      automaticCommits: [at(-31 * 86_400)],
    });
    expect(decide(input({ control: record })).kind).toBe('fail-over');
  });
});

describe('a fence that is not possible', () => {
  const unreachable = { a: lost('REGION_UNREACHABLE', false), b: standby() };

  it('makes automatic ask a person', () => {
    const decision = decide(input({ verdicts: unreachable }));
    expect(decision).toMatchObject({ kind: 'prepare', leastRung: 'R0' });
    expect(decision.because[0]).toBe(
      'not by itself: site a cannot be fenced from here, and no preAuthorisedUnfenced is valid',
    );
    expect(decide(input({ verdicts: { a: lost('ENV_DOWN', false), b: standby() } })).kind).toBe('prepare');
  });

  it('is allowed by a word in the configuration until it expires', () => {
    const allowed = (until: string) =>
      decide(input({ verdicts: unreachable, config: config({ preAuthorisedUnfenced: { ...unfencedWord, until } }) }))
        .kind;
    expect(allowed(at(1))).toBe('fail-over');
    expect(allowed(at(0))).toBe('prepare');
  });

  it('is no question when the web server answers the controller', () => {
    expect(decide(input())).toMatchObject({ kind: 'fail-over', target: 'b', leastRung: 'R2' });
  });
});

describe('an open op', () => {
  it('is left alone', () => {
    expect(inMode('prepare', { openOp: op() }).kind).toBe('hold');
    expect(decide(input({ openOp: op(), verdicts: { a: verdict(), b: lost() } })).kind).toBe('hold');
    expect(decide(input({ openOp: op({ phase: 'withdrawn' }) })).kind).toBe('hold');
  });

  it('that waits gets the approval of mode automatic when the loss is sure', () => {
    expect(decide(input({ openOp: op() }))).toMatchObject({
      kind: 'fail-over',
      because: expect.arrayContaining([`the policy approves ${opId}`]),
    });
  });

  it.each([
    ['the other site is not HEALTHY', { verdicts: { a: lost(), b: standby({ diagnosis: 'UNCLEAR' }) } }, 'hold'],
    ['a limit holds', { control: control({ acknowledgementOwed: opId }) }, 'hold'],
    ['its plan needs a fence that is not possible', { verdicts: { a: lost('ENV_DOWN', false), b: standby() } }, 'hold'],
    ['the pair is paused', { control: control({ pausedUntil: at(9) }) }, 'page'],
  ] as const)('gets no approval when %s', (_, changes, kind) => {
    const unfenced = config({ preAuthorisedUnfenced: unfencedWord });
    expect(decide(input({ openOp: op(), config: unfenced, ...changes })).kind).toBe(kind);
  });
});
