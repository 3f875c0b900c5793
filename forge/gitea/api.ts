import { defaultHttpClient, type HttpClient, type HttpRequest } from '../../net';
import { AirlockError } from '../../report';
import { moved, refused, unreachable, type Attempt } from '../errors';
import type { CallOptions } from '../forge';
import { inTurn } from './turns';

/** A password account, or a token. Creating tokens needs the former. */
export type GiteaCredentials = { readonly username: string; readonly password: string } | { readonly token: string };

export interface GiteaOptions {
  /** `http://gitea.localhost:8080`: the one name people, git and the API use. */
  readonly url: string;
  /** Without them only what is public can be read. */
  readonly credentials?: GiteaCredentials;
  /** Default: the client of this process. */
  readonly http?: HttpClient;
}

type Method = NonNullable<HttpRequest['method']>;

export interface Call extends CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Statuses that are an answer and not a failure, e.g. 404 for "not there". */
  readonly accept?: readonly number[];
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  /** A response header, by its name in lower case. */
  readonly header: (name: string) => string | undefined;
}

/** An answer of the API larger than this is refused, in bytes. */
const maxAnswer = 64 * 1024 * 1024;
const pageSize = 50;
/** Lists longer than this are a defect, not a list. */
const maxPages = 2000;

/**
 * Writes for which Gitea runs git. It makes those of one repository one after the other; dozens at once would wait there without an
 * answer until they look like hanging, so they wait here.
 */
const gitWrites = /^(\/repos\/[^/]+\/[^/]+)\/(?:contents|branches|pulls)\b/;

/** The wire: one JSON request, or a list page by page. Knows credentials and errors, nothing of what is asked for. */
export class GiteaApi {
  readonly url: string;
  private readonly authorization: string | undefined;
  private readonly http: HttpClient;

  constructor(options: GiteaOptions) {
    this.url = cleanUrl(options.url);
    this.authorization = options.credentials && authorizationOf(options.credentials);
    this.http = options.http ?? defaultHttpClient();
  }

  /** `path` is below `/api/v1`, its parts already encoded (see {@link pathOf}). `what` completes "Cannot ...". */
  async request<T>(what: string, method: Method, path: string, call: Call = {}): Promise<Answer<T>> {
    const { body, ...answer } = await this.answer(what, method, path, call);
    return { ...answer, body: parsed<T>(body.toString('utf8')) };
  }

  /** What is no JSON, as it is. */
  async download(what: string, path: string, call: Call = {}): Promise<Buffer> {
    return (await this.answer(what, 'GET', path, call)).body;
  }

  /** The body, or undefined where the forge answers 404. */
  async find<T>(what: string, path: string, call: Call = {}): Promise<T | undefined> {
    const answer = await this.request<T>(what, 'GET', path, { ...call, accept: [404] });
    return answer.status === 404 ? undefined : answer.body;
  }

  /** All items of a paginated list. */
  async *list<T>(what: string, path: string, call: Call = {}): AsyncGenerator<T> {
    let seen = 0;
    for (let page = 1; page <= maxPages; page++) {
      const query = { ...call.query, page, limit: pageSize };
      const { body, header } = await this.request<T[] | null>(what, 'GET', path, { ...call, query });
      const items = Array.isArray(body) ? body : [];
      yield* items;
      seen += items.length;
      // A page may be shorter than asked for although more follow, since the forge has a maximum of its own.
      const total = header('x-total-count');
      const last = total === undefined ? items.length < pageSize : seen >= Number(total);
      if (items.length === 0 || last) return;
    }
  }

  private async answer(what: string, method: Method, path: string, call: Call): Promise<Answer<Buffer>> {
    const attempt: Attempt = { what, url: this.url };
    const exchange = () => this.exchange(attempt, method, path, call);
    const repository = method === 'GET' ? undefined : gitWrites.exec(path)?.[1];
    const answer = await (repository === undefined ? exchange() : inTurn(`${this.url}${repository}`, exchange));
    const location = answer.header('location');
    if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
      // Under this name there is nothing left to remove.
      if (method !== 'DELETE' || !call.accept?.includes(404)) throw moved(attempt, location);
      return { ...answer, status: 404, body: Buffer.alloc(0) };
    }
    if ((answer.status < 200 || answer.status > 299) && !call.accept?.includes(answer.status)) {
      throw refused(attempt, answer.status, saidIn(answer.body.toString('utf8')));
    }
    return answer;
  }

  private async exchange(attempt: Attempt, method: Method, path: string, call: Call): Promise<Answer<Buffer>> {
    const target = new URL(`${this.url}/api/v1${path}`);
    for (const [key, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) target.searchParams.set(key, String(value));
    }
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.authorization) headers['authorization'] = this.authorization;
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    const request: HttpRequest = {
      method,
      url: target,
      headers,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal ? { signal: call.signal } : {}),
    };
    try {
      let response = await this.http.request({ ...request, maxRedirects: 0 });
      if (leadsToTheSame(response.header('location'), target)) response = await this.http.request(request);
      return {
        status: response.status,
        header: (name: string) => response.header(name),
        body: await response.bytes(maxAnswer),
      };
    } catch (error) {
      if (call.signal?.aborted) throw error;
      if (error instanceof AirlockError && !error.code.startsWith('net.')) throw error;
      throw unreachable(attempt, error);
    }
  }
}

/** A redirect to another scheme or host, as to https, and not to another name on the forge. */
function leadsToTheSame(location: string | undefined, from: URL): boolean {
  return location !== undefined && URL.parse(location, from.href)?.pathname === from.pathname;
}

/** Collects a list. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** `/repos/a%20b/c`: each part encoded. */
export function pathOf(...parts: (string | number)[]): string {
  return parts.map(part => `/${encodeURIComponent(String(part))}`).join('');
}

function cleanUrl(url: string): string {
  let parsedUrl: URL;
  try {
    parsedUrl = new URL(url);
  } catch {
    throw new AirlockError({
      code: 'forge.invalid',
      message: `Not a forge URL: ${url}`,
      remedy: 'Write it as http://host:port or https://host',
    });
  }
  if (!['http:', 'https:'].includes(parsedUrl.protocol) || parsedUrl.username || parsedUrl.password) {
    throw new AirlockError({
      code: 'forge.invalid',
      message: `Not a forge URL: ${parsedUrl.protocol}//${parsedUrl.host}`,
      remedy: 'Write it as http://host:port or https://host, with the credentials apart',
    });
  }
  return `${parsedUrl.protocol}//${parsedUrl.host}${parsedUrl.pathname.replace(/\/+$/, '')}`;
}

function authorizationOf(credentials: GiteaCredentials): string {
  if ('token' in credentials) return `token ${credentials.token}`;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

function parsed<T>(text: string): T {
  if (text === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined as T;
  }
}

function saidIn(text: string): string {
  const body = parsed<{ message?: unknown; errors?: readonly unknown[] } | undefined>(text);
  if (typeof body?.message === 'string') {
    // Gitea repeats the same error in `errors`; only what adds to it is worth a line.
    const message = body.message;
    const listed = Array.isArray(body.errors) ? (body.errors as readonly unknown[]) : [];
    const more = listed.filter(entry => typeof entry === 'string' && !message.includes(entry));
    return [message, ...more].join('; ');
  }
  return text.startsWith('<') ? '' : text;
}
