import type { PairConfig } from '../../lib/contracts/config.ts';
import type { DagBucket } from '../../lib/ports/dag-bucket.ts';
import type { FakeMwaa } from './fakes/mwaa.ts';
import type { SimulatedSite } from './simulation-site.ts';

/** How the next creations end; what is not scripted ends well after `creationSeconds`. */
export type CreationEnd = 'well' | 'fail' | 'pending' | 'stuck';
/** Seconds from the call to AVAILABLE, and from the call of a deletion to its end. */
const creationSeconds = 240;
const deletionSeconds = 120;

type Change = { readonly name: string; readonly at: number; readonly end: 'up' | 'failed' | 'gone' };

/** Site b's environments of strategy backup-restore: asked for, built, deleted, all in the time of the simulation. */
export class SimulatedCreation {
  readonly ends: CreationEnd[] = [];
  readonly #mwaa: FakeMwaa;
  readonly #site: SimulatedSite;
  readonly #region: string;
  readonly #now: () => Date;
  #changes: Change[] = [];
  /** The environment that site b's Airflow belongs to. */
  #home: string | null = null;

  constructor(options: { config: PairConfig; mwaa: FakeMwaa; site: SimulatedSite; now: () => Date }) {
    this.#mwaa = options.mwaa;
    this.#site = options.site;
    this.#region = options.config.sites.b.region;
    this.#now = options.now;
    this.#site.become('absent');
    this.#mwaa.onCreate = (_region, name) => this.#create(name);
    this.#mwaa.onDelete = (region, name) => {
      this.#mwaa.set(region, name, { Status: 'DELETING' });
      this.#later(name, 'gone', deletionSeconds);
    };
  }

  /** Does this name reach the Airflow of site b? A real one answers under its own name only. */
  reaches(name: string): boolean {
    return this.#home === name;
  }

  /** When the next creation or deletion ends, in milliseconds. */
  nextEnd(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#changes.map(({ at }) => at));
  }

  settle(): void {
    const now = this.#now().getTime();
    const due = this.#changes.filter(({ at }) => at <= now);
    this.#changes = this.#changes.filter(({ at }) => at > now);
    for (const { name, end } of due) this.#end(name, end);
  }

  /** What was pending gets its endpoints. */
  makeEndpoints(name: string): void {
    this.#later(name, 'up', 60);
  }

  #create(name: string): void {
    const end = this.ends.shift() ?? 'well';
    if (end === 'pending') this.#mwaa.set(this.#region, name, { Status: 'PENDING' });
    if (end === 'well') this.#later(name, 'up', creationSeconds);
    if (end === 'fail') this.#later(name, 'failed', creationSeconds);
  }

  #later(name: string, end: Change['end'], seconds: number): void {
    this.#changes.push({ name, end, at: this.#now().getTime() + seconds * 1000 });
  }

  #end(name: string, end: Change['end']): void {
    if (end === 'gone') {
      this.#mwaa.delete(this.#region, name);
      if (this.#home === name) this.#site.become('absent');
      return;
    }
    if (end === 'failed') {
      const why = { ErrorCode: 'INCORRECT_CONFIGURATION', ErrorMessage: 'the subnets have no route' };
      this.#mwaa.set(this.#region, name, { Status: 'CREATE_FAILED', LastUpdate: { Status: 'FAILED', Error: why } });
      return;
    }
    this.#mwaa.set(this.#region, name, { Status: 'AVAILABLE' });
    this.#home = name;
    this.#site.renew();
    this.#site.become('well');
  }
}

/** A DAG bucket that has the newest version of everything and no other one. */
export const newestOnly = (name: string): DagBucket => ({
  name,
  hasVersion: async (_key, versionId) => versionId === 'newest',
  newestVersion: async () => 'newest',
});
