import type {
  CapturedRecord,
  ControlRecord,
  FenceRecord,
  Grant,
  SiteRecord,
  SnapshotRecord,
  TickRecord,
} from '../../contracts/control.ts';
import type { Side } from '../../contracts/ids.ts';

/** What a look has found, or why it could not be made. `isDenied`: the caller may not look. */
export type Seen<T> =
  | { readonly seen: true; readonly value: T }
  | { readonly seen: false; readonly why: string; readonly isDenied: boolean };

/** The control records; null when the pair was never adopted. */
export type ControlFacts = {
  readonly control: ControlRecord;
  readonly grant: Grant;
  readonly fences: readonly FenceRecord[];
  readonly snapshots: readonly SnapshotRecord[];
  readonly sites: readonly SiteRecord[];
  readonly captured: Readonly<Record<Side, CapturedRecord | null>>;
  readonly ticks: { readonly watch: TickRecord | null; readonly protect: TickRecord | null };
  /** The open op is held: it waits for this human action. */
  readonly needs: string | null;
};

/** The control table; null when it does not exist. */
export type TableFacts = { readonly hasPointInTimeRecovery: boolean; readonly isProtected: boolean };

export type FunctionFacts = {
  readonly name: string;
  readonly region: string;
  /** Null when the function does not exist. */
  readonly deployed: {
    readonly roleArn: string;
    /** Fields of the configuration in which it differs from the file; null when it has none that can be read. */
    readonly differs: readonly string[] | null;
  } | null;
};

/** One thing that a role needs and has not. */
export type MissingRight = {
  readonly who: string;
  readonly roleArn: string;
  readonly action: string;
  readonly resource: string;
  /** What IAM said, or that the role does not exist. */
  readonly decision: 'explicitDeny' | 'implicitDeny' | 'no-role';
};

export type RightsFacts = { readonly asked: number; readonly missing: readonly MissingRight[] };

/** The execution role of an environment; null when it does not exist. */
export type ExecutionRoleFacts = {
  /** Services that may not assume it, but have to. */
  readonly notTrusted: readonly string[];
  readonly missing: readonly Omit<MissingRight, 'who' | 'roleArn'>[];
} | null;

export type MachineFacts = {
  readonly name: string;
  readonly exists: boolean;
  readonly isActive: boolean;
  /** Its definition is the one of this version. */
  readonly isCurrent: boolean;
};

export type ScheduleFacts = { readonly name: string; readonly exists: boolean; readonly isEnabled: boolean };

/** The topic of the pair; null when it does not exist. */
export type TopicFacts = { readonly confirmed: number; readonly pending: readonly string[] } | null;

/** Seconds by which AWS is ahead of this machine. */
export type ClockFacts = { readonly aheadSeconds: number };

/** `limit` is null when Service Quotas does not know such a quota. */
export type QuotaFacts = { readonly limit: number | null; readonly used: number };

/** The product's bucket of a site; null when it does not exist. */
export type BucketFacts = {
  readonly region: string;
  readonly isVersioned: boolean;
  /** Key id of its default encryption; null when it has none of KMS. */
  readonly keyId: string | null;
  readonly rules: readonly { readonly isEnabled: boolean; readonly prefix: string; readonly destination: string }[];
} | null;

/** The pair's key as one site's Region knows it; null when its alias does not exist. */
export type KeyFacts = {
  readonly keyId: string;
  readonly isMultiRegion: boolean;
  readonly isEnabled: boolean;
  /** Why a data key of the other Region could not be opened here; null when it could. */
  readonly notOpened: string | null;
} | null;

export type ObjectReference = { readonly kind: string; readonly key: string; readonly version: string | null };

/** The environment of a site; null when it does not exist. No value of a configuration option is among it. */
export type EnvironmentFacts = {
  readonly name: string;
  readonly status: string;
  readonly airflowVersion: string;
  readonly webServerAccess: string;
  readonly sourceBucket: string;
  readonly executionRoleArn: string;
  readonly dagPath: string;
  /** Plugins, requirements and startup script with the versions that are pinned. */
  readonly objects: readonly ObjectReference[];
  /** Options that keep the heartbeat out of CloudWatch. */
  readonly hidesHeartbeat: readonly string[];
  /** `core.dags_are_paused_at_creation` is False. */
  readonly opensNewDags: boolean;
  /** Pair and site that it was made for, by the tags that an op gives; null when it has no such tag. */
  readonly madeFor: { readonly pair: string | null; readonly site: string | null };
} | null;

