import { ListAliasesCommand } from '@aws-sdk/client-kms';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { z } from 'zod';
import type { Outcome } from '../../contracts/observation.ts';
import type { AwsClients } from '../aws-clients.ts';
import { failureKind } from '../failure-kind.ts';
import type { Finding } from './observe.ts';

/** An error that a service answered, in contrast to one that arose on our side. */
const ServiceAnswer = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) });

/**
 * One cheap call to each of three services of a Region. A refusal is an answer, too: it proves that the Region is
 * there. `unreachable` only when all three are; what failed on our side (no credentials) proves nothing.
 */
export async function askRegion(clients: AwsClients, signal: AbortSignal): Promise<Finding> {
  const { region } = clients;
  const options = { abortSignal: signal };
  const answers = await Promise.all([
    answerOf('sts', clients.sts().send(new GetCallerIdentityCommand({}), options)),
    answerOf('sns', clients.sns().send(new ListTopicsCommand({}), options)),
    answerOf('kms', clients.kms().send(new ListAliasesCommand({ Limit: 1 }), options)),
  ]);
  const evidence = { services: Object.fromEntries(answers.map(({ service, outcome }) => [service, outcome])) };
  const alive = answers.filter(({ outcome }) => outcome === 'alive').map(({ service }) => service);
  if (alive.length > 0) return { outcome: 'alive', cause: `${alive.join(', ')} of ${region} answered`, evidence };
  const causes = answers.map(({ service, cause }) => `${service} ${cause}`).join('; ');
  const outcome = answers.every((answer) => answer.outcome === 'unreachable') ? 'unreachable' : 'unreadable';
  return { outcome, cause: `no service of ${region} answered: ${causes}`, evidence };
}

type Answer = { readonly service: string; readonly outcome: Outcome; readonly cause: string };

async function answerOf(service: string, call: Promise<unknown>): Promise<Answer> {
  try {
    await call;
    return { service, outcome: 'alive', cause: 'answered' };
  } catch (error) {
    const { kind, cause } = failureKind(error);
    const refused = kind === 'unreadable' && ServiceAnswer.safeParse(error).success;
    return { service, outcome: refused ? 'alive' : kind, cause };
  }
}
