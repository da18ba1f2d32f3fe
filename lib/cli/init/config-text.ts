import { findingsOf, type PairProposal, type PlannedSite, strategyOf } from './pair-proposal.ts';
import type { SiteFacts } from './site-facts.ts';

/** What stands where only a person knows the value. No field takes it, so that parsing names what is missing. */
const fillIn = 'FILL-IN';

type Block = { readonly fields: readonly Field[] };
type Value = string | number | boolean | readonly string[] | Block;
type Field = { readonly key: string; readonly value: Value; readonly says: readonly string[] };

const field = (key: string, value: Value, ...says: string[]): Field => ({ key, value, says });
const block = (...fields: Field[]): Block => ({ fields });

/** Columns of a comment, its indentation not counted. */
const width = 100;

/**
 * The pair configuration as a person reads it: each field with what was found and what to check. Complete when no
 * `fillIn` is in it; then it parses.
 *
 * @param head lines above the document; `schema` where examples/pair.schema.json lies, as seen from the file
 */
export function pairConfigText(proposal: PairProposal, head: readonly string[], schema: string): string {
  const findings = findingsOf(proposal);
  const backupRestore = strategyOf(proposal) === 'backup-restore';
  const document = block(
    field('$schema', schema),
    field(
      'pair',
      proposal.pair,
      'Part of every name: 1 to 20 lower-case letters, digits and hyphens. It cannot be changed later.',
    ),
    field('account', proposal.account),
    field('controllerRegion', proposal.controllerRegion, proposal.controllerBecause),
    field(
      'strategy',
      strategyOf(proposal),
      backupRestore
        ? 'The environment of site b does not exist: an op creates it, which takes half an hour and more.'
        : 'Both environments exist; the one without the grant is all paused.',
    ),
    field(
      'mode',
      'observe',
      'observe judges, pages and counts what it would have done; nothing that is deployed has a right to change a site.',
      'Then go on, each time with a deployment: manual (a person begins each op), prepare (it prepares by itself and waits ' +
        'for an approval), automatic (it moves production by itself). docs/getting-started.md says when.',
    ),
    field('homeSite', 'a', 'Site a gets the first grant: production has to run there now.'),
    field(
      'sites',
      block(
        field('a', foundSite(proposal.a), `Found: ${summary(proposal.a)}.`, ...marked(findings.a)),
        proposal.b.kind === 'found'
          ? field('b', foundSite(proposal.b.site), `Found: ${summary(proposal.b.site)}.`, ...marked(findings.b))
          : field(
              'b',
              plannedSite(proposal.b.site, proposal.a.customerKeyArn !== null),
              `To be created in ${proposal.b.site.region} when it is needed, after the configuration of site a.`,
              ...marked(findings.b),
            ),
      ),
    ),
    field(
      'interruptedTasks',
      'fail',
      'What becomes of a task that was at work when its site was lost: fail, resume or rerun; tags of a DAG win.',
    ),
    field('catchUpBudget', 100, 'More runs of one DAG to make up for at the promotion are left to a person.'),
    field('historyDays', 90),
    field('notifyEmails', [], 'Who is paged; each address confirms a mail. While it is empty nobody is.'),
    ...timing(proposal),
  );
  const top = [...head, ...marked(findings.pair)].flatMap((line) => comment(line, ''));
  return `${[...top, ...lines(document, '')].join('\n')}\n`;
}

/** Paths of the fields that a person has to fill in, in order. */
export function missingFields({ a, b }: PairProposal): string[] {
  if (b.kind === 'found') return [];
  const { dagBucket, executionRoleArn, subnetIds, securityGroupIds, kmsKeyArn } = b.site;
  const needed: readonly (readonly [string, unknown])[] = [
    ['dagBucket', dagBucket],
    ['executionRoleArn', executionRoleArn],
    ['create.subnetIds', subnetIds],
    ['create.securityGroupIds', securityGroupIds],
    ['create.kmsKeyArn', a.customerKeyArn === null ? '' : kmsKeyArn],
  ];
  return needed.flatMap(([name, value]) => (value === null ? [`sites.b.${name}`] : []));
}

