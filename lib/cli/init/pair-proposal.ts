import type { Strategy } from '../../contracts/config.ts';
import type { SiteFacts } from './site-facts.ts';

/** What the other Region has to offer for an environment that is created there; null: nobody has said it. */
export type PlannedSite = {
  readonly region: string;
  readonly environment: string;
  readonly dagBucket: string | null;
  readonly executionRoleArn: string | null;
  readonly subnetIds: readonly string[] | null;
  readonly securityGroupIds: readonly string[] | null;
  readonly kmsKeyArn: string | null;
};

/** Everything a pair configuration is written from. */
export type PairProposal = {
  readonly pair: string;
  readonly account: string;
  readonly controllerRegion: string;
  /** Why this Region, in one sentence. */
  readonly controllerBecause: string;
  readonly a: SiteFacts;
  readonly b:
    | { readonly kind: 'found'; readonly site: SiteFacts }
    | { readonly kind: 'planned'; readonly site: PlannedSite };
};

export const strategyOf = ({ b }: PairProposal): Strategy => (b.kind === 'found' ? 'warm-standby' : 'backup-restore');

/** Versions of Airflow that the helper DAGs and the gate were made for. */
const knownVersions = /^2\.1[01]\./;
const triedVersion = '2.10.3';

/** What a person has to look at before the pair is deployed, one sentence each, by what it is about. */
export type Findings = {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly pair: readonly string[];
};

/** Pure. Options are told by their names: values may be secrets. */
export function findingsOf(proposal: PairProposal): Findings {
  const { a, b } = proposal;
  if (b.kind === 'planned') return { a: aboutSite(a), b: aboutPlanned(a, b.site), pair: aboutController(proposal) };
  const { site } = b;
  const pair = [
    ...(a.airflowVersion === site.airflowVersion
      ? []
      : [
          `The Airflow versions are unlike (${a.airflowVersion} and ${site.airflowVersion}): a snapshot of one cannot be ` +
            'imported into the other. Bring both to one version before you go beyond mode observe.',
        ]),
    ...(a.environmentClass === site.environmentClass
      ? []
      : [
          `The classes are unlike (${a.environmentClass} and ${site.environmentClass}): a standby of a smaller class may not ` +
            'carry production, and to change it takes 20 to 30 minutes.',
        ]),
    ...(a.killedTaskCleanupSeconds === site.killedTaskCleanupSeconds
      ? []
      : ['core.killed_task_cleanup_time is unlike on the two sites: the larger one is written to timing below.']),
    ...aboutController(proposal),
  ];
  return { a: aboutSite(a), b: [...aboutSite(site), ...aboutStandby(site)], pair };
}

function aboutSite(site: SiteFacts): string[] {
  const { airflowVersion, metricOptions } = site;
  return [
    ...(site.status === 'AVAILABLE'
      ? []
      : [`It is ${site.status} just now; what is written here may change with that.`]),
    ...(knownVersions.test(airflowVersion)
      ? airflowVersion === triedVersion
        ? []
        : [`Airflow ${airflowVersion} has not been tried; ${triedVersion} has.`]
      : [`Airflow ${airflowVersion} is not supported: 2.10 and 2.11 are.`]),
    ...(metricOptions.length === 0
      ? []
      : [
          `Options that choose metrics are set (${metricOptions.join(', ')}): see that SchedulerHeartbeat still arrives in ` +
            'CloudWatch, or the controller is blind on one eye.',
        ]),
    ...(site.environmentClass === 'mw1.micro'
      ? [
          'Class mw1.micro runs three tasks at a time, in the container of its scheduler: the helper DAGs compete with ' +
            'production, and both die together.',
        ]
      : []),
    ...(site.webServerAccess === 'PRIVATE_ONLY'
      ? [
          'Its web server is private: the signal airflow is left out of the judgement, and the site cannot be adopted, ' +
            'prepared or fenced from outside its VPC. Mode observe needs adopt, too.',
        ]
      : []),
  ];
}

const aboutStandby = (site: SiteFacts): string[] =>
  site.startsNewDags
    ? [
        'core.dags_are_paused_at_creation is switched off: every new DAG starts on this site by itself. Remove the option ' +
          'here, and pause all production DAGs.',
      ]
    : [];

function aboutPlanned(a: SiteFacts, site: PlannedSite): string[] {
  return [
    ...(a.regionalOptions.length === 0
      ? []
      : [
          `Options of site a name its Region (${a.regionalOptions.join(', ')}): say what they have to be in ${site.region} under ` +
            'create.airflowConfigurationOptions, or they are copied as they are.',
        ]),
    ...(a.customerKeyArn === null
      ? []
      : [
          `Site a is encrypted with a key of its own: create.kmsKeyArn has to be a key of ${site.region} that is no ` +
            'multi-Region key and no alias, the one of the DAG bucket there if that has one. It is for life.',
        ]),
    `plugins.zip, requirements.txt and the start-up script of site a have to lie in the DAG bucket of ${site.region}, too.`,
  ];
}

const aboutController = ({ controllerRegion, a, b }: PairProposal): string[] =>
  controllerRegion === a.region || controllerRegion === b.site.region
    ? [
        `The controller stands in the Region of a site: what takes that Region takes the controller, too, and mode automatic is refused.`,
      ]
    : [];

/** Regions that every account has, those near to each other together. */
const neighbours: Readonly<Record<string, readonly string[]>> = {
  eu: ['eu-north-1', 'eu-west-3', 'eu-west-1', 'eu-central-1', 'eu-west-2'],
  us: ['us-east-2', 'us-west-2', 'us-east-1', 'us-west-1'],
  ca: ['us-east-2', 'us-west-2', 'us-east-1'],
  sa: ['us-east-2', 'us-east-1', 'us-west-2'],
  ap: ['ap-southeast-2', 'ap-northeast-1', 'ap-southeast-1', 'ap-south-1'],
};

/** A third Region for the controller: near to site a, with no site in it. */
export function proposeController(a: string, b: string): { region: string; because: string } {
  const near = neighbours[a.split('-')[0] ?? ''] ?? neighbours.eu ?? [];
  const region = near.find((one) => one !== a && one !== b) ?? a;
  return {
    region,
    because: `A third Region, so that the loss of a site does not take the controller; every account has ${region}.`,
  };
}

/** A name for the pair after that of its first environment. */
export const proposePairName = (environment: string): string =>
  environment
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 20)
    .replace(/-+$/, '');
