import { CreateEnvironmentRequest } from '../../../lib/contracts/environment.ts';
import { Side } from '../../../lib/contracts/ids.ts';
import { EnvironmentNotFoundError, EnvironmentRequestRefusedError } from '../../../lib/ports/mwaa.ts';
import type { World } from '../../../lib/ports/world.ts';
import type { Reply } from '../../../sandbox/cloud/lambda-api.ts';
import type { RequestFacts } from '../../../sandbox/cloud/request-facts.ts';
import { errorReply, invalid, jsonReply, MwaaServiceError } from '../../../sandbox/mwaa/replies.ts';
import { CreateInput, EnvironmentName, InvokeInput, parsedBody, validated } from '../../../sandbox/mwaa/validation.ts';
import { answerAirflow } from './airflow.ts';

/** Airflow runs behind these. */
const up = new Set(['AVAILABLE', 'UPDATE_FAILED', 'UPDATING', 'MAINTENANCE']);

/**
 * Amazon MWAA as far as the product uses it, over the control plane and the Airflows of a world: requests pass the
 * validation of the sandbox's own fake, and failures have its shapes.
 */
export async function answerMwaa(world: World, facts: RequestFacts, body: Buffer): Promise<Reply> {
  try {
    return await operate(world, facts, body);
  } catch (error) {
    if (error instanceof EnvironmentNotFoundError) {
      return errorReply(new MwaaServiceError('ResourceNotFoundException', error.message));
    }
    return errorReply(error instanceof EnvironmentRequestRefusedError ? invalid(error.message) : error);
  }
}

async function operate(world: World, { operation, region, path }: RequestFacts, body: Buffer): Promise<Reply> {
  const name = validated(EnvironmentName, decodeURIComponent(path.split('/').at(-1) ?? ''));
  switch (operation) {
    case 'GetEnvironment':
      return jsonReply({ Environment: await world.mwaa.getEnvironment(region, name) });
    case 'CreateEnvironment': {
      const request = CreateEnvironmentRequest.parse({ ...parsedBody(CreateInput, body), Name: name });
      await world.mwaa.createEnvironment(region, request);
      return jsonReply({ Arn: `arn:aws:airflow:${region}:${world.config.account}:environment/${name}` });
    }
    case 'DeleteEnvironment':
      await world.mwaa.deleteEnvironment(region, name);
      return jsonReply({});
    case 'InvokeRestApi':
      return jsonReply(await invoke(world, region, name, parsedBody(InvokeInput, body)));
    default:
      throw invalid(`the product uses no ${operation}`);
  }
}

async function invoke(world: World, region: string, name: string, { Method, Path, Body }: InvokeInput) {
  const side = Side.options.find((each) => world.config.sites[each].region === region);
  const { Status } = await world.mwaa.getEnvironment(region, name);
  const isUp = side !== undefined && up.has(Status);
  const { status, document } = isUp
    ? await answerAirflow(world.airflow(side), Method, Path, Body ?? null)
    : { status: 503, document: { detail: 'The web server is not running.' } };
  if (status < 400) return { RestApiStatusCode: status, RestApiResponse: document };
  const error = status >= 500 ? 'RestApiServerException' : 'RestApiClientException';
  throw new MwaaServiceError(error, `Airflow answered ${status}`, {
    RestApiStatusCode: status,
    RestApiResponse: document,
  });
}
