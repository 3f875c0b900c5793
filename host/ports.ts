import { connect, createServer } from 'node:net';
import { AirlockError } from '../report';

/** True when something accepts a connection there. */
export function tcpAnswers(port: number, host = '127.0.0.1', timeoutMs = 1000): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** True when we could listen there. */
export function portFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** @throws `host.port-taken` */
export async function requirePort(port: number, what: string, host = '127.0.0.1'): Promise<void> {
  if (await portFree(port, host)) return;
  throw new AirlockError({
    code: 'host.port-taken',
    message: `Port ${port} on ${host}, wanted for ${what}, is taken by another program`,
    remedy: `Stop what listens there ('ss -ltnp sport = :${port}' names it), or configure another port`,
    where: `${host}:${port}`,
  });
}

/** A port nobody listens on at this moment. */
export function anyFreePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
