import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Certificates that openssl makes: an authority, one below it, leaves of all kinds. */
export function certificates(folder: string, key: string): Record<string, string> {
  const openssl = (...argv: readonly string[]): void =>
    void execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });
  const write = (file: string, text: string): void => writeFileSync(path.join(folder, file), text);
  write('key.pem', key);
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/O=acme/CN=authority',
    '-days',
    '10',
  );
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'other.key',
    '-out',
    'other.pem',
    '-subj',
    '/O=acme/CN=authority',
    '-days',
    '10',
  );
  const issue = (file: string, subject: string, by: string, extensions: string, days: string, own = true): void => {
    if (own) openssl('req', '-new', '-key', 'key.pem', '-out', `${file}.csr`, '-subj', subject);
    else
      openssl(
        'req',
        '-new',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${file}.key`,
        '-out',
        `${file}.csr`,
        '-subj',
        subject,
      );
    write(`${file}.ext`, extensions);
    openssl(
      'x509',
      '-req',
      '-in',
      `${file}.csr`,
      '-CA',
      `${by}.pem`,
      '-CAkey',
      `${by}.key`,
      '-CAcreateserial',
      '-out',
      `${file}.pem`,
      '-extfile',
      `${file}.ext`,
      '-days',
      days,
    );
  };
  const signing = 'extendedKeyUsage=codeSigning\nkeyUsage=digitalSignature\n';
  issue('between', '/O=acme/CN=between', 'ca', 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n', '8', false);
  issue('leaf', '/O=acme/CN=release', 'between', signing, '5');
  issue('tls', '/O=acme/CN=release', 'between', 'extendedKeyUsage=serverAuth\n', '5');
  issue('plain', '/O=acme/CN=release', 'between', 'keyUsage=digitalSignature\n', '5');
  issue('nobody', '/O=acme/CN=nobody', 'between', signing, '5', false);
  issue('below', '/O=acme/CN=release', 'nobody', signing, '5');
  issue('stranger', '/O=acme/CN=release', 'other', signing, '5');
  const names = ['ca', 'other', 'between', 'leaf', 'tls', 'plain', 'nobody', 'below', 'stranger'];
  return Object.fromEntries(names.map(each => [each, readFileSync(path.join(folder, `${each}.pem`), 'utf8')]));
}
