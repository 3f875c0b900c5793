import { HttpClient } from '../../../net';
import {
  describe as described,
  digestOf,
  MediaType,
  readContent,
  Registry,
  type Descriptor,
  type RegistryRepository,
} from '../../../oci';
import { openComponentVersion, openRegistries } from '../../../ocm';
import { FaultyServer, reply, type Answer } from '../../support/faulty-server';
import { component, type BadCase } from './case';

const bytes = Buffer.from('the content of a blob');
const blob = described(MediaType.layer, bytes);
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config: blob, layers: [] }));
const manifestOf: Descriptor = described(MediaType.manifest, manifest);
const oci = { 'content-type': MediaType.manifest };

/** Something that is asked of a repository. */
type Ask = (repository: RegistryRepository) => Promise<unknown>;
const resolve: Ask = repository => repository.resolve('latest');
const readBlob: Ask = repository => readContent(repository, blob);
const readManifest: Ask = repository => readContent(repository, manifestOf);
const pushBlob: Ask = repository => repository.push(blob, bytes);
const pushManifest: Ask = repository => repository.push(manifestOf, manifest, { absent: true });
const tags: Ask = repository => repository.tags();
const referrers: Ask = repository => repository.referrers(manifestOf);

const breaking: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('half', () => response.destroy());
};
const endless: Answer = (request, response) => {
  if (request.method === 'HEAD') return void response.writeHead(200, oci).end();
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, ' ')));
    if (!response.destroyed) response.once('drain', more);
  };
  response.writeHead(200, oci);
  more();
};
const missingBlob =
  (then: Answer): Answer =>
  (request, response) =>
    request.method === 'HEAD' ? reply(404)(request, response) : then(request, response);
const challenge = (value: string): Answer => reply(401, '', { 'www-authenticate': value });
const tokenOf =
  (answer: Answer): Answer =>
  (request, response) =>
    request.path.startsWith('/token')
      ? answer(request, response)
      : challenge(`Bearer realm="http://${request.headers.host ?? ''}/token",service="x"`)(request, response);

