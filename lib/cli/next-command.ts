import type { PairConfig } from '../contracts/config.ts';
import type { Verdict } from '../contracts/observation.ts';
import { secondsBetween, spoken } from '../report/time-text.ts';
import {
  hasEnded,
  isHeld,
  isStale,
  isStalled,
  losingSide,
  type OpFacts,
  type PairFacts,
  waitsForApproval,
} from './pair-facts.ts';

/** The one command that a person would type now, and why. `attention`: nobody should go to bed before it. */
export type NextCommand = { readonly command: string; readonly why: string; readonly attention: boolean };

/** Chooses the one next command for a pair. Pure. */
export function nextCommand(facts: PairFacts, config: PairConfig, now: Date): NextCommand {
  const { openOp, control } = facts;
  if (openOp && !hasEnded(openOp.record)) return nextForOp(openOp, config, now);
  const verdict = facts.verdicts[losingSide(facts, config)];
  if (facts.grant.holder === 'none') {
    return needed('lifeboat history', 'no site holds the grant and no op is open: follow runbooks/op-held.md');
  }
  if (verdict === null || isStale(verdict, config, now)) return watchSilent(verdict, now);
  if (verdict.health === 'down' && config.mode === 'observe') {
    const because = `site ${verdict.site} is down: ${verdict.because.join('; ')}`;
    return needed('lifeboat plan failover', `${because}; mode observe counts it and cannot act`);
  }
  if (verdict.health === 'down') {
    return needed(
      `lifeboat failover --reason "${verdict.diagnosis}"`,
      `site ${verdict.site} is down: ${verdict.because.join('; ')}`,
    );
  }
  if (verdict.health !== 'healthy') {
    return needed('lifeboat plan failover', `site ${verdict.site} is ${verdict.health} (${verdict.diagnosis})`);
  }
  if (control.acknowledgementOwed !== null) {
    const op = control.acknowledgementOwed;
    return needed(`lifeboat acknowledge ${op}`, `read lifeboat report ${op}; until then nothing goes over by itself`);
  }
  if (control.pausedUntil !== null && secondsBetween(now, control.pausedUntil) > 0) {
    return needed('lifeboat pause --end', 'no op begins by itself while the pair is paused');
  }
  return {
    command: 'lifeboat plan failover',
    why: 'nothing to do; this shows what a failover would do',
    attention: false,
  };
}

const needed = (command: string, why: string): NextCommand => ({ command, why, attention: true });

function nextForOp(op: OpFacts, config: PairConfig, now: Date): NextCommand {
  const id = op.record.op;
  if (isHeld(op)) {
    return needed(
      `lifeboat resume ${id}`,
      op.record.needs ?? 'the op is held; follow runbooks/op-held.md, then take it up',
    );
  }
  if (waitsForApproval(op, now)) {
    return needed(
      `lifeboat approve ${id}`,
      'the op is prepared and waits; until it is approved production is untouched',
    );
  }
  if (isStalled(op, config, now)) {
    const limit = spoken(config.timing.longestFunctionSeconds);
    return needed(`lifeboat resume ${id}`, `nothing moved for more than ${limit}: its execution is probably gone`);
  }
  return { command: `lifeboat report ${id}`, why: 'the op is running; this shows its steps so far', attention: false };
}

function watchSilent(verdict: Verdict | null, now: Date): NextCommand {
  const age = verdict
    ? `the newest verdict is ${spoken(secondsBetween(verdict.judgedAt, now))} old`
    : 'there is no verdict';
  return needed('lifeboat status', `${age}: nobody is watching, follow runbooks/watch-not-running.md`);
}
