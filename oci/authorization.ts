import { AirlockError } from '../report';
import { shownUrl, type HttpClient, type HttpResponse } from '../net';
import { basicAuthorization, type Credentials, type CredentialSource } from './credentials';
import { parseChallenges, type Challenge } from './challenge';

/** Tokens are asked anew this long before they expire. */
const MARGIN_MS = 15_000;
/** The life of a token that names none (distribution's token specification). */
const DEFAULT_LIFE_S = 60;

interface Token {
  readonly value: string;
  readonly until: number;
}

/**
 * Authorization at one registry: basic, or the bearer token flow of the distribution project. Starts without
 * credentials, and after the first challenge sends what was asked for before being asked.
 */
export class Authorization {
  private challenge: Challenge | undefined;
  /** By repository: an account may be for a part of the registry only. */
  private readonly credentials = new Map<string, Promise<Credentials | undefined>>();
  private readonly tokens = new Map<string, Promise<Token>>();

  constructor(
    private readonly http: HttpClient,
    private readonly registry: URL,
    /** The name credentials are kept under. */
    private readonly host: string,
    private readonly source: CredentialSource,
  ) {}

  /** The header to send, or undefined when nothing is known to be needed. `scopes`: `repository:<name>:<actions>`. */
  async header(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    const challenge = this.challenge;
    if (!challenge) return undefined;
    const credentials = await this.login(scopes);
    if (credentials && 'token' in credentials) return `Bearer ${credentials.token}`;
    if (challenge.scheme === 'basic') {
      return credentials && 'username' in credentials
        ? basicAuthorization(credentials.username, credentials.password)
        : undefined;
    }
    return `Bearer ${(await this.token(challenge, scopes, credentials, signal)).value}`;
  }

  /** Takes in a 401. True when another attempt with a new {@link header} makes sense. */
  async answer(response: HttpResponse, sent: string | undefined, scopes: readonly string[]): Promise<boolean> {
    const offered = parseChallenges(response.header('www-authenticate') ?? '');
    const challenge =
      offered.find(one => one.scheme === 'bearer' && one.parameters['realm']) ??
      offered.find(one => one.scheme === 'basic');
    if (!challenge) return false;
    this.challenge = challenge;
    const credentials = await this.login(scopes);
    if (challenge.scheme === 'basic') return sent === undefined && credentials !== undefined;
    // A refused token may have been withdrawn; one fresh token is worth a try, a token written by the user is not.
    this.tokens.delete(scopeKey(scopes));
    return sent === undefined || !(credentials && 'token' in credentials);
  }

  private login(scopes: readonly string[]): Promise<Credentials | undefined> {
    const repository = /^repository:([^:]+):/.exec(scopes[0] ?? '')?.[1];
    const known = this.credentials.get(repository ?? '') ?? this.source(this.host, repository);
    this.credentials.set(repository ?? '', known);
    return known;
  }

  private token(
    challenge: Challenge,
    scopes: readonly string[],
    credentials: Credentials | undefined,
    signal?: AbortSignal,
  ): Promise<Token> {
    const key = scopeKey(scopes);
    const renew = (): Promise<Token> => {
      const asked = this.askToken(challenge, scopes, credentials, signal);
      this.tokens.set(key, asked);
      asked.catch(() => this.tokens.get(key) === asked && this.tokens.delete(key));
      return asked;
    };
    const known = this.tokens.get(key);
    return known ? known.then(token => (token.until > Date.now() ? token : renew())) : renew();
  }

  private async askToken(
    challenge: Challenge,
    scopes: readonly string[],
    credentials: Credentials | undefined,
    signal?: AbortSignal,
  ): Promise<Token> {
    const realm = this.realm(challenge);
    const service = challenge.parameters['service'];
    const response =
      credentials && 'identityToken' in credentials
        ? await this.http.request({
            method: 'POST',
            url: realm,
            idempotent: true,
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams({
              grant_type: 'refresh_token',
              refresh_token: credentials.identityToken,
              client_id: 'airlock',
              scope: scopes.join(' '),
              ...(service === undefined ? {} : { service }),
            }).toString(),
            ...(signal ? { signal } : {}),
          })
        : await this.http.request({
            url: withQuery(realm, service, scopes),
            headers:
              credentials && 'username' in credentials
                ? { authorization: basicAuthorization(credentials.username, credentials.password) }
                : {},
            ...(signal ? { signal } : {}),
          });
    if (!response.ok) {
      await response.discard();
      throw this.refused(realm, `status ${response.status}`);
    }
    const answer = (await response.json(1024 * 1024)) as {
      token?: unknown;
      access_token?: unknown;
      expires_in?: unknown;
    };
    const value = answer.token ?? answer.access_token;
    if (typeof value !== 'string' || value === '') throw this.refused(realm, 'the answer contains no token');
    const life = typeof answer.expires_in === 'number' && answer.expires_in > 0 ? answer.expires_in : DEFAULT_LIFE_S;
    // A very short life must not mean a token for each request.
    return { value, until: Date.now() + Math.max(life * 1000 - MARGIN_MS, (life * 1000) / 2) };
  }

  /** The realm comes from the registry: it may name another host, as most do, but not lead from HTTPS to plain HTTP. */
  private realm(challenge: Challenge): URL {
    const text = challenge.parameters['realm'] ?? '';
    const realm = URL.canParse(text) ? new URL(text) : undefined;
    if (
      !realm ||
      !/^https?:$/.test(realm.protocol) ||
      (this.registry.protocol === 'https:' && realm.protocol !== 'https:')
    ) {
      throw new AirlockError({
        code: 'oci.unsafe-realm',
        message: `registry ${this.host} asks to send credentials to an address that is not accepted`,
        remedy: 'Its token service must have an https URL; correct the configuration of the registry',
        where: this.host,
      });
    }
    realm.username = realm.password = realm.hash = '';
    return realm;
  }

  private refused(realm: URL, why: string): AirlockError {
    return new AirlockError({
      code: 'oci.unauthorized',
      message: `the token service of ${this.host} refused: ${why}`,
      remedy: `Check the credentials for ${this.host} (docker login, or those in the configuration)`,
      where: shownUrl(realm),
    });
  }
}

function withQuery(realm: URL, service: string | undefined, scopes: readonly string[]): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return url;
}

function scopeKey(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ');
}
