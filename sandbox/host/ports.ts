import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

// A port is only taken once its server listens, so until then the system might hand the same one out again.
const handedOut = new Set<number>();

/** A TCP port of 127.0.0.1 that is free now; the operating system picks it, and no port is given twice by this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listenOn(0);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    return port;
  }
}

/** Says whether a TCP port of 127.0.0.1 is taken. */
export async function portTaken(port: number): Promise<boolean> {
  return listenOn(port).then(
    () => false,
    () => true,
  );
}

/** A UDP port of 127.0.0.1 that is free now; the operating system picks it. */
export function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, LOOPBACK, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function listenOn(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : port));
    });
  });
}
