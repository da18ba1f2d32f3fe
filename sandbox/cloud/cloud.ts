import path from 'node:path';
import { ACCOUNT, CALLERS, IDENTITIES } from './callers.ts';
import { type Front, startFront } from './front.ts';
import { LambdaGateway } from './gateway.ts';
import type { Identity } from './lambda-api.ts';
import { type Moto, type SpawnTagged, startMoto } from './moto.ts';
import type { MwaaHandler } from './mwaa-handler.ts';

export type CloudOptions = {
  /** Folder for logs and port files. */
  stateDir: string;
  /** Python with `moto[server]`. */
  python: string;
  spawn: SpawnTagged;
  /** Regions of the sites; functions anywhere else belong to the controller. */
  regions: { a: string; b: string };
  /** Environment of the functions' processes: the tag of the sandbox. */
  environment: Record<string, string>;
  mwaa?: MwaaHandler;
  /** Callers of function URLs beside the sandbox's own. */
  identities?: Record<string, Identity>;
  /** Port of the front; 0 (default) = chosen by the system. */
  port?: number;
};

export type Cloud = { front: Front; gateway: LambdaGateway; moto: Moto; close(): Promise<void> };

/**
 * Starts the AWS of the sandbox: the front, the Lambda gateway and moto. `front.url` is the endpoint of all AWS calls. Throws
 * MotoNotReadyError, or the error of a taken port; nothing stays running then.
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { regions, stateDir, python, spawn, environment } = options;
  const byRegion: Record<string, string> = { [regions.a]: CALLERS.probeA, [regions.b]: CALLERS.probeB };
  let frontUrl = '';
  const gateway = new LambdaGateway({
    logDir: path.join(stateDir, 'functions'),
    endpoint: () => frontUrl,
    accessKeyFor: (region) => byRegion[region] ?? CALLERS.controller,
    environment,
    account: ACCOUNT,
  });
  const identities = { ...IDENTITIES, ...options.identities };
  const mwaa = options.mwaa ? { mwaa: options.mwaa } : {};
  const front = await startFront({ gateway, identities, port: options.port ?? 0, ...mwaa });
  frontUrl = front.url;
  try {
    const moto = await startMoto({ python, frontPort: front.port, stateDir, spawn });
    front.connectMoto(moto.port);
    const close = async (): Promise<void> => {
      await front.close();
      await gateway.close();
      await moto.close();
    };
    return { front, gateway, moto, close };
  } catch (error) {
    await front.close();
    await gateway.close();
    throw error;
  }
}
