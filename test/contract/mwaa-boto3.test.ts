import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toolsPython } from '../support/moto-server.ts';
import { type MwaaWorld, startMwaaWorld } from '../unit/sandbox-mwaa/fixture/mwaa-world.ts';

const script = fileURLToPath(new URL('mwaa_boto3.py', import.meta.url));
const SHORT = { create: 0.2, update: 0.2, snapshot: 0.1, rollBack: 0.1, maintenance: 0.1, delete: 0.1 };

let world: MwaaWorld;
let seen: Record<string, unknown>;

/** What an error of the service looks like after AWS's own parser. */
const failure = (Code: string, HTTPStatusCode: number) => ({
  Error: { Code, Message: expect.any(String) },
  ResponseMetadata: { HTTPStatusCode },
  Type: Code,
});

beforeAll(async () => {
  world = await startMwaaWorld({ durations: SHORT, subnets: { 'eu-west-1': ['subnet-1', 'subnet-2'] } });
  for (const [object, version] of Object.entries({
    'plugins.zip': 'v1',
    'requirements.txt': 'v2',
    'startup.sh': 'v3',
  })) {
    world.s3.objects.set(`customer-dags/${object}`, '');
    world.s3.versions.set(`customer-dags/${object}`, [version]);
  }
  const { stdout } = await promisify(execFile)(await toolsPython(), [script, world.url], { timeout: 60_000 });
  seen = z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
});
afterAll(() => world.close());

describe("our MWAA control plane, seen by AWS's own client", () => {
  it('creates an environment and returns every member of it', () => {
    const arn = 'arn:aws:airflow:eu-west-1:123456789012:environment/orders';
    expect(seen.create).toEqual({ Arn: arn });
    expect(seen.creating).toMatchObject({ Environment: { Status: 'CREATING' } });
    expect(seen.available).toMatchObject({
      Environment: {
        Name: 'orders',
        Arn: arn,
        Status: 'AVAILABLE',
        CreatedAt: expect.stringMatching(/^20\d\d-/),
        WebserverUrl: `${world.url}/web/eu-west-1/orders`,
        SourceBucketArn: 'arn:aws:s3:::customer-dags',
        NetworkConfiguration: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] },
        PluginsS3ObjectVersion: 'v1',
        RequirementsS3ObjectVersion: 'v2',
        StartupScriptS3ObjectVersion: 'v3',
        AirflowConfigurationOptions: { 'core.default_timezone': 'utc' },
        EnvironmentClass: 'mw1.medium',
        MinWebservers: 2,
        MaxWebservers: 3,
        LoggingConfiguration: {
          TaskLogs: {
            Enabled: true,
            LogLevel: 'INFO',
            CloudWatchLogGroupArn: expect.stringContaining('airflow-orders-Task'),
          },
        },
        WeeklyMaintenanceWindowStart: 'TUE:03:30',
        EndpointManagement: 'SERVICE',
        Tags: { team: 'data' },
      },
    });
  });

  it('refuses in the shapes of the model', () => {
    expect(seen.createAgain).toMatchObject(failure('ValidationException', 400));
    expect(seen.createWrong).toMatchObject(failure('ValidationException', 400));
    expect(Object.keys(z.record(z.string(), z.unknown()).parse(seen.createRefused)).length).toBeGreaterThan(8);
    for (const [what, answer] of Object.entries(z.record(z.string(), z.unknown()).parse(seen.createRefused))) {
      expect(answer, what).toMatchObject(failure('ValidationException', 400));
    }
    expect(seen.createOutputOnly).toEqual(['Arn', 'Status', 'CloudWatchLogGroupArn']);
    expect(seen.updateTooSoon).toMatchObject(failure('ValidationException', 400));
    for (const key of ['unknown', 'tagsOfNobody', 'invokeNobody', 'cliNobody', 'deleteAgain']) {
      expect(seen[key], key).toMatchObject(failure('ResourceNotFoundException', 404));
    }
  });

  it('updates', () => {
    expect(seen.update).toEqual({ Arn: expect.stringMatching(/orders$/) });
    expect(seen.updated).toMatchObject({
      Environment: {
        MaxWorkers: 6,
        LastUpdate: { Status: 'SUCCESS', WorkerReplacementStrategy: 'GRACEFUL', CreatedAt: expect.any(String) },
      },
    });
  });

  it('tags', () => {
    expect(seen.tag).toEqual({});
    expect(seen.tags).toEqual({ Tags: { team: 'data', 'a b': 'c/d', cost: '1' } });
    expect(seen.untag).toEqual({});
    expect(seen.tagsLeft).toEqual({ Tags: { cost: '1' } });
  });

  it('lists page by page', () => {
    expect(seen.pages).toEqual([
      ['list-0', 'list-1'],
      ['list-2', 'orders'],
    ]);
  });

  it("reaches Airflow's REST API", () => {
    expect(seen.invoke).toMatchObject({
      RestApiStatusCode: 200,
      RestApiResponse: {
        echo: { path: '/api/v1/dags', query: { dag_id_pattern: '%', limit: '2' }, body: '{"is_paused":true}' },
      },
    });
    expect(seen.invokeEmpty).toMatchObject({ RestApiStatusCode: 204 });
    expect(seen.invoke404).toMatchObject({
      ...failure('RestApiClientException', 400),
      RestApiStatusCode: 404,
      RestApiResponse: { detail: 'as asked: 404' },
    });
    expect(seen.invoke500).toMatchObject({ ...failure('RestApiServerException', 400), RestApiStatusCode: 500 });
    expect(seen.invokeLong).toMatchObject(failure('ValidationException', 400));
  });

  it('gives tokens that open the web server', () => {
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    expect(seen.cli).toEqual({ status: 200, answer: { stdout: encoded('dags|list'), stderr: encoded('a warning') } });
    expect(seen.login).toEqual({
      status: 200,
      members: ['AirflowIdentity', 'IamIdentity', 'WebServerHostname', 'WebToken'],
    });
    expect(seen.session).toMatchObject({ status: 200, answer: { echo: { path: '/api/v1/dags' } } });
    expect(seen.noSession).toEqual({ status: 403 });
  });

  it('deletes', () => {
    expect(seen.delete).toEqual({});
    expect(world.backend.events).toContain('destroy orders');
  });
});
