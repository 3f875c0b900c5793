import { randomInt } from 'node:crypto';
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

/** Below what Linux and macOS give to outgoing connections, of which one may have taken the port by the time it is used. */
const ownPorts = { from: 15_000, to: 32_000 };

/** A port nobody listens on at this moment. Throws `host.port-taken` where there is none. */
export async function anyFreePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = randomInt(ownPorts.from, ownPorts.to);
    if (await portFree(port, host)) return port;
  }
  throw new AirlockError({
    code: 'host.port-taken',
    message: `No port of ${host} is free between ${ownPorts.from} and ${ownPorts.to}`,
    remedy: 'Stop what listens there, or configure the ports',
    where: host,
  });
}
