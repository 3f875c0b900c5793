import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Answer = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

/** An HTTP server in this process that misbehaves as told: faults that a real registry cannot be made to show. */
export class FaultyServer {
  readonly seen: SeenRequest[] = [];
  private readonly server = createServer((message, response) => void this.handle(message, response));

  private constructor(private answer: Answer) {}

  static async start(answer: Answer): Promise<FaultyServer> {
    const server = new FaultyServer(answer);
    await new Promise<void>(resolve => server.server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** `GET /path` of each request so far. */
  get lines(): string[] {
    return this.seen.map(request => `${request.method} ${request.path}`);
  }

  respond(answer: Answer): void {
    this.answer = answer;
    this.seen.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of message) parts.push(part as Buffer);
    } catch {
      return;
    }
    const request = {
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers,
      body: Buffer.concat(parts),
    };
    this.seen.push(request);
    await this.answer(request, response);
  }
}

/** Answers in turn; the last one stays. */
export function inTurn(...answers: readonly Answer[]): Answer {
  let turn = 0;
  return (request, response) => answers[Math.min(turn++, answers.length - 1)]?.(request, response);
}

export function reply(status: number, body: string | Buffer = '', headers: Record<string, string> = {}): Answer {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}
