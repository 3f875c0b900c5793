import { expect } from 'chai';
import { credentialSettings } from '../../../cli/component/connection';
import { hasCode } from '../../../report';

describe('--cred', () => {
  const secret = 'do-not-show';

  it('reads consumers as the reference command line does', () => {
    expect(
      credentialSettings([
        ':type=OCIRegistry',
        ':hostname=one.example',
        'username=a',
        `password=${secret}=`,
        ':type=OCIRegistry',
        ':hostname=two.example',
        'username=b',
      ]).map(({ identity, credentials: [{ properties }] }) => [identity.hostname, properties]),
    ).to.deep.equal([
      ['one.example', { username: 'a', password: `${secret}=` }],
      ['two.example', { username: 'b' }],
    ]);
    expect(credentialSettings([])).to.deep.equal([]);
  });

  it('looks values up in the environment', () => {
    process.env.AIRLOCK_TEST_SECRET = secret;
    try {
      const [found] = credentialSettings([':hostname=one.example', 'password=env:AIRLOCK_TEST_SECRET']);
      expect(found?.credentials[0].properties.password).to.equal(secret);
    } finally {
      delete process.env.AIRLOCK_TEST_SECRET;
    }
  });

  for (const [why, settings] of [
    ['no identity', [`password=${secret}`]],
    ['no credentials', [':hostname=one.example']],
    ['no assignment', [':hostname=one.example', secret]],
    ['an unset variable', [':hostname=one.example', 'password=env:AIRLOCK_TEST_NOWHERE']],
  ] as const) {
    it(`refuses ${why}, and never shows a value`, () => {
      try {
        credentialSettings(settings);
        expect.fail('accepted');
      } catch (error) {
        expect(hasCode(error, 'cli.usage'), String(error)).to.equal(true);
        expect(String(error)).not.to.contain(secret);
      }
    });
  }
});