/** Airflow of a site; null when the site has no environment. */
export type AirflowFacts = {
  readonly helpers: readonly { readonly dagId: string; readonly isPaused: boolean; readonly isActive: boolean }[];
  readonly scheduler: string | null;
} | null;

/** The heartbeat of the last week; null when the site has no environment. */
export type HeartbeatFacts = {
  readonly periodSeconds: number;
  /** Complete periods since the first one with a heartbeat; 0 when there was none in a week. */
  readonly periods: number;
  /** Periods among them without a heartbeat. */
  readonly empty: number;
  /** Usual seconds from one heartbeat to the next one. */
  readonly usualSeconds: number;
  readonly worstGapSeconds: number;
} | null;

/** The newest stamp of a site's canary; null when it never stamped. */
export type StampFacts = {
  readonly at: string;
  readonly mode: string;
  readonly isPaused: boolean;
  readonly helperVersion: string | null;
  readonly gate: { readonly installed: boolean; readonly version: string | null } | null;
  /** When S3 got it. */
  readonly storedAt: string;
  readonly versionId: string | null;
} | null;

/** The copy of a site's stamp in the other site's bucket; null when there is none. */
export type ReplicaFacts = { readonly at: string; readonly versionId: string | null } | null;

/** The newest verified snapshot's manifest; null when there is none. */
export type ManifestFacts = { readonly snapshotId: string; readonly openedUponCreation: readonly string[] } | null;

/** The copy of the captured configuration in the other site's bucket; null when there is none. */
export type CapturedFacts = {
  readonly of: Side;
  readonly sha256: string;
  readonly airflowVersion: string;
  /** What keeps an op from asking for an environment like it at the other site; names of fields, no values of options. */
  readonly objections: readonly string[];
} | null;

/** The DAG bucket of a site; null when it does not exist. */
export type DagBucketFacts = {
  readonly isVersioned: boolean;
  /** Version of the helper DAGs that lie in it; null when there are none. */
  readonly helperVersion: string | null;
  /** What the site’s environment names and is not here; without one, what the captured configuration names. */
  readonly missing: readonly (ObjectReference & { readonly what: 'object' | 'version' })[];
} | null;

/** The network of a site that may have to be created; null when the configuration says none. */
export type NetworkFacts = {
  readonly subnets: readonly {
    readonly id: string;
    /** Null when it does not exist in the site's Region. */
    readonly found: { readonly zone: string; readonly freeAddresses: number; readonly vpc: string } | null;
  }[];
  readonly groups: readonly { readonly id: string; readonly vpc: string | null }[];
} | null;

/** What is looked at once for the pair. */
export type PairLooks = {
  readonly control: ControlFacts | null;
  readonly table: TableFacts | null;
  readonly functions: readonly FunctionFacts[];
  readonly rights: RightsFacts;
  readonly machines: readonly MachineFacts[];
  readonly schedules: readonly ScheduleFacts[];
  readonly topic: TopicFacts;
  readonly clock: ClockFacts;
  readonly manifest: ManifestFacts;
  readonly captured: CapturedFacts;
};

/** What is looked at for each site. */
export type SiteLooks = {
  readonly executionRole: ExecutionRoleFacts;
  readonly quota: QuotaFacts;
  readonly bucket: BucketFacts;
  readonly key: KeyFacts;
  readonly environment: EnvironmentFacts;
  readonly airflow: AirflowFacts;
  readonly heartbeat: HeartbeatFacts;
  readonly stamp: StampFacts;
  readonly replica: ReplicaFacts;
  readonly dagBucket: DagBucketFacts;
  readonly network: NetworkFacts;
};

export type PairLook = keyof PairLooks;
export type SiteLook = keyof SiteLooks;
export type LookName = PairLook | SiteLook;

/** All looks that were made; those that no check needed are absent. */
export type Looks = {
  readonly pair: { readonly [L in PairLook]?: Seen<PairLooks[L]> };
  readonly site: { readonly [L in SiteLook]?: Readonly<Record<Side, Seen<SiteLooks[L]>>> };
};
