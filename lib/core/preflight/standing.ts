import type { Side } from '../../contracts/ids.ts';
import { acknowledgementLimit, effectiveMode, pauseLimit } from '../limits.ts';
import { spoken } from '../time.ts';
import { type Check, type Ground, sides } from './check.ts';
import type { ControlFacts } from './facts.ts';

const leftovers: Check = {
  id: 'leftovers',
  title: 'nothing is left of an earlier op',
  proves:
    'No op is open or held, no fence stands without an acknowledgement, the pair is not paused and no acknowledgement is ' +
    'owed. Each of these keeps the next op from beginning.',
  fix: 'Do what `lifeboat status` names as the next command.',
  needs: ['control'],
  judge(ground) {
    const found = ground.see('control');
    if (!found) return;
    openOp(ground, found);
    limits(ground, found);
    for (const side of sides) fenced(ground, found, side);
    for (const { side, environment, state } of found.sites) {
      if (state === 'in-use' || state === 'gone') continue;
      ground.warn({
        found: `environment ${environment} of site ${side} was made by an op and is ${state}`,
        cause: 'the op ended without it, or is still at work; watch deletes it when its time is over',
        fix: 'lifeboat status',
      });
    }
  },
};

function openOp({ fail }: Ground, { control, grant, needs }: ControlFacts): void {
  if (control.op !== null) {
    fail({
      found: needs === null ? `op ${control.op} is open` : `op ${control.op} is held`,
      cause: needs ?? 'an op is under way; no other one can begin',
      fix: needs === null ? 'lifeboat status' : `lifeboat resume ${control.op}`,
    });
  } else if (grant.holder === 'none') {
    fail({
      found: 'no site holds the grant, and no op is open',
      cause: 'an op ended half way',
      fix: 'follow runbooks/op-held.md',
    });
  }
}

function limits({ now, fail }: Ground, { control }: ControlFacts): void {
  const paused = pauseLimit(control, now);
  if (paused !== null) {
    fail({
      found: paused,
      cause: 'while it is paused no op begins and none withdraws the grant',
      fix: 'lifeboat pause --end',
    });
  }
  const owed = acknowledgementLimit(control);
  if (owed !== null) {
    fail({
      found: owed,
      cause: 'until a person has read its report no op begins by itself',
      fix: `lifeboat acknowledge ${control.acknowledgementOwed}`,
    });
  }
}

function fenced({ fail }: Ground, { fences, grant }: ControlFacts, side: Side): void {
  const fence = fences.find((one) => one.side === side && one.epoch === grant.epoch && grant.holder !== side);
  if (!fence) return;
  const isProven = fence.acknowledgedAt !== null;
  fail({
    found: `site ${side} is fenced since epoch ${fence.epoch}${isProven ? '' : ', and nobody has proven that it is empty'}`,
    cause: 'an op took production away from it; a fenced site is no standby, and no command makes it one yet',
    fix: isProven
      ? 'build the pair anew around the active site (docs/deploying.md, After a failover)'
      : 'follow runbooks/fence-not-acknowledged.md',
  });
}

const mode: Check = {
  id: 'mode',
  title: 'the controller stands apart and may act',
  proves:
    'The controller has a Region of its own, and its mode lets an op begin. In a site’s Region it is lost together with ' +
    'that site; in mode observe it only counts.',
  fix: 'Choose a third Region as `controllerRegion`; change `mode` in the configuration and deploy.',
  needs: ['control'],
  judge({ config, see, warn, fail }) {
    const found = see('control');
    const holder = found?.grant.holder;
    const shared = sides.find((side) => config.sites[side].region === config.controllerRegion);
    if (shared !== undefined) {
      (shared === holder ? fail : warn)({
        found: `the controller stands in ${config.controllerRegion}, the Region of site ${shared}`,
        cause:
          shared === holder
            ? 'UNPROTECTED: what takes the active site away takes the controller with it'
            : 'it protects the other site only, and its verdicts have one vantage less',
        fix: 'choose a third Region for controllerRegion and deploy the controller there before the pair is adopted',
      });
    }
    if (!found) return;
    const { mode: recorded } = found.control;
    if (effectiveMode(config.mode, recorded) !== 'observe') return;
    warn({
      found: 'the pair is in mode observe: no op can begin',
      cause: 'the functions have no right to change anything; they count what they would have done',
      fix: 'when you trust what it counts, set mode to prepare and deploy the stacks again',
    });
  },
};

/** More than this makes verdicts and stamps of two machines disagree. */
const mostSkewSeconds = 30;

const clockCheck: Check = {
  id: 'clock',
  title: 'the clocks agree',
  proves:
    'This machine and AWS agree on the time to 30 s, and so do the workers of each site and S3, by the canary’s stamp. ' +
    'Ages of verdicts and stamps, approvals and signatures depend on it.',
  fix: 'Let the clock be set by NTP.',
  needs: ['clock', 'stamp'],
  judge({ see, seeSite, fail }) {
    const ahead = see('clock')?.aheadSeconds;
    if (ahead !== undefined && Math.abs(ahead) > mostSkewSeconds) {
      fail({
        found: `this machine’s clock is ${spoken(Math.abs(ahead))} ${ahead > 0 ? 'behind' : 'ahead of'} AWS`,
        cause: 'it is not set by a time server',
        fix: 'switch NTP on (timedatectl set-ntp true), then run lifeboat doctor again',
      });
    }
    for (const side of sides) {
      const stamp = seeSite('stamp', side);
      if (!stamp) continue;
      const late = (Date.parse(stamp.storedAt) - Date.parse(stamp.at)) / 1000;
      if (Math.abs(late) <= mostSkewSeconds) continue;
      fail({
        found: `the newest stamp of site ${side} says ${stamp.at}, and S3 got it at ${stamp.storedAt}`,
        cause:
          late > 0
            ? 'the workers’ clock is behind, or the stamp was written by somebody else'
            : 'the workers’ clock is ahead',
        fix: `look at the newest run of lifeboat_canary on site ${side}; replace the worker if its clock is wrong`,
      });
    }
  },
};

export const standingChecks: readonly Check[] = [leftovers, mode, clockCheck];
