import type { PairConfig } from '../../contracts/config.ts';
import type { Side } from '../../contracts/ids.ts';
import type { Checked, Finding } from '../../core/preflight/check.ts';
import { clock } from '../../report/time-text.ts';

type Examined = {
  readonly config: PairConfig;
  readonly target: Side;
  readonly now: Date;
  readonly checked: readonly Checked[];
  /** How many checks there are. */
  readonly of: number;
  readonly ready: boolean;
};

const idWidth = 24;

/** The result of `lifeboat doctor` for people: every check in one line, then each finding with cause and fix. */
export function doctorLines({ config, target, now, checked, of, ready }: Examined): string[] {
  const findings = checked.flatMap((one) => one.findings);
  const { region } = config.sites[target];
  return [
    `PAIR      ${config.pair}   ${config.strategy}   mode ${config.mode}   controller in ${config.controllerRegion}`,
    `TARGET    site ${target} in ${region}, looked at ${clock(now)}`,
    'CHECKS',
    ...checked.map(({ id, title, state }) => `  ${state.padEnd(8)} ${id.padEnd(idWidth)} ${title}`),
    ...(findings.length === 0 ? [] : ['FINDINGS', ...findings.flatMap(findingLines)]),
    `READY     ${checked.length < of ? `in ${checked.length} of ${of} checks: ` : ''}${verdict(ready, findings)}`,
  ];
}

const findingLines = ({ id, level, found, cause, fix, runbook }: Finding): string[] => [
  `  ${level} ${id}: ${found}`,
  `    cause: ${cause}`,
  `    fix:   ${fix}`,
  `    see:   ${runbook}`,
];

function verdict(ready: boolean, findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  const [failed, unknown, warnings] = [count('fail'), count('unknown'), count('warning')];
  const also = warnings > 0 ? `, ${warnings} to look at` : '';
  if (ready) return `yes${also}`;
  const parts = [...(failed > 0 ? [`${failed} wrong`] : []), ...(unknown > 0 ? [`${unknown} unknown`] : [])];
  return `no: ${parts.join(', ')}${also}`;
}
