import { VantageRequest } from '../../lib/adapters/lambda-vantage.ts';
import { type Handler, parseEvent } from '../_runtime/handler.ts';
import { worldOfVantage } from '../_runtime/world.ts';

/** The second vantage: runs the probes of one site from this function's Region and returns the observations. */
export const handler: Handler<unknown> = async (event) => {
  const { site, now, environment } = parseEvent(VantageRequest, event);
  return { observations: await worldOfVantage(site, environment).look(site, new Date(now)) };
};
