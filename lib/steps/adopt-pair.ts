import { otherSide } from '../contracts/config.ts';
import type { ControlRecord, Grant, GrantPeriod } from '../contracts/control.ts';
import type { ReservedRow } from '../contracts/helper.ts';
import { Side } from '../contracts/ids.ts';
import { environmentTags, helperDags, helperPool, helperSlots } from '../contracts/names.ts';
import { records } from '../contracts/records.ts';
import { NameTakenError } from '../core/errors.ts';
import { EnvironmentNotFoundError } from '../ports/mwaa.ts';
import type { World } from '../ports/world.ts';
import { readReservedRow, writeReservedRow } from './reserved-row.ts';

/**
 * Adopts a pair: the home site gets the grant of epoch 1, both sites their reserved row and the helpers' pool. Safe to
 * repeat: a pair that has a grant keeps it, a row that exists is left alone. With strategy backup-restore the other site
 * may have no environment yet.
 *
 * @returns sentences that say what was done, in order.
 */
export async function adoptPair(
  world: Pick<World, 'airflow' | 'table' | 'config' | 'mwaa' | 'now'>,
): Promise<string[]> {
  const done: string[] = [];
  const { homeSite } = world.config;
  const sides = await sidesThatExist(world);
  if (sides.length === 1) done.push(`site ${otherSide(homeSite)} has no environment: it is created when it is needed`);
  for (const side of sides) {
    await world.airflow(side).ensurePool(helperPool, helperSlots);
    for (const dagId of Object.values(helperDags)) await world.airflow(side).setPaused(dagId, false);
    done.push(`site ${side}: pool ${helperPool} has ${helperSlots} slots and the helper DAGs are open`);
  }
  const since = world.now().toISOString();
  const grant = await world.table.get(records.grant());
  if (!grant) {
    const first: Grant = { holder: homeSite, epoch: 1, since };
    const period: GrantPeriod = { epoch: 1, holder: homeSite, since, until: null };
    const control: ControlRecord = {
      pair: world.config.pair,
      rev: 1,
      // The configuration's mode counts as long as this record does not hold it back.
      mode: 'automatic',
      op: null,
      pausedUntil: null,
      pauseReason: null,
      cooldownUntil: null,
      acknowledgementOwed: null,
      automaticCommits: [],
    };
    await world.table.commit([
      { key: records.grant(), expect: 'absent', value: first },
      { key: records.grantPeriod(1), expect: 'absent', value: period },
      { key: records.control(), expect: 'absent', value: control },
    ]);
    done.push(`site ${homeSite} holds the grant, epoch 1`);
  }
  const current = grant?.value ?? { holder: homeSite, epoch: 1 };
  for (const side of sides) {
    const row = await readReservedRow(world, side);
    if (row.epoch > 0 || row.mode !== 'standby') continue;
    const holds = current.holder === side;
    const first: ReservedRow = {
      site: side,
      epoch: holds ? current.epoch : 0,
      op: null,
      mode: holds ? 'active' : 'standby',
      lastImport: null,
    };
    await writeReservedRow(world, side, first);
    done.push(`site ${side} is ${first.mode}, epoch ${first.epoch}`);
  }
  return done;
}

async function sidesThatExist({ config, mwaa }: Pick<World, 'config' | 'mwaa'>): Promise<readonly Side[]> {
  const away = otherSide(config.homeSite);
  if (config.strategy !== 'backup-restore') return Side.options;
  const { environment, region } = config.sites[away];
  const tags = await mwaa.getEnvironment(region, environment).then(
    (found) => found.Tags ?? {},
    (error: unknown) => {
      if (error instanceof EnvironmentNotFoundError) return null;
      throw error;
    },
  );
  if (tags === null) return [config.homeSite];
  if (tags[environmentTags.pair] === config.pair) return Side.options;
  throw new NameTakenError(
    `${environment} in ${region} exists and was not made for this pair; with strategy backup-restore an op creates it`,
  );
}
