import { awsClients } from '../lib/adapters/aws-clients.ts';
import { DynamoControlTable } from '../lib/adapters/dynamo-control-table.ts';
import { siteAirflow } from '../lib/adapters/mwaa/site-airflow.ts';
import { S3SiteBucket } from '../lib/adapters/s3-site-bucket.ts';
import { StepFunctionsExecutions } from '../lib/adapters/step-functions-executions.ts';
import type { Side } from '../lib/contracts/ids.ts';
import { namesOf } from '../lib/contracts/names.ts';
import type { AirflowApi } from '../lib/ports/airflow.ts';
import type { ControlTable } from '../lib/ports/control-table.ts';
import { CALLERS } from './cloud/callers.ts';
import type { Sandbox } from './up.ts';

/** What the harness itself reads and does through AWS; no fault ever meets it. */
export type Access = {
  readonly table: ControlTable;
  readonly airflow: (side: Side) => AirflowApi;
  readonly bucket: (side: Side) => S3SiteBucket;
  readonly executions: StepFunctionsExecutions;
  /** Environments of a site's Region with their status, of whatever name. */
  readonly environments: (side: Side) => readonly { readonly name: string; readonly status: string }[];
  readonly clients: (region: string) => ReturnType<typeof awsClients>;
};

export function harnessAccess(sandbox: Sandbox): Access {
  const { config, front } = sandbox;
  const credentials = { accessKeyId: CALLERS.harness, secretAccessKey: 'sandbox' };
  const place = (region: string) => ({ region, endpoint: front.url, credentials });
  const names = namesOf(config);
  const controller = awsClients(place(config.controllerRegion));
  return {
    table: new DynamoControlTable({ client: controller.dynamo(), table: names.table, pair: config.pair }),
    airflow: (side) =>
      siteAirflow({
        place: place(config.sites[side].region),
        environment: sandbox.environmentOf(side) ?? config.sites[side].environment,
      }),
    bucket: (side) =>
      new S3SiteBucket({ client: awsClients(place(config.sites[side].region)).s3(), bucket: names.siteBucket(side) }),
    executions: new StepFunctionsExecutions({ client: controller.sfn(), names }),
    environments: (side) => {
      const { region } = config.sites[side];
      return sandbox.mwaa.names(region).map((name) => ({ name, status: sandbox.mwaa.find(region, name).status }));
    },
    clients: (region) => awsClients(place(region)),
  };
}