const lies: readonly (readonly [string, Answer, Ask])[] = [
  ['answers a tag with a page', reply(200, '<html>', { 'content-type': 'text/html' }), resolve],
  ['answers a tag with an empty document', reply(200, '', oci), resolve],
  ['answers a tag with an error', reply(500, 'no'), resolve],
  ['answers a tag with a status that nobody knows', reply(299, '{', oci), readManifest],
  ['answers a tag with an endless document', endless, resolve],
  ['sends other bytes for a blob', reply(200, Buffer.alloc(bytes.length, 'x')), readBlob],
  ['sends too few bytes for a blob', reply(200, bytes.subarray(1)), readBlob],
  ['sends too many bytes for a blob', reply(200, Buffer.concat([bytes, bytes])), readBlob],
  ['breaks off each time', breaking, readBlob],
  ['sends endless bytes for a blob', endless, readBlob],
  ['sends another range', reply(206, bytes, { 'content-range': 'bytes 5-9/21' }), readBlob],
  ['sends a range without saying which', reply(206, bytes), readBlob],
  ['sends another manifest', reply(200, '{}', oci), readManifest],
  ['sends an endless manifest', endless, readManifest],
  ['sends a redirect to itself', reply(307, '', { location: '/v2/a/b/again' }), readBlob],
  ['sends a redirect to a file', reply(307, '', { location: 'file:///etc/passwd' }), readBlob],
  ['sends a redirect to nowhere', reply(307, '', { location: 'http://[' }), readBlob],
  ['refuses', reply(403, '{"errors":[{"code":"DENIED","message":"\\u001b[31mno"}]}'), readBlob],
  ['explains a refusal by nonsense', reply(403, '{"errors": "x"'), readBlob],
  ['asks for credentials in a way that nobody knows', challenge('Magic realm="x"'), readBlob],
  ['asks for credentials without saying how', reply(401), readBlob],
  ['asks for credentials at a file', challenge('Bearer realm="file:///etc/passwd"'), readBlob],
  ['asks for credentials at no address', challenge('Bearer realm="nowhere"'), readBlob],
  ['has a token service that refuses', tokenOf(reply(403)), readBlob],
  ['has a token service that says nothing', tokenOf(reply(200, '{}')), readBlob],
  ['has a token service that gives a number', tokenOf(reply(200, '{"token": 1}')), readBlob],
  ['has a token service that is a page', tokenOf(reply(200, '<html>')), readBlob],
  ['has a token service whose tokens are refused', tokenOf(reply(200, '{"token": "x"}')), readBlob],
  ['opens an upload nowhere', missingBlob(reply(202)), pushBlob],
  ['opens an upload in a file', missingBlob(reply(202, '', { location: 'file:///tmp/x' })), pushBlob],
  ['opens an upload at no address', missingBlob(reply(202, '', { location: 'http://[' })), pushBlob],
  ['opens no upload', missingBlob(reply(200)), pushBlob],
  [
    'takes an upload and does not keep it',
    missingBlob((request, response) =>
      (request.method === 'POST' ? reply(202, '', { location: '/v2/a/b/blobs/uploads/1' }) : reply(202))(
        request,
        response,
      ),
    ),
    pushBlob,
  ],
  ['finds a manifest invalid', reply(400, '{"errors":[{"code":"MANIFEST_INVALID"}]}'), pushManifest],
  ['finds a manifest too large', reply(413), pushManifest],
  ['has no space', reply(507), pushManifest],
  ['lists tags as a page', reply(200, '<html>'), tags],
  ['lists tags as text', reply(200, '{"tags": "latest"}'), tags],
  ['lists tags that are numbers', reply(200, '{"tags": [1]}'), tags],
  ['lists tags in a circle', reply(200, '{"tags": ["a"]}', { link: '</v2/a/b/tags/list?n=1000>; rel="next"' }), tags],
  ['lists tags without end', endless, tags],
  ['lists referrers as a list', reply(200, '[]', { 'content-type': MediaType.index }), referrers],
  [
    'lists referrers that lead out',
    reply(200, '{"manifests":[{"mediaType":"x","digest":"../x","size":1}]}', { 'content-type': MediaType.index }),
    referrers,
  ],
  ['refuses to list referrers', reply(403), referrers],
];

const versions: readonly (readonly [string, Answer])[] = [
  ['names another digest in a header', reply(200, manifest, { ...oci, 'docker-content-digest': digestOf('x') })],
  ['names a digest that leads out in a header', reply(200, manifest, { ...oci, 'docker-content-digest': '../../x' })],
  [
    'says another size in a header',
    (request, response) =>
      void response
        .writeHead(200, {
          ...oci,
          'docker-content-digest': manifestOf.digest,
          ...(request.method === 'HEAD' ? { 'content-length': '7' } : {}),
        })
        .end(request.method === 'HEAD' ? '' : manifest),
  ],
  ['has an image for a component version', reply(200, manifest, oci)],
];

const withServer =
  (answer: Answer, work: (server: FaultyServer, http: HttpClient) => Promise<unknown>): BadCase['run'] =>
  async () => {
    const server = await FaultyServer.start(answer);
    const http = new HttpClient({
      retry: { firstWaitMs: 1, longestWaitMs: 2, retries: 1 },
      idleTimeoutMs: 2000,
      answerTimeoutMs: 2000,
    });
    try {
      await work(server, http);
    } finally {
      await server.stop();
      await http.close();
    }
  };

export function registryCases(): readonly BadCase[] {
  return [
    ...lies.map(([what, answer, ask]) => ({
      what: `a registry that ${what}`,
      run: withServer(answer, (server, http) =>
        ask(new Registry(server.host, { credentials: { username: 'u', password: 'p' }, http }).repository('a/b')),
      ),
      code: /^(oci|net)\./,
      where: /127\.0\.0\.1/,
    })),
    ...versions.map(([what, answer]) => ({
      what: `a registry that ${what}`,
      run: withServer(answer, (server, http) =>
        openComponentVersion(`http://${server.host}//${component}:1.0.0`, {
          registries: openRegistries({ credentials: 'anonymous', http }),
        }),
      ),
      code: /^(oci|ocm)\./,
      where: /127\.0\.0\.1/,
    })),
  ];
}
