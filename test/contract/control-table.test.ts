import { CreateTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { awsClients } from '../../lib/adapters/aws-clients.ts';
import { DynamoControlTable } from '../../lib/adapters/dynamo-control-table.ts';
import { records } from '../../lib/contracts/records.ts';
import { InMemoryControlTable } from '../support/fakes/control-table.ts';
import { useMoto } from '../support/moto-server.ts';
import { useRawEndpoint } from '../support/raw-endpoint.ts';
import { type ControlTableCase, controlTableContract } from './control-table.contract.ts';

describe('control table in memory', () => {
  controlTableContract(async () => {
    const table = new InMemoryControlTable();
    return { table, writeRaw: async (sk, record) => table.corrupt(sk, record) };
  });
});

describe('control table in DynamoDB', () => {
  const moto = useMoto();
  let made = 0;

  async function newTable(): Promise<
    ControlTableCase & { client: ReturnType<ReturnType<typeof awsClients>['dynamo']>; name: string }
  > {
    made += 1;
    const name = `lifeboat-contract-${process.pid}-${made}`;
    const client = awsClients(moto.place()).dynamo();
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
      }),
    );
    const table = new DynamoControlTable({ client, table: name, pair: 'demo' });
    const documents = DynamoDBDocumentClient.from(client);
    const writeRaw = async (sk: string, record: unknown) => {
      await documents.send(new PutCommand({ TableName: name, Item: { pk: 'pair#demo', sk, version: 1, record } }));
    };
    return { table, writeRaw, client, name };
  }

  controlTableContract(newTable);

  it('stores pk, sk, version, the record as a map, and the expiry only when there is one', async () => {
    const { table, client, name } = await newTable();
    const tickAt = '2026-11-24T12:00:00Z';
    const value = { tickAt, finishedAt: null };
    await table.commit([
      { key: records.tick('watch'), expect: 'absent', value },
      { key: records.tick('protect'), expect: 'absent', value, expiresAt: 1_800_000_000 },
    ]);
    const item = async (sk: string) =>
      (await client.send(new GetItemCommand({ TableName: name, Key: { pk: { S: 'pair#demo' }, sk: { S: sk } } }))).Item;
    const stored = {
      pk: { S: 'pair#demo' },
      version: { N: '1' },
      record: { M: { tickAt: { S: tickAt }, finishedAt: { NULL: true } } },
    };
    expect(await item('tick#watch')).toEqual({ ...stored, sk: { S: 'tick#watch' } });
    expect(await item('tick#protect')).toEqual({
      ...stored,
      sk: { S: 'tick#protect' },
      expiresAt: { N: '1800000000' },
    });
  });

  it('keeps the records of two pairs apart', async () => {
    const { table, client, name } = await newTable();
    const other = new DynamoControlTable({ client, table: name, pair: 'other' });
    await table.commit([
      { key: records.grant(), expect: 'absent', value: { holder: 'a', epoch: 1, since: '2026-11-24T12:00:00Z' } },
    ]);
    expect(await other.get(records.grant())).toBeNull();
  });

  it('says which table, pair and Region it was, when there is no such table', async () => {
    const client = awsClients(moto.place()).dynamo();
    const table = new DynamoControlTable({ client, table: 'lifeboat-nobody', pair: 'nobody' });
    const missing = {
      name: 'ControlTableMissingError',
      message: `pair nobody has no control table: lifeboat-nobody does not exist in ${moto.place().region}`,
    };
    await expect(table.get(records.grant())).rejects.toMatchObject(missing);
    await expect(table.list(records.ops())).rejects.toMatchObject(missing);
  });
});

describe('control table against a DynamoDB that answers something else', () => {
  const raw = useRawEndpoint();
  const write = { key: records.grant(), expect: 1, value: { holder: 'a', epoch: 1, since: '2026-11-24T12:00:00Z' } };
  const check = { key: records.audit('1'), expect: 1 };
  const table = () =>
    new DynamoControlTable({ client: awsClients(raw.place()).dynamo(), table: 'lifeboat-demo', pair: 'demo' });
  const cancelled = (...codes: string[]) => ({
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: `Transaction cancelled [${codes.join(', ')}]`,
      CancellationReasons: codes.map((Code) => ({ Code })),
    }),
  });

  it('takes a transaction that met another one as a conflict of that record', async () => {
    raw.answer(() => cancelled('None', 'TransactionConflict'));
    await expect(table().commit([write, check])).rejects.toMatchObject({
      name: 'CommitConflictError',
      keys: ['audit#1'],
    });
  });

  it('says which table, pair and Region it was, when a commit found no such table', async () => {
    const __type = 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException';
    const body = JSON.stringify({ __type, message: 'Requested resource not found' });
    raw.answer(() => ({ status: 400, headers: { 'content-type': 'application/x-amz-json-1.0' }, body }));
    await expect(table().commit([write])).rejects.toMatchObject({
      name: 'ControlTableMissingError',
      message: `pair demo has no control table: lifeboat-demo does not exist in ${raw.place().region}`,
    });
  });

  it('lets a cancellation for any other reason pass as it came', async () => {
    raw.answer(() => cancelled('ThrottlingError', 'None'));
    await expect(table().commit([write, check])).rejects.toMatchObject({ name: 'TransactionCanceledException' });
  });

  it('sends a commit again under the same token when its answer was lost', async () => {
    let calls = 0;
    raw.answer(() => {
      calls += 1;
      if (calls === 1) return 'drop';
      return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: '{}' };
    });
    await table().commit([write]);
    await table().commit([write]);
    const tokens = raw.requests.map((request) => JSON.parse(request.body).ClientRequestToken);
    expect(tokens).toHaveLength(3);
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(tokens[1]).toBe(tokens[0]);
    expect(tokens[2]).not.toBe(tokens[0]);
  });
});
