import { AirlockError } from '../report';
import { shownUrl, type HttpResponse } from '../net';
import type { Descriptor } from './content';

export function notFound(what: string, where: string): AirlockError {
  return new AirlockError({
    code: 'oci.not-found',
    message: `${what} not found`,
    remedy: 'Check the name, tag or digest; a registry may also answer so where access is missing',
    where,
  });
}

export function blobNotFound(descriptor: Descriptor, where: string): AirlockError {
  return notFound(descriptor.digest, where);
}

/** The typed form of a registry's refusal. Reads the body (bounded), so the response is used up. */
export async function registryError(response: HttpResponse, doing: string, where: string): Promise<AirlockError> {
  const said = await problemOf(response);
  const base = { where, message: `${doing} failed: status ${response.status}${said}` };
  switch (response.status) {
    case 401:
      return new AirlockError({
        ...base,
        code: 'oci.unauthorized',
        remedy: `Check the credentials for ${response.url.host} (docker login, or those in the configuration)`,
      });
    case 403:
      return new AirlockError({
        ...base,
        code: 'oci.denied',
        remedy: `The account used at ${response.url.host} lacks the right to do this`,
      });
    case 404:
      return new AirlockError({ ...base, code: 'oci.not-found', remedy: 'Check the name, tag or digest' });
    case 429:
      return new AirlockError({
        ...base,
        code: 'oci.rate-limited',
        remedy: 'Wait, or log in: registries limit anonymous pulls more',
      });
    case 413:
      return new AirlockError({
        ...base,
        code: 'oci.too-large',
        remedy: `Raise the size limit at ${response.url.host} or the proxy before it`,
      });
    case 507:
      return new AirlockError({ ...base, code: 'oci.registry-full', remedy: `Free space at ${response.url.host}` });
    default:
      return new AirlockError({
        ...base,
        code: 'oci.registry-error',
        remedy:
          response.status >= 500
            ? `Look at the log of ${response.url.host}; run again when it is well`
            : `Check that ${shownUrl(response.url)} is an OCI registry`,
      });
  }
}

/** `: CODE message` from an error body of distribution-spec ("Error Codes"), else nothing. Control characters removed. */
async function problemOf(response: HttpResponse): Promise<string> {
  try {
    const body = (await response.json(256 * 1024)) as { errors?: { code?: unknown; message?: unknown }[] };
    const first = body.errors?.[0];
    const text = [first?.code, first?.message].filter(part => typeof part === 'string' && part !== '').join(' ');
    // eslint's control-character rule asks for the property escape.
    return text === '' ? '' : `: ${text.replace(/\p{Cc}+/gu, ' ').slice(0, 300)}`;
  } catch {
    response.body.destroy();
    return '';
  }
}
