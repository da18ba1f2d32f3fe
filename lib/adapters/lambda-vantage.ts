import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { Instant, Side } from '../contracts/ids.ts';
import { Observation } from '../contracts/observation.ts';
import type { Vantage } from '../ports/probe.ts';
import { failureKind } from './failure-kind.ts';

/** What the probe function of another Region is asked, and what it answers. */
export const VantageRequest = z.object({
  site: Side,
  now: Instant,
  environment: z.string().optional().describe('Name of the site’s environment; without it, the configured one.'),
});
const VantageReply = z.object({ observations: z.array(Observation) });

/** The function answered with an error of its own: nothing is known about the site. */
class VantageFunctionError extends Error {
  override readonly name = 'VantageFunctionError';
}

/** Looks from another Region through the probe function there. */
export class LambdaVantage implements Vantage {
  readonly region: string;
  readonly #client: LambdaClient;
  readonly #functionName: string;
  readonly #environmentOf: (site: Side) => string;

  /** `client` is of that Region, with a request time-out longer than the function's own budget. */
  constructor(options: {
    region: string;
    client: LambdaClient;
    functionName: string;
    environmentOf: (site: Side) => string;
  }) {
    this.region = options.region;
    this.#client = options.client;
    this.#functionName = options.functionName;
    this.#environmentOf = options.environmentOf;
  }

  async look(site: Side, now: Date): Promise<Observation[]> {
    try {
      return await this.#ask(site, now);
    } catch (error) {
      const { kind, cause } = failureKind(error);
      return [
        {
          site,
          signal: 'self',
          vantage: this.region,
          outcome: kind,
          at: now.toISOString(),
          cause: `the probe function in ${this.region} gave no observations: ${cause}`,
          evidence: {},
        },
      ];
    }
  }

  async #ask(site: Side, now: Date): Promise<Observation[]> {
    const request: z.infer<typeof VantageRequest> = {
      site,
      now: now.toISOString(),
      environment: this.#environmentOf(site),
    };
    const answer = await this.#client.send(
      new InvokeCommand({ FunctionName: this.#functionName, Payload: Buffer.from(JSON.stringify(request)) }),
    );
    const text = Buffer.from(answer.Payload ?? []).toString('utf8');
    if (answer.FunctionError !== undefined) {
      throw new VantageFunctionError(`${this.#functionName} failed (${answer.FunctionError}): ${text.slice(0, 300)}`);
    }
    const { observations } = VantageReply.parse(JSON.parse(text));
    const stray = observations.find((one) => one.site !== site || one.vantage !== this.region);
    // A vantage that speaks for another one would be counted twice.
    if (stray !== undefined) {
      throw new VantageFunctionError(`it answered for site ${stray.site} as seen from ${stray.vantage}`);
    }
    return observations;
  }
}
