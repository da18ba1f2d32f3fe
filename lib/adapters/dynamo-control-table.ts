import { randomUUID } from 'node:crypto';
import type { CancellationReason, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ResourceNotFoundException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { DynamoDBDocumentClient, GetCommand, paginateQuery, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { RecordKey, RecordRange } from '../contracts/records.ts';
import type { ControlTable, Versioned, Write } from '../ports/control-table.ts';
import { CommitConflictError, ControlTableMissingError } from '../ports/control-table.ts';
import { parseRecord, parseWrites } from './parse-record.ts';

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** What DynamoDB holds for each record: {pk, sk, version, record, expiresAt?}. */
const Item = z.object({ sk: z.string(), version: z.int().positive(), record: z.unknown() });

/** The control records of one pair in DynamoDB. Reads are strongly consistent, each commit is one transaction. */
export class DynamoControlTable implements ControlTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #pair: string;
  readonly #pk: string;

  constructor(options: { client: DynamoDBClient; table: string; pair: string }) {
    this.#client = DynamoDBDocumentClient.from(options.client, { marshallOptions: { removeUndefinedValues: true } });
    this.#table = options.table;
    this.#pair = options.pair;
    this.#pk = `pair#${options.pair}`;
  }

  async get<T>(key: RecordKey<T>): Promise<Versioned<T> | null> {
    const command = new GetCommand({
      TableName: this.#table,
      Key: { pk: this.#pk, sk: key.sk },
      ConsistentRead: true,
    });
    const answer = await this.#client.send(command).catch((error: unknown) => this.#fail(error));
    return answer.Item === undefined ? null : versioned(key.schema, answer.Item);
  }

  async list<T>(range: RecordRange<T>): Promise<Versioned<T>[]> {
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': this.#pk, ':prefix': range.prefix },
        ConsistentRead: true,
      },
    );
    const found: Versioned<T>[] = [];
    try {
      for await (const page of pages) {
        for (const item of page.Items ?? []) found.push(versioned(range.schema, item));
      }
    } catch (error) {
      await this.#fail(error);
    }
    return found;
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const parsed = parseWrites(writes);
    const command = new TransactWriteCommand({
      TransactItems: parsed.map(({ write, value }) => this.#transactItem(write, value)),
      // A commit whose answer was lost is sent again by the SDK: the token makes the second a look at the first.
      ClientRequestToken: randomUUID(),
    });
    try {
      await this.#client.send(command);
    } catch (error) {
      await this.#fail(conflictOf(error, writes) ?? error);
    }
  }

  /** Throws what a caller can act on. */
  async #fail(error: unknown): Promise<never> {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    const region = await this.#client.config.region();
    throw new ControlTableMissingError({ table: this.#table, pair: this.#pair, region }, error);
  }

  #transactItem(write: Write, value: unknown): TransactItem {
    const key = { pk: this.#pk, sk: write.key.sk };
    const condition =
      write.expect === 'absent'
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'version = :v', ExpressionAttributeValues: { ':v': write.expect } };
    if (value === undefined) return { ConditionCheck: { TableName: this.#table, Key: key, ...condition } };
    const version = write.expect === 'absent' ? 1 : write.expect + 1;
    const expiry = write.expiresAt === undefined ? {} : { expiresAt: write.expiresAt };
    return { Put: { TableName: this.#table, Item: { ...key, version, record: value, ...expiry }, ...condition } };
  }
}

function versioned<T>(schema: z.ZodType<T>, raw: Record<string, unknown>): Versioned<T> {
  const item = parseRecord(String(raw.sk), Item, raw);
  return { value: parseRecord(item.sk, schema, item.record), version: item.version };
}

/** DynamoDB answers one reason for each write, in their order. Null when no other writer was the cause. */
function conflictOf(error: unknown, writes: readonly Write[]): CommitConflictError | null {
  if (!(error instanceof TransactionCanceledException)) return null;
  const reasons = error.CancellationReasons ?? [];
  const keys = writes.filter((_, index) => isConflict(reasons[index])).map((write) => write.key.sk);
  return keys.length === 0 ? null : new CommitConflictError(keys);
}

const isConflict = (reason: CancellationReason | undefined): boolean =>
  reason?.Code === 'ConditionalCheckFailed' || reason?.Code === 'TransactionConflict';
