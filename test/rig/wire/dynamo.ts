import { z } from 'zod';
import { CommitConflictError, type ControlTable, type Write } from '../../../lib/ports/control-table.ts';
import type { Reply } from '../../../sandbox/cloud/lambda-api.ts';

/*
 * DynamoDB as far as the control table of the product uses it: GetItem, Query by a prefix of the sort key, and
 * TransactWriteItems with the two conditions that its adapter writes. What stands behind is a control table.
 */

type Attribute = { readonly [type: string]: unknown };
type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

const Text = z.object({ S: z.string() });
const Item = z.record(z.string(), z.custom<Attribute>());
const Put = z.object({
  Item,
  ConditionExpression: z.enum(['attribute_not_exists(pk)', 'version = :v']),
  ExpressionAttributeValues: Item.optional(),
});
const Check = Put.omit({ Item: true }).extend({ Key: z.object({ sk: Text }) });
const GetItem = z.object({ Key: z.object({ sk: Text }) });
const Query = z.object({ ExpressionAttributeValues: z.object({ ':prefix': Text }) });
const TransactWriteItems = z.object({
  TransactItems: z.array(z.object({ Put: Put.optional(), ConditionCheck: Check.optional() })),
});

const json = (status: number, body: object): Reply => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});
const key = (sk: string) => ({ sk, schema: z.unknown() });

/** Sort keys that a TransactWriteItems would change, in order; what it only checks is left out. */
export const writtenKeys = (body: string): string[] =>
  TransactWriteItems.parse(JSON.parse(body)).TransactItems.flatMap(({ Put: put }) =>
    put === undefined ? [] : [Text.parse(put.Item.sk).S],
  );

/** Answers one operation from `table`. @throws Error for an operation that the control table's adapter does not use. */
export async function answerDynamo(table: ControlTable, operation: string, body: string): Promise<Reply> {
  const input: unknown = JSON.parse(body);
  if (operation === 'GetItem') {
    const { sk } = GetItem.parse(input).Key;
    const found = await table.get(key(sk.S));
    return json(200, found === null ? {} : { Item: itemOf(sk.S, found) });
  }
  if (operation === 'Query') {
    const prefix = Query.parse(input).ExpressionAttributeValues[':prefix'].S;
    const found = await table.list({ prefix, schema: z.unknown() });
    // The reader takes the sort key for the name of the record in an error only.
    return json(200, { Items: found.map((one) => itemOf(prefix, one)), Count: found.length });
  }
  if (operation === 'TransactWriteItems') return await transact(table, TransactWriteItems.parse(input));
  throw new Error(`the control table uses no ${operation}`);
}

async function transact(table: ControlTable, input: z.infer<typeof TransactWriteItems>): Promise<Reply> {
  const writes = input.TransactItems.map(writeOf);
  try {
    await table.commit(writes);
    return json(200, {});
  } catch (error) {
    if (!(error instanceof CommitConflictError)) throw error;
    const reasons = writes.map(({ key: { sk } }) =>
      error.keys.includes(sk)
        ? { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' }
        : { Code: 'None' },
    );
    const __type = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
    return json(400, { __type, Message: 'Transaction cancelled', CancellationReasons: reasons });
  }
}

function writeOf({
  Put: put,
  ConditionCheck: check,
}: z.infer<typeof TransactWriteItems>['TransactItems'][number]): Write {
  const condition = put ?? check;
  if (condition === undefined) throw new Error('a transaction holds only Put and ConditionCheck');
  const version = condition.ExpressionAttributeValues?.[':v'];
  const expect = version === undefined ? ('absent' as const) : Number(plain(version));
  if (put === undefined) return { key: key(check?.Key.sk.S ?? ''), expect };
  return { key: key(Text.parse(put.Item.sk).S), expect, value: plain(put.Item.record ?? { NULL: true }) };
}

const itemOf = (sk: string, { value, version }: { value: unknown; version: number }) => ({
  sk: { S: sk },
  version: { N: String(version) },
  record: attribute(value),
});

/** What JSON can say, as DynamoDB writes it. */
function attribute(value: unknown): Attribute {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(attribute) };
  if (typeof value !== 'object' || value === null) return { NULL: true };
  return { M: Object.fromEntries(Object.entries(value).map(([name, each]) => [name, attribute(each)])) };
}

function plain(value: Attribute): Plain {
  if (typeof value.S === 'string') return value.S;
  if (typeof value.N === 'string') return Number(value.N);
  if (typeof value.BOOL === 'boolean') return value.BOOL;
  if (value.NULL === true) return null;
  if (Array.isArray(value.L)) return value.L.map((each) => plain(z.custom<Attribute>().parse(each)));
  const members = Item.parse(value.M);
  return Object.fromEntries(Object.entries(members).map(([name, each]) => [name, plain(each)]));
}
