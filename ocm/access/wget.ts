import type { HttpRequest } from '../../net';
import { consumerOf, consumerType } from '../../oci';
import { AirlockError } from '../../report';
import type { AccessSpec } from '../descriptor';
import type { OpenedContent } from '../repository/repository';
import type { Registries } from '../repository/space';
import { isObject } from '../yaml';
import { authorizationOf, downloaded, httpOf } from './download';
import { textField } from './types';

type Method = NonNullable<HttpRequest['method']>;
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Content behind a URL (access type `wget`). Nothing is known of it before it is read, so only the descriptor's digest tells
 * whether it is the right one. Throws `ocm.invalid-access`; reading throws `ocm.download-failed`, `net.*`.
 */
export function openUrl(access: AccessSpec, registries: Registries, where: string): OpenedContent {
  const text = textField(access, 'url', 'URL') ?? '';
  const refuse = (why: string): AirlockError =>
    new AirlockError({ code: 'ocm.invalid-access', message: `the access of type wget ${why}`, where });
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw refuse('has no http(s) url');
  const method = (textField(access, 'verb') ?? 'GET').toUpperCase();
  if (!methods.includes(method)) throw refuse(`has the unknown verb ${method}`);
  const body = textField(access, 'body');
  const request: HttpRequest = {
    url: new URL(text),
    method: method as Method,
    headers: headersOf(access),
    // The reference implementation keeps the body as base64.
    ...(body === undefined ? {} : { body: Buffer.from(body, 'base64') }),
    ...(access.noRedirect === true || access.noredirect === true ? { maxRedirects: 0 } : {}),
  };
  return {
    mediaType: textField(access, 'mediaType', 'mimeType') ?? 'application/octet-stream',
    stream: async (options = {}) => {
      const authorization = await authorizationOf(registries, consumerOf(consumerType.download, new URL(text)));
      const response = await httpOf(registries).request({
        ...request,
        headers: { ...(authorization === undefined ? {} : { authorization }), ...request.headers },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      return downloaded(response, where);
    },
  };
}

function headersOf(access: AccessSpec): Record<string, string> {
  const given = isObject(access.header) ? access.header : {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name.toLowerCase(),
      (Array.isArray(value) ? value : [value]).filter(each => typeof each === 'string').join(', '),
    ]),
  );
}