const summary = (site: SiteFacts): string =>
  `${site.status}, Airflow ${site.airflowVersion}, ${site.environmentClass}, DAGs in ${site.dagFolder}/, ` +
  (site.customerKeyArn === null ? 'key of AWS' : 'key of its own');

const marked = (findings: readonly string[]): string[] => findings.map((finding) => `CHECK: ${finding}`);

const foundSite = (site: SiteFacts): Block =>
  block(
    field('region', site.region),
    field('environment', site.environment),
    field('dagBucket', site.dagBucket),
    field('executionRoleArn', site.executionRoleArn),
    field('webServerAccess', site.webServerAccess),
  );

function plannedSite(site: PlannedSite, needsKey: boolean): Block {
  const known = (
    key: string,
    value: string | readonly string[] | null,
    missing: string | readonly string[],
    what: string,
  ) => (value === null ? field(key, missing, `FILL IN: ${what}`) : field(key, value));
  return block(
    field('region', site.region),
    field(
      'environment',
      site.environment,
      'May be the name of site a: names count in a Region. -2 to -5 behind it are used when it is taken.',
    ),
    known(
      'dagBucket',
      site.dagBucket,
      fillIn,
      `the DAG bucket in ${site.region}, versioned, with the same DAGs (--b-dag-bucket).`,
    ),
    known(
      'executionRoleArn',
      site.executionRoleArn,
      fillIn,
      `the role of the environment, whose policy names ${site.region} (--b-execution-role).`,
    ),
    field(
      'create',
      block(
        known(
          'subnetIds',
          site.subnetIds,
          [fillIn, fillIn],
          `two private subnets of ${site.region} in two zones (--b-subnets).`,
        ),
        known(
          'securityGroupIds',
          site.securityGroupIds,
          [fillIn],
          `one to five security groups of ${site.region} (--b-security-groups).`,
        ),
        ...(needsKey
          ? [
              known(
                'kmsKeyArn',
                site.kmsKeyArn,
                fillIn,
                `the ARN of a key of ${site.region}, as said above (--b-kms-key).`,
              ),
            ]
          : []),
        field('airflowConfigurationOptions', block(), 'Options that have to differ from those of site a.'),
      ),
      'All else is copied from site a at the creation. Subnets and key are for life.',
    ),
  );
}

/** Only what has to differ from the defaults. */
function timing({ a, b }: PairProposal): Field[] {
  const cleanup = Math.max(
    a.killedTaskCleanupSeconds ?? 0,
    (b.kind === 'found' && b.site.killedTaskCleanupSeconds) || 0,
  );
  if (cleanup === 0) return [];
  return [
    field(
      'timing',
      block(
        field(
          'killedTaskCleanupSeconds',
          cleanup,
          'core.killed_task_cleanup_time of the sites, the larger one: so long a fence waits for killed tasks.',
        ),
      ),
    ),
  ];
}

function lines({ fields }: Block, indent: string): string[] {
  const inner = `${indent}  `;
  const within = fields.flatMap(({ key, value, says }, index) => {
    const comma = index === fields.length - 1 ? '' : ',';
    const [first = '', ...rest] = valueLines(value, inner);
    const whole = [`${inner}${JSON.stringify(key)}: ${first}`, ...rest];
    return [...says.flatMap((line) => comment(line, inner)), ...whole.slice(0, -1), `${whole.at(-1)}${comma}`];
  });
  return [`${indent}{`, ...within, `${indent}}`];
}

/** The first line without indentation: it follows the key. */
function valueLines(value: Value, indent: string): string[] {
  if (typeof value !== 'object') return [JSON.stringify(value)];
  if (!('fields' in value)) return [`[${value.map((one) => JSON.stringify(one)).join(', ')}]`];
  if (value.fields.length === 0) return ['{}'];
  return lines(value, indent).map((line, index) => (index === 0 ? '{' : line));
}

/** A sentence as comment lines of a bearable width. */
function comment(text: string, indent: string): string[] {
  const wrapped: string[] = [];
  for (const word of text.split(' ')) {
    const last = wrapped.at(-1);
    if (last !== undefined && last.length + word.length < width) wrapped[wrapped.length - 1] = `${last} ${word}`;
    else wrapped.push(word);
  }
  return wrapped.map((line) => `${indent}// ${line}`);
}
