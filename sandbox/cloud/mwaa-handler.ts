import type { IncomingHttpHeaders } from 'node:http';

/** One request that the front hands to the fake of Amazon MWAA. */
export type MwaaRequest = {
  /** Region of the SigV4 scope (`api`), or the one named in the path (`web`). */
  region: string;
  method: string;
  /**
   * Path without the query. `api`: as the SDK sent it (`/environments/x`). `web`: what follows `/web/<region>/<environment>`
   * is kept together with that prefix, so that the handler finds the environment in it.
   */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** `api`: a signed call of the MWAA control plane. `web`: an unsigned call to an environment's web server. */
  kind: 'api' | 'web';
};

export type MwaaReply = {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer | string;
};

/** The fake of Amazon MWAA as the front sees it. It never throws: errors are replies in the shape of the service. */
export type MwaaHandler = (request: MwaaRequest) => Promise<MwaaReply>;
