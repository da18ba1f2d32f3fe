import type { Command as Verb } from 'commander';
import { z } from 'zod';
import { type Check, type Checked, examine, targetOf } from '../../core/preflight/check.ts';
import { allChecks, looksFor } from '../../core/preflight/checks.ts';
import type { LookName } from '../../core/preflight/facts.ts';
import { addressed } from '../addressed.ts';
import { type Invocation, type Result, type Runner, readOptions, verb } from '../cli.ts';
import { makeLooks } from '../doctor/look.ts';
import { doctorLines } from '../doctor/text.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';

const Options = z.object({ only: z.string().optional() });

/** A look that takes longer is told on stderr, so that nobody takes the command for stuck. */
const slowSeconds = 3;

export const doctorCommand = (run: Runner): Verb =>
  verb('doctor', {
    summary: 'looks whether a failover would work now, changes nothing, and says what to put right and how',
    examples: [
      'lifeboat doctor',
      'lifeboat doctor --only key,replication',
      'lifeboat doctor --json > doctor.json',
      'lifeboat doctor --sandbox',
    ],
    exitCodes: [0, 1, 2, 4],
  })
    .option('--only <ids>', 'only these checks, with commas between them (docs/doctor.md lists them)')
    .action(run(doctor));

async function doctor({ pair, screen, options }: Invocation): Promise<Result> {
  const { config } = pair;
  const { reader, helperVersion } = await pair.preflight();
  const all = allChecks(helperVersion);
  const checks = chosen(all, readOptions(Options, options).only);
  const wanted = looksFor(checks);
  screen.progress(`doctor: ${checks.length} checks, read-only; IAM alone may take half a minute`);
  const onLook = (look: LookName, seconds: number) => {
    if (seconds > slowSeconds) screen.progress(`doctor: ${look} was read in ${Math.round(seconds)} s`);
  };
  const looks = await makeLooks(reader, wanted, { now: pair.now, onLook });
  const now = pair.now();
  const target = targetOf(config, looks.pair.control);
  const said = (text: string) => addressed(text, pair.addressing);
  const checked = checks
    .map((check) => examine(check, looks, { config, now, target }))
    .map((one) => ({ ...one, findings: one.findings.map((each) => ({ ...each, fix: said(each.fix) })) }));
  const ready = checked.every(({ state }) => state === 'ok' || state === 'warning');
  return {
    exitCode: ready ? exitCodes.done : exitCodes.notReady,
    document: documentOf(
      { pair: config.pair, at: now.toISOString(), ready, strategy: config.strategy, target, of: all.length },
      checked,
    ),
    lines: doctorLines({ config, target, now, checked, of: all.length, ready }).map(said),
  };
}

function documentOf(head: object, checked: readonly Checked[]): object {
  return {
    ...head,
    checks: checked.map(({ id, title, state }) => ({ id, title, state })),
    findings: checked.flatMap(({ findings }) => findings),
  };
}

/**
 * The checks that `--only` names, in their own order, with the one that they stand on.
 * @throws UsageError for an id that no check has
 */
function chosen(checks: readonly Check[], only: string | undefined): readonly Check[] {
  if (only === undefined) return checks;
  const ids = only.split(',').map((id) => id.trim());
  const unknown = ids.find((id) => !checks.some((check) => check.id === id));
  if (unknown !== undefined) {
    throw new UsageError(
      `no check has the id ${unknown || '(none)'}`,
      `choose of: ${checks.map(({ id }) => id).join(', ')}`,
    );
  }
  const named = checks.filter(({ id }) => ids.includes(id));
  // Without a control record there is nothing to look at: what needs it says nothing then, and control-table says why.
  const needsControl = named.some(({ needs }) => needs.includes('control'));
  return checks.filter((check) => named.includes(check) || (needsControl && check.id === 'control-table'));
}
