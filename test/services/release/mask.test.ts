import { expect } from 'chai';
import * as fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { releaseEventOf, signatureHolds } from '../../../services/release/event';
import { Mask } from '../../../services/release/mask';
import { runPage } from '../../../services/release/pages';
import { runId, type RunRecord } from '../../../services/release/runs';

describe('what a release log shows', () => {
  it('hides values, their lines, texts in JSON and what basic authentication makes of them', () => {
    const config = JSON.stringify({
      auths: {
        'r:5000': {
          username: 'publisher',
          password: 'from docker',
          auth: Buffer.from('publisher:in the auth').toString('base64'),
        },
      },
    });
    const mask = new Mask(['s3cret value\n', '-----BEGIN KEY-----\nMIIabcdef\nghijklmn\n-----END KEY-----\n', config]);
    const b64 = Buffer.from('s3cret value').toString('base64');
    const shown = mask.text(
      `s3cret value ${b64} ghijklmn from docker in the auth s3cret%20value publisher -----BEGIN KEY-----`,
    );
    expect(shown).to.equal('*** *** *** *** *** *** publisher -----BEGIN KEY-----');
  });

  it('never shows a secret, however the output is cut', () => {
    const secret = 'correct-horse-battery';
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(secret), fc.string(), fc.constant('\n'))),
        fc.array(fc.integer({ min: 1, max: 7 })),
        (parts, cuts) => {
          const text = Buffer.from(parts.join(''));
          let log = '';
          const lines = new Mask([secret]).lines(piece => (log += piece));
          let at = 0;
          for (let i = 0; at < text.length; i++) {
            const size = cuts.length === 0 ? 5 : (cuts[i % cuts.length] ?? 1);
            lines.push(text.subarray(at, at + size));
            at += size;
          }
          lines.end();
          expect(log).not.to.include(secret);
          const expected = text.toString('utf8').replaceAll(secret, '***');
          expect(log.replace(/\n$/, '')).to.equal(expected.replace(/\n$/, ''));
        },
      ),
    );
  });

  it('keeps a secret hidden in a line without end', () => {
    let log = '';
    const lines = new Mask(['correct-horse-battery']).lines(piece => (log += piece));
    const noise = 'x'.repeat(65_530);
    for (const piece of [noise, 'correct-ho', 'rse-battery', noise, 'y']) lines.push(Buffer.from(piece));
    lines.end();
    expect(log).to.equal(`${noise}***${noise}y\n`);
  });

  it('escapes what it shows in a browser', () => {
    const run = {
      id: 'x',
      owner: '<b>',
      repository: 'r',
      tag: '"><script>',
      releaseId: 1,
      commit: '',
      state: 'failed',
      attempts: 1,
    };
    const page = runPage(
      { ...run, receivedAt: '', reason: '<i>', tasks: [] } as unknown as RunRecord,
      '<script>alert(1)</script>',
    );
    expect(page).not.to.match(/<script|<b>[^s]|<i>/);
  });
});

describe('a release event', () => {
  const body = Buffer.from('{"action":"published"}');
  const signature = createHmac('sha256', 'key').update(body).digest('hex');

  it('is taken with the right signature only', () => {
    expect(signatureHolds(body, signature, 'key')).to.equal(true);
    expect(signatureHolds(body, signature.toUpperCase(), 'key')).to.equal(true);
    for (const wrong of [
      undefined,
      '',
      'x',
      signature.slice(2),
      `${signature}00`,
      signature.replace(/^./, c => (c === '0' ? '1' : '0')),
    ]) {
      expect(signatureHolds(body, wrong, 'key')).to.equal(false);
    }
    expect(signatureHolds(body, signature, 'other')).to.equal(false);
    expect(signatureHolds(body, createHmac('sha256', '').update(body).digest('hex'), '')).to.equal(false);
  });

  it('is read strictly', () => {
    const event = {
      action: 'published',
      release: { id: 7, tag_name: 'v1' },
      repository: { name: 'r', owner: { login: 'o' } },
    };
    expect(releaseEventOf(event)).to.deep.equal({
      action: 'published',
      owner: 'o',
      repository: 'r',
      tag: 'v1',
      releaseId: 7,
    });
    for (const wrong of [
      null,
      [],
      'x',
      {},
      { ...event, release: null },
      { ...event, repository: { name: 'r' } },
      { ...event, release: { id: '7', tag_name: 'v1' } },
    ]) {
      expect(() => releaseEventOf(wrong)).to.throw(/names no/);
    }
  });

  it('gives runs names that are safe anywhere and never the same', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.nat(), (owner, repository, tag, id) => {
        expect(runId(owner, repository, tag, id)).to.match(/^[a-z0-9-][a-z0-9.-]*$/);
      }),
    );
    expect(runId('o', 'r', 'v1', 1)).not.to.equal(runId('o', 'r', 'v1', 2));
  });
});
