import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HelperRequest, type ReservedRow } from '../../lib/contracts/helper.ts';
import { Manifest } from '../../lib/contracts/manifest.ts';
import { keysOf } from '../../lib/contracts/names.ts';
import type { FakeAirflow } from './fakes/airflow.ts';
import type { InMemorySiteBucket } from './fakes/site-bucket.ts';

/** The documents that helper DAGs and controller agree on: what is answered here has the shape that they pin. */
const vector = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../contract/vectors/${name}.json`, import.meta.url), 'utf8'));

type Ask<K extends HelperRequest['kind']> = Extract<HelperRequest, { kind: K }>;
export type HelperSite = {
  readonly side: 'a' | 'b';
  readonly airflow: FakeAirflow;
  readonly bucket: InMemorySiteBucket;
  readonly row: () => ReservedRow;
  readonly writeRow: (row: ReservedRow) => void;
  readonly now: () => Date;
};

/** A helper's refusal by rule: `name` is what the result carries. */
export class HelperRule extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const refuse = (name: string, message: string): never => {
  throw new HelperRule(name, message);
};

/** Does what the helper DAGs do, by the same rules of the reserved row, in memory. */
export async function serveHelper(site: HelperSite, requestKey: string): Promise<Record<string, unknown>> {
  const stored = await site.bucket.read(requestKey);
  const request = HelperRequest.parse(JSON.parse(stored?.body.toString('utf8') ?? 'null'));
  if (request.site !== site.side) refuse('RequestInvalidError', `the request is for site ${request.site}`);
  const row = site.row();
  if (request.epoch < row.epoch) {
    refuse('StaleEpochError', `the request carries epoch ${request.epoch}, this site is already at epoch ${row.epoch}`);
  }
  if (request.kind === 'export') return await exportTo(site, request, row);
  if (request.kind === 'import') return await importFrom(site, request, row);
  return promote(site, request, row);
}

async function exportTo(site: HelperSite, request: Ask<'export'>, row: ReservedRow) {
  if (row.mode !== 'active' || row.epoch !== request.epoch) {
    refuse('NotActiveError', `this site is ${row.mode} at epoch ${row.epoch}`);
  }
  if (!/^\d{6}-[0-9A-HJKMNP-TV-Z]{26}$/.test(request.snapshotId)) {
    refuse('RequestInvalidError', `snapshotId ${request.snapshotId} is not <epoch, 6 digits>-<ulid>`);
  }
  const prefix = `${request.pair}/snapshots/${request.snapshotId}/`;
  const objects = ['dag_run', 'task_instance'].map((table) => {
    const body = `${table} of ${request.snapshotId}`;
    const about = { key: `${prefix}${table}.copy.gz`, table, stage: 'essential', columns: [['id', 'integer']] };
    return {
      body,
      about: { ...about, rows: 2, rawBytes: 9, bytes: body.length, sha256: sha256(body), encrypted: false },
    };
  });
  for (const { body, about } of objects) await site.bucket.write(about.key, body);
  const at = site.now().toISOString();
  const text = JSON.stringify({
    ...vector('manifest'),
    snapshotId: request.snapshotId,
    pair: request.pair,
    site: site.side,
    epoch: request.epoch,
    snapshotAt: at,
    sealedAt: at,
    objects: objects.map(({ about }) => about),
    dags: site.airflow.dags
      .filter(({ dagId }) => !dagId.startsWith('lifeboat_'))
      .map(({ dagId, isPaused, isActive }) => ({ dagId, isPaused, isActive })),
  });
  const manifestKey = keysOf(request.pair).manifest(request.snapshotId);
  await site.bucket.write(manifestKey, text);
  const { snapshotId } = request;
  return {
    ...vector('result-export'),
    snapshotId,
    manifestKey,
    manifestSha256: sha256(text),
    snapshotAt: at,
    sealedAt: at,
  };
}

async function importFrom(site: HelperSite, request: Ask<'import'>, row: ReservedRow) {
  const manifest = await sealed(site, request);
  for (const object of manifest.objects) {
    const found = await site.bucket.hash(object.key);
    if (found?.sha256 !== object.sha256) refuse('ObjectCorruptError', `${object.key} is not what the manifest sealed`);
  }
  if (row.mode === 'fenced') refuse('FencedSiteError', 'this site needs a recorded rejoin');
  if (row.op !== null && row.op !== request.op) refuse('OtherOpError', `this site belongs to ${row.op}`);
  if (row.mode === 'active' && (request.stage !== 'history' || row.epoch !== request.epoch)) {
    refuse('ActiveSiteError', `this site runs production at epoch ${row.epoch}`);
  }
  const last = row.lastImport;
  const at = manifest.snapshotAt;
  if (last && (manifest.epoch < last.epoch || (manifest.epoch === last.epoch && at < last.snapshotAt))) {
    refuse('OlderSnapshotError', `the snapshot is of ${at}, this site holds ${last.snapshotAt}`);
  }
  const lastImport = { epoch: manifest.epoch, snapshotAt: at, snapshotId: manifest.snapshotId, stage: request.stage };
  site.writeRow(request.stage === 'history' ? row : { ...row, op: request.op, lastImport });
  return vector(`result-import-${request.stage}`);
}

async function sealed(site: HelperSite, request: Ask<'import'> | Ask<'promote'>): Promise<Manifest> {
  const version = request.manifestVersionId ?? undefined;
  const stored = await site.bucket.read(keysOf(request.pair).manifest(request.snapshotId), version);
  if (stored?.sha256 !== request.manifestSha256) {
    return refuse('ManifestInvalidError', `the manifest of ${request.snapshotId} is not the sealed one`);
  }
  return Manifest.parse(JSON.parse(stored.body.toString('utf8')));
}

function promote(site: HelperSite, request: Ask<'promote'>, row: ReservedRow) {
  if (row.mode === 'fenced') refuse('FencedSiteError', 'this site needs a recorded rejoin');
  if (row.op !== null && row.op !== request.op) refuse('OtherOpError', `this site belongs to ${row.op}`);
  if (row.mode === 'active' && row.epoch !== request.epoch)
    refuse('ActiveSiteError', 'this site runs production already');
  site.writeRow({ ...row, epoch: request.epoch, op: request.op, mode: 'active' });
  const dags = request.pauseMap
    .filter(({ dagId, isPaused }) => !isPaused && !dagId.startsWith('lifeboat_'))
    .map(({ dagId }) => ({ dagId, wave: 2, unpaused: site.airflow.dags.some((dag) => dag.dagId === dagId) }));
  for (const dag of site.airflow.dags) {
    if (dags.some(({ dagId }) => dagId === dag.dagId)) dag.isPaused = false;
  }
  const leftPaused = dags
    .filter((dag) => !dag.unpaused)
    .map(({ dagId }) => ({ dagId, why: 'this site does not have it' }));
  return { ...vector('result-promote'), dags, leftPaused, nextRuns: [] };
}
