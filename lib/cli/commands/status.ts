import type { Command as Verb } from 'commander';
import type { PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import { effectiveMode } from '../../core/limits.ts';
import { secondsBetween, when } from '../../report/time-text.ts';
import { addressed } from '../addressed.ts';
import { type Invocation, type Result, type Runner, verb } from '../cli.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { stepLine } from '../follow-op.ts';
import { gapFacts, gapLine } from '../heartbeat-gap-line.ts';
import { nextCommand } from '../next-command.ts';
import {
  hasEnded,
  isHeld,
  isStale,
  type OpFacts,
  type PairFacts,
  readPair,
  roleOf,
  standingFence,
  waitsForApproval,
} from '../pair-facts.ts';

export const statusCommand = (run: Runner): Verb =>
  verb('status', {
    summary: 'shows both sites, the verdicts with their reasons, the running op and the one next command',
    examples: ['lifeboat status', 'lifeboat status --json', 'lifeboat status --sandbox'],
    exitCodes: [0, 1, 2, 4, 5, 6, 10],
  }).action(run(status));

const sides: readonly Side[] = ['a', 'b'];

async function status({ pair }: Invocation): Promise<Result> {
  const facts = await readPair(pair.table);
  const now = pair.now();
  const next = nextCommand(facts, pair.config, now);
  const said = (text: string) => addressed(text, pair.addressing);
  const command = said(next.command);
  return {
    exitCode: exitCodeOf(facts, next.attention, now),
    document: documentOf(facts, pair.config, now, { ...next, command, why: said(next.why) }),
    lines: [
      ...pairLines(facts, pair.config, now),
      ...sides.flatMap((side) => siteLines(facts, pair.config, side, now)),
      ...opLines(facts.openOp, now),
      snapshotLine(facts, pair.config, now),
      ...observeLines(facts, pair.config, now),
      ...limitLines(facts, now),
      `NEXT      ${next.why}`,
      `  ${command}`,
    ].map(said),
  };
}

function exitCodeOf(facts: PairFacts, attention: boolean, now: Date): ExitCode {
  const op = facts.openOp;
  if (op && !hasEnded(op.record)) {
    const needsPerson = isHeld(op) || waitsForApproval(op, now) || attention;
    return needsPerson ? exitCodes.waitsForPerson : exitCodes.opInProgress;
  }
  return attention ? exitCodes.warnings : exitCodes.done;
}

/** The newest snapshot that was verified in the bucket where it would be imported. */
const newestVerified = (facts: PairFacts) =>
  facts.snapshots
    .filter((snapshot) => snapshot.verified !== null && snapshot.invalid === null)
    .toSorted((x, y) => y.epoch - x.epoch || Date.parse(y.snapshotAt) - Date.parse(x.snapshotAt))[0] ?? null;

function documentOf(facts: PairFacts, config: PairConfig, now: Date, next: object): object {
  const snapshot = newestVerified(facts);
  const site = (side: Side) => {
    const verdict = facts.verdicts[side];
    return {
      region: config.sites[side].region,
      environment: config.sites[side].environment,
      role: roleOf(facts, side),
      verdict: verdict && {
        diagnosis: verdict.diagnosis,
        health: verdict.health,
        because: verdict.because,
        judgedAt: verdict.judgedAt,
        since: verdict.since,
        ageSeconds: secondsBetween(verdict.judgedAt, now),
        stale: isStale(verdict, config, now),
      },
      heartbeatGap: gapFacts(facts.gaps[side], config, now),
      fence: standingFence(facts, side),
    };
  };
  return {
    pair: config.pair,
    at: now.toISOString(),
    mode: effectiveMode(config.mode, facts.control.mode),
    controllerRegion: config.controllerRegion,
    grant: facts.grant,
    sites: { a: site('a'), b: site('b') },
    op: facts.openOp && {
      ...facts.openOp.record,
      waitsForApproval: waitsForApproval(facts.openOp, now),
      steps: facts.openOp.steps,
    },
    newestVerifiedSnapshot: snapshot && {
      id: snapshot.snapshotId,
      site: snapshot.site,
      snapshotAt: snapshot.snapshotAt,
      ageSeconds: secondsBetween(snapshot.snapshotAt, now),
    },
    wouldHaveActed: { times: facts.page?.counted ?? 0, last: facts.page?.lastCounted ?? null },
    pausedUntil: facts.control.pausedUntil,
    pauseReason: facts.control.pauseReason,
    cooldownUntil: facts.control.cooldownUntil,
    acknowledgementOwed: facts.control.acknowledgementOwed,
    next,
  };
}

function pairLines(facts: PairFacts, config: PairConfig, now: Date): string[] {
  const { holder, epoch, since } = facts.grant;
  const mode = effectiveMode(config.mode, facts.control.mode);
  return [
    `PAIR      ${config.pair}   mode ${mode}   controller in ${config.controllerRegion}`,
    `GRANT     ${holder === 'none' ? 'no site may run production' : `site ${holder}`}   epoch ${epoch} since ${when(since, now)}`,
  ];
}

function siteLines(facts: PairFacts, config: PairConfig, side: Side, now: Date): string[] {
  const { region, environment } = config.sites[side];
  const verdict = facts.verdicts[side];
  const fence = standingFence(facts, side);
  const head = `SITE ${side}    ${roleOf(facts, side)}   ${environment} in ${region}`;
  const judged = verdict
    ? [
        `  ${verdict.health} (${verdict.diagnosis}) since ${when(verdict.since, now)}`,
        ...verdict.because.map((reason) => `    ${reason}`),
        `  judged ${when(verdict.judgedAt, now)}${isStale(verdict, config, now) ? ', stale: older than three ticks' : ''}`,
      ]
    : ['  never judged'];
  const gap = gapFacts(facts.gaps[side], config, now);
  if (gap) judged.push(`  ${gapLine(gap)}`);
  if (!fence) return [head, ...judged];
  const proof = fence.acknowledgedAt ? `acknowledged ${when(fence.acknowledgedAt, now)}` : 'not acknowledged';
  const waiver = fence.waiver ? `, waived by ${fence.waiver.by}: ${fence.waiver.reason}` : '';
  return [head, ...judged, `  fence ${fence.rung} of epoch ${fence.epoch}, ${proof}${waiver}`];
}

function opLines(op: OpFacts | null, now: Date): string[] {
  if (!op) return ['OP        none'];
  const { record } = op;
  const waiting = waitsForApproval(op, now) ? ', waiting for approval' : '';
  return [
    `OP        ${record.op}   ${record.kind} ${record.plan.from} -> ${record.plan.target}   ${record.phase}${waiting}`,
    `  began ${when(record.beganAt, now)} by ${record.by}: ${record.reason}`,
    ...op.steps.map((step) => `  ${stepLine(step)}`),
    ...(record.needs ? [`  needs: ${record.needs}`] : []),
  ];
}

function snapshotLine(facts: PairFacts, config: PairConfig, now: Date): string {
  const snapshot = newestVerified(facts);
  if (!snapshot && config.mode === 'observe')
    return 'SNAPSHOT  none: mode observe takes none, so nothing is protected yet';
  if (!snapshot) return 'SNAPSHOT  none verified: UNPROTECTED';
  return `SNAPSHOT  ${snapshot.snapshotId} of site ${snapshot.site}, verified; taken ${when(snapshot.snapshotAt, now)}`;
}

/** What mode observe is for; in another mode, what it had counted before. */
function observeLines({ page }: PairFacts, config: PairConfig, now: Date): string[] {
  const last = page?.lastCounted ?? null;
  if (last === null) return config.mode === 'observe' ? ['OBSERVED  would have acted 0 times'] : [];
  const times = page?.counted === 1 ? 'once' : `${page?.counted} times`;
  return [
    `OBSERVED  would have acted ${times}, last at ${when(last.since, now)} until ${when(last.at, now)}`,
    `  because ${last.because}`,
  ];
}

function limitLines({ control }: PairFacts, now: Date): string[] {
  const ahead = (instant: string | null): instant is string => instant !== null && secondsBetween(now, instant) > 0;
  const pause = ahead(control.pausedUntil) ? `until ${when(control.pausedUntil, now)}: ${control.pauseReason}` : 'none';
  const cooldown = ahead(control.cooldownUntil) ? `until ${when(control.cooldownUntil, now)}` : 'none';
  const owed = control.acknowledgementOwed ? [`OWED      acknowledgement of op ${control.acknowledgementOwed}`] : [];
  return [`PAUSE     ${pause}`, `COOLDOWN  ${cooldown}`, ...owed];
}
